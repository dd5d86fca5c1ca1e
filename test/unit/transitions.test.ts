import { describe, expect, it } from 'vitest';
import { isStaff, type Role, type Viewer } from '../../src/kernel/index.js';
import {
  actorKinds,
  actorOf,
  decide,
  errandStates,
  transitionNames,
  type ErrandState,
} from '../../src/modules/errands/index.js';
import {
  actor,
  customerId,
  errandIn,
  expected,
  factsFor,
  hours,
  idOf,
  now,
  outcome,
  viewer,
  viewers,
} from '../support/errand-facts.js';
import { disputeGuardCases } from '../support/guard-cases.disputes.js';
import { offerGuardCases } from '../support/guard-cases.offers.js';
import { guardCases } from '../support/guard-cases.js';
import { legalMoves } from '../support/legal-moves.js';

describe('the matrix of states, transitions and actors', () => {
  const triples = errandStates.flatMap((state) =>
    transitionNames.flatMap((name) => actorKinds.map((kind) => [name, state, kind] as const)),
  );

  it('answers each of its 2,100 triples with the next state or the typed error the table asks for', () => {
    const differing = triples.filter((triple) => outcome(...triple) !== expected(...triple));
    expect(triples.length).toBe(2100);
    expect(differing).toEqual([]);
  });

  it('allows exactly these moves', () => {
    const legal = triples.filter(([name, state, kind]) =>
      (errandStates as readonly string[]).includes(outcome(name, state, kind)),
    );
    const told = legal.map(([name, state, kind]) => `${state} ${name} ${kind} > ${outcome(name, state, kind)}`);
    expect(told).toEqual(legalMoves);
  });

  it('says the state and what it allows when it refuses', () => {
    const refuse = (state: ErrandState): unknown =>
      decide('confirm', factsFor('confirm', state), actor('customer', errandIn(state)), now);
    expect(() => refuse('OPEN')).toThrow(
      'The errand is OPEN, confirm needs DELIVERED; it allows placeOffer, acceptOffer, counterOffer, answerCounter, acceptCounter, cancelFree.',
    );
    expect(() => refuse('COMPLETED')).toThrow('it allows tipRunner.');
    expect(() => refuse('CANCELLED')).toThrow('nothing more can be done with it');
  });
});

describe('guards', () => {
  it.each([...guardCases, ...offerGuardCases, ...disputeGuardCases])(
    'answer %s from %s by %s as they are written down (case %#)',
    (name, state, kind, facts, answer) => {
      expect(outcome(name, state, kind)).toBe(expected(name, state, kind));
      expect(outcome(name, state, kind, facts)).toBe(answer);
    },
  );

  it('let an errand be published, bid on, taken and funded until the very end of its hour to start late', () => {
    const startBy = hours(-1 + 1 / 3_600_000);
    for (const [name, state, kind] of [
      ['publish', 'DRAFT', 'customer'],
      ['placeOffer', 'OPEN', 'runner'],
      ['acceptOffer', 'OPEN', 'customer'],
      ['fundFromWallet', 'AWAITING_FUNDING', 'customer'],
    ] as const) {
      const facts = { ...factsFor(name, state), errand: errandIn(state, { startBy, fundBy: hours(1 / 3_600_000) }) };
      expect(decide(name, facts, actor(kind, facts.errand), now).to).toBe(expected(name, state, kind));
    }
  });

  it('refuses whoever decided on an older version, and nobody who names the current one', () => {
    const facts = factsFor('publish', 'DRAFT');
    const publish = (expectedVersion: number) =>
      decide('publish', { ...facts, expectedVersion }, actor('customer', facts.errand), now);
    expect(() => publish(2)).toThrow(expect.objectContaining({ code: 'VERSION_CONFLICT' }));
    expect(publish(3).to).toBe('OPEN');
  });
});

describe('who acts', () => {
  it('is a customer of the errand before a runner, so nobody bids on an errand of their own', () => {
    const both = viewer(customerId, 'CUSTOMER', 'RUNNER');
    const errand = errandIn('OPEN', { runnerId: null });
    expect(actorOf(both, errand).kind).toBe('customer');
    expect(() => decide('placeOffer', { errand }, actorOf(both, errand), now)).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    );
  });

  it('is a stranger in another tenant, whatever their ids and roles, and sees nothing', () => {
    const elsewhere: Viewer = { ...viewers.customer, tenantId: idOf(6), roles: new Set<Role>(['ADMIN']) };
    expect(isStaff(elsewhere)).toBe(true);
    const errand = errandIn('OPEN');
    expect(actorOf(elsewhere, errand)).toMatchObject({ kind: 'stranger', canSee: false });
    expect(() => decide('cancelFree', { errand }, actorOf(elsewhere, errand), now)).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });
});
