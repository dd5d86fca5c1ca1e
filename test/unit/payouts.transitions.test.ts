import { describe, expect, it } from 'vitest';
import {
  payoutActorsOf,
  payoutStates,
  payoutTransitionNames,
  payoutTransitions,
  transitionsFor,
  type PayoutState,
} from '../../src/modules/payouts/index.js';
import type { TransferReport } from '../../src/modules/providers/index.js';
import { letThrough, lookedFor, toldOfClearing } from '../support/payout-cases.js';
import {
  expected,
  factsFor,
  money,
  outcome,
  paid,
  refusalOf,
  refused,
  told,
  triples,
} from '../support/payout-facts.js';

describe('the matrix of states, transitions and actors of a payout', () => {
  it('holds in all of its cells', () => {
    expect(triples).toHaveLength(11 * 16 * 4);
    for (const [name, state, kind] of triples) {
      expect(outcome(name, factsFor(name, state), kind), `${name} from ${state} by ${kind}`).toBe(
        expected(name, state, kind),
      );
    }
  });

  it('reaches every state, and leaves nothing that was given back or rejected', () => {
    const reached = new Set<PayoutState>(payoutTransitionNames.map((name) => payoutTransitions[name].to));
    expect([...reached].toSorted()).toEqual([...payoutStates].toSorted());
    const leaves = (state: PayoutState) =>
      payoutTransitionNames.filter((name) => (payoutTransitions[name].from as readonly unknown[]).includes(state));
    expect([leaves('REJECTED'), leaves('FAILED'), leaves('REVERSED'), leaves('PAID')]).toEqual([
      [],
      [],
      [],
      ['reverse'],
    ]);
  });

  it('moves no money on the way to and out of UNKNOWN but by what the provider says', () => {
    for (const name of [
      'lose',
      'doubt',
      'proposeSettlement',
      'requeue',
      'accept',
      'needOtp',
      'submit',
      'approve',
    ] as const)
      expect(payoutTransitions[name].postings(), name).toEqual([]);
  });
});

describe('a guard of a payout', () => {
  it.each(letThrough)('lets %s through', (_, name, state, patch) => {
    expect(refused(name, state, patch)).toBe(payoutTransitions[name].to);
  });

  it.each(lookedFor)('refuses %s', (_, name, state, patch, code) => {
    expect(outcome(name, factsFor(name, state), payoutActorsOf(payoutTransitions[name])[0]!)).toBe(
      payoutTransitions[name].to,
    );
    expect(refused(name, state, patch)).toBe(code);
  });
});

describe('an owner who asks for what has not cleared', () => {
  it('is told what can be paid out now, and the first time from which as much can be', () => {
    expect(refusalOf('request', null, { wallet: toldOfClearing.wallet })).toBe(toldOfClearing.message);
  });
});

describe('what a report does', () => {
  const reports: readonly TransferReport[] = [
    { kind: 'PENDING', providerRef: undefined },
    { kind: 'NEEDS_OTP', providerRef: undefined },
    paid,
    { kind: 'FAILED', reason: 'refused' },
    { kind: 'REVERSED', amount: money(1_000n), fee: money(10n), reason: 'sent back' },
    { kind: 'NOT_FOUND' },
    { kind: 'UNKNOWN', reason: 'time-out' },
  ];

  it('is allowed by the table in every state in which a provider is asked', () => {
    const refused: string[] = [];
    for (const state of ['SUBMITTING', 'UNKNOWN', 'PENDING', 'NEEDS_OTP', 'PAID'] as const) {
      for (const report of reports) {
        let at: PayoutState = state;
        for (const name of transitionsFor({ state }, report, true)) {
          const { from, to } = payoutTransitions[name];
          if (!(from as readonly unknown[]).includes(at))
            refused.push(`${report.kind} in ${state}: ${name} from ${at}`);
          at = to;
        }
      }
    }
    expect(refused).toEqual([]);
  });

  it('hands nothing over again of which the provider has told that it was paid, whatever it says later', () => {
    const facts = factsFor('requeue', 'UNKNOWN');
    expect(outcome('requeue', facts, 'system')).toBe('QUEUED');
    expect(outcome('requeue', { ...facts, payout: { ...facts.payout, ...told } }, 'system')).toBe('ILLEGAL_TRANSITION');
  });

  it('ends a payout only when the report is definite', () => {
    const ends: ReadonlySet<string> = new Set(['pay', 'fail', 'reverse']);
    const inDoubt = reports.filter(({ kind }) => !['PAID', 'FAILED', 'REVERSED'].includes(kind));
    const ended = payoutStates.flatMap((state) =>
      inDoubt.flatMap((report) => transitionsFor({ state }, report, true).filter((name) => ends.has(name))),
    );
    expect(ended).toEqual([]);
  });

  it('is nothing when what is over is said to have failed, been paid or got lost', () => {
    for (const state of ['FAILED', 'REJECTED', 'REVERSED'] as const)
      for (const report of reports) expect(transitionsFor({ state }, report, true)).toEqual([]);
    expect(transitionsFor({ state: 'PAID' }, { kind: 'FAILED', reason: 'now?' }, true)).toEqual([]);
    expect(transitionsFor({ state: 'PAID' }, { kind: 'NOT_FOUND' }, true)).toEqual([]);
  });
});
