import { describe, expect, it } from 'vitest';
import { AppError, isStaff, type Role, type Viewer } from '../../src/kernel/index.js';
import {
  actorKinds,
  actorOf,
  actorsOf,
  decide,
  errandStates,
  refundOf,
  systemActor,
  transitionNames,
  transitions,
  type Actor,
  type ActorKind,
  type DisputeFacts,
  type Errand,
  type ErrandState,
  type Facts,
  type TransitionName,
} from '../../src/modules/errands/index.js';
import { legalMoves } from '../support/legal-moves.js';

const now = new Date('2026-03-02T09:00:00Z');
const hours = (count: number): Date => new Date(now.getTime() + count * 3_600_000);
const tenantId = '00000000-0000-7000-8000-0000000000aa';
const idOf = (digit: number): string => `00000000-0000-7000-8000-${String(digit).padStart(12, '0')}`;
const [customerId, runnerId, rivalId, staffId, strangerId] = [1, 2, 3, 4, 5].map(idOf) as [
  string,
  string,
  string,
  string,
  string,
];

function errandIn(state: ErrandState, patch: Partial<Errand> = {}): Errand {
  return {
    id: idOf(9),
    tenantId,
    customerId,
    runnerId,
    acceptedOfferId: idOf(8),
    title: 'Bring a parcel',
    description: 'A small box.',
    category: 'DELIVERY',
    area: 'Yaba',
    currency: 'NGN',
    budget: 500_000n,
    goodsBudget: 20_000n,
    goodsInAdvance: true,
    requiresPickupCode: false,
    requiresDropoffCode: false,
    pickupAddress: null,
    pickupLat: null,
    pickupLng: null,
    dropoffAddress: null,
    dropoffLat: null,
    dropoffLng: null,
    startBy: null,
    deliverBy: null,
    expiresAt: hours(24),
    fundBy: hours(24),
    autoReleaseAt: null,
    publishedAt: state === 'DRAFT' ? null : hours(-24),
    processVersion: 1,
    version: 3,
    createdAt: hours(-24),
    updatedAt: hours(-24),
    state,
    ...patch,
  };
}

const money = { escrowId: idOf(7), customerId, runnerId, service: 450_000n, goods: 20_000n, isFrozen: false };
const settled = { ...money, settle: () => refundOf(money) };

const dispute: DisputeFacts = {
  state: 'UNDER_REVIEW',
  openedFrom: 'DELIVERED',
  dueAt: hours(1),
  isOpener: false,
  isArbiter: true,
  hasDecided: false,
  proposal: 'another',
};
/** The dispute in a state in which the transition may happen, as seen from who may do it. */
const disputeFor: Partial<Record<TransitionName, Partial<DisputeFacts>>> = {
  respondToDispute: { state: 'AWAITING_RESPONSE' },
  withdrawDispute: { isOpener: true },
  defaultResolution: { dueAt: now },
  appealDispute: { state: 'RESOLVED' },
  settleDispute: { state: 'RESOLVED', dueAt: now },
  refundDispute: { state: 'APPEALED', dueAt: now },
};

const pending = { state: 'PENDING', expiresAt: hours(1), round: 0 } as const;
const ofCounters: ReadonlySet<string> = new Set(['answerCounter', 'acceptCounter']);

/** Facts under which nothing but state and actor can refuse a transition. */
function factsFor(name: TransitionName, state: ErrandState): Facts {
  const overdue: Partial<Record<TransitionName, Partial<Errand>>> = {
    expire: { expiresAt: hours(-1) },
    fundingTimeout: { fundBy: hours(-1) },
    autoRelease: { autoReleaseAt: hours(-1) },
    noShow: { startBy: hours(-2) },
  };
  return {
    errand: errandIn(state, overdue[name]),
    offer: { ...pending, state: ofCounters.has(name) ? 'COUNTERED' : 'PENDING' },
    proofsCount: 1,
    money: settled,
    dispute: { ...dispute, ...disputeFor[name] },
    milestone: { seq: 1, isReleased: false, share: { runner: 90n, commission: 9n, vat: 1n } },
    topUp: { service: 1n, goods: 1n },
    tip: { amount: 1n, earlier: 0n, most: 1n, completedAt: hours(-1) },
    receipts: { amount: 1n, earlier: 0n, most: 1n, count: 1 },
    handover: 'DROPOFF',
    hasCode: true,
  };
}

function viewer(userId: string, ...roles: Role[]): Viewer {
  return { kind: 'user', tenantId, userId, sessionId: userId, roles: new Set(roles) };
}

const viewers = {
  customer: viewer(customerId, 'CUSTOMER'),
  runner: viewer(rivalId, 'RUNNER'),
  assignedRunner: viewer(runnerId, 'RUNNER'),
  staff: viewer(staffId, 'SUPPORT'),
  stranger: viewer(strangerId, 'CUSTOMER'),
} as const satisfies Record<Exclude<ActorKind, 'system'>, Viewer>;

function actor(kind: ActorKind, errand: Errand): Actor {
  return kind === 'system' ? systemActor : actorOf(viewers[kind], errand);
}

function outcome(name: TransitionName, state: ErrandState, kind: ActorKind): string {
  const facts = factsFor(name, state);
  try {
    return decide(name, facts, actor(kind, facts.errand), now).to;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** What the table says, read without `decide`. */
function expected(name: TransitionName, state: ErrandState, kind: ActorKind): string {
  const rule = transitions[name];
  const actors = actorsOf(rule);
  const mayAct = actors.includes(kind) || (actors.includes('runner') && kind === 'assignedRunner');
  const isHidden = state === 'DRAFT' && !['customer', 'staff', 'system'].includes(kind);
  if (isHidden) return 'NOT_FOUND';
  if (!mayAct) return 'FORBIDDEN';
  if (!(rule.from as readonly string[]).includes(state)) return 'ILLEGAL_TRANSITION';
  if (rule.to === 'asBeforeDispute') return dispute.openedFrom;
  return rule.to === 'same' ? state : rule.to;
}

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
  const frozen = { money: { ...settled, isFrozen: true } };
  type Case = [TransitionName, ErrandState, ActorKind, Partial<Facts>, string];
  const fundings = [
    ['fundFromWallet', 'customer'],
    ['fundFromCharge', 'system'],
  ] as const;
  const cases: readonly Case[] = [
    ['publish', 'DRAFT', 'customer', { errand: errandIn('DRAFT', { expiresAt: now }) }, 'BAD_INPUT'],
    ['publish', 'DRAFT', 'customer', { errand: errandIn('DRAFT', { budget: 0n }) }, 'BAD_INPUT'],
    ['publish', 'DRAFT', 'customer', { errand: errandIn('DRAFT', { budget: 1_000_000_001n }) }, 'BAD_INPUT'],
    ['placeOffer', 'OPEN', 'runner', { errand: errandIn('OPEN', { expiresAt: now }) }, 'ILLEGAL_TRANSITION'],
    ['acceptOffer', 'OPEN', 'customer', { offer: { ...pending, state: 'WITHDRAWN' } }, 'ILLEGAL_TRANSITION'],
    ['acceptOffer', 'OPEN', 'customer', { offer: { ...pending, expiresAt: now } }, 'ILLEGAL_TRANSITION'],
    ['publish', 'DRAFT', 'customer', { errand: errandIn('DRAFT', { startBy: hours(-1) }) }, 'BAD_INPUT'],
    ['placeOffer', 'OPEN', 'runner', { errand: errandIn('OPEN', { startBy: hours(-1) }) }, 'ILLEGAL_TRANSITION'],
    ['acceptOffer', 'OPEN', 'customer', { errand: errandIn('OPEN', { startBy: hours(-1) }) }, 'ILLEGAL_TRANSITION'],
    ...fundings.flatMap(([name, kind]) =>
      [{ startBy: hours(-1) }, { fundBy: now }].map((patch): Case => {
        const errand = errandIn('AWAITING_FUNDING', patch);
        return [name, 'AWAITING_FUNDING', kind, { errand }, 'ILLEGAL_TRANSITION'];
      }),
    ),
    [
      'start',
      'ASSIGNED',
      'assignedRunner',
      { errand: errandIn('ASSIGNED', { startBy: hours(-1) }) },
      'ILLEGAL_TRANSITION',
    ],
    ['submitProof', 'IN_PROGRESS', 'assignedRunner', { proofsCount: 0 }, 'BAD_INPUT'],
    ['confirm', 'DELIVERED', 'customer', frozen, 'ILLEGAL_TRANSITION'],
    ['cancelAssigned', 'ASSIGNED', 'customer', frozen, 'ILLEGAL_TRANSITION'],
    ['noShow', 'ASSIGNED', 'system', frozen, 'ILLEGAL_TRANSITION'],
    ['noShow', 'ASSIGNED', 'system', { errand: errandIn('ASSIGNED', { startBy: hours(-0.9) }) }, 'ILLEGAL_TRANSITION'],
    ['noShow', 'ASSIGNED', 'system', { errand: errandIn('ASSIGNED') }, 'ILLEGAL_TRANSITION'],
    ['autoRelease', 'DELIVERED', 'system', frozen, 'ILLEGAL_TRANSITION'],
    [
      'autoRelease',
      'DELIVERED',
      'system',
      { errand: errandIn('DELIVERED', { autoReleaseAt: hours(1) }) },
      'ILLEGAL_TRANSITION',
    ],
    ['fundingTimeout', 'AWAITING_FUNDING', 'system', { errand: errandIn('AWAITING_FUNDING') }, 'ILLEGAL_TRANSITION'],
    ['expire', 'OPEN', 'system', { errand: errandIn('OPEN') }, 'ILLEGAL_TRANSITION'],
    ['runnerDrop', 'ASSIGNED', 'assignedRunner', frozen, 'ILLEGAL_TRANSITION'],
    ['runnerDrop', 'IN_PROGRESS', 'staff', { money: { ...settled, hasReleased: true } }, 'ILLEGAL_TRANSITION'],
  ];

  it.each(cases)('%s from %s by %s is refused by its guard (case %#)', (name, state, kind, facts, code) => {
    expect(outcome(name, state, kind)).toBe(expected(name, state, kind));
    const all = { ...factsFor(name, state), ...facts };
    expect(() => decide(name, all, actor(kind, all.errand), now)).toThrow(expect.objectContaining({ code }));
  });

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
