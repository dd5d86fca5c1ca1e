import { AppError, type Role, type Viewer } from '../../src/kernel/index.js';
import {
  actorOf,
  decide,
  refundOf,
  systemActor,
  type Actor,
  type ActorKind,
  type DisputeFacts,
  type Errand,
  type ErrandState,
  type Facts,
  type TransitionName,
} from '../../src/modules/errands/index.js';
import { legalMoves } from './legal-moves.js';

export const now = new Date('2026-03-02T09:00:00Z');
export const hours = (count: number): Date => new Date(now.getTime() + count * 3_600_000);
export const tenantId = '00000000-0000-7000-8000-0000000000aa';
export const idOf = (digit: number): string => `00000000-0000-7000-8000-${String(digit).padStart(12, '0')}`;
export const [customerId, runnerId, rivalId, staffId, strangerId] = [1, 2, 3, 4, 5].map(idOf) as [
  string,
  string,
  string,
  string,
  string,
];

export function errandIn(state: ErrandState, patch: Partial<Errand> = {}): Errand {
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
export const settled = { ...money, settle: () => refundOf(money) };

export const dispute: DisputeFacts = {
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

export const pending = { state: 'PENDING', expiresAt: hours(1), round: 0 } as const;
export const countered = { ...pending, state: 'COUNTERED' } as const;
const ofCounters: ReadonlySet<string> = new Set(['answerCounter', 'acceptCounter']);

/** Facts under which nothing but state and actor can refuse a transition. */
export function factsFor(name: TransitionName, state: ErrandState): Facts {
  const overdue: Partial<Record<TransitionName, Partial<Errand>>> = {
    expire: { expiresAt: hours(-1) },
    fundingTimeout: { fundBy: hours(-1) },
    autoRelease: { autoReleaseAt: hours(-1) },
    noShow: { startBy: hours(-2) },
  };
  return {
    errand: errandIn(state, overdue[name]),
    offer: ofCounters.has(name) ? countered : pending,
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

export function viewer(userId: string, ...roles: Role[]): Viewer {
  return { kind: 'user', tenantId, userId, sessionId: userId, roles: new Set(roles) };
}

export const viewers = {
  customer: viewer(customerId, 'CUSTOMER'),
  runner: viewer(rivalId, 'RUNNER'),
  assignedRunner: viewer(runnerId, 'RUNNER'),
  staff: viewer(staffId, 'SUPPORT'),
  stranger: viewer(strangerId, 'CUSTOMER'),
} as const satisfies Record<Exclude<ActorKind, 'system'>, Viewer>;

export function actor(kind: ActorKind, errand: Errand): Actor {
  return kind === 'system' ? systemActor : actorOf(viewers[kind], errand);
}

/** The state that a transition leads to, or the code it is refused with. @param patch of facts under which nothing else refuses */
export function outcome(name: TransitionName, state: ErrandState, kind: ActorKind, patch: Partial<Facts> = {}): string {
  const facts = { ...factsFor(name, state), ...patch };
  try {
    return decide(name, facts, actor(kind, facts.errand), now).to;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

const written = legalMoves.map((move) => move.split(' ') as [string, string, string, '>', string]);

/** What the written moves say of a triple, read without the table: whoever has no move of this name may not make it. */
export function expected(name: TransitionName, state: ErrandState, kind: ActorKind): string {
  if (state === 'DRAFT' && !['customer', 'staff', 'system'].includes(kind)) return 'NOT_FOUND';
  const own = written.filter(([, move, actor]) => move === name && actor === kind);
  if (own.length === 0) return 'FORBIDDEN';
  return own.find(([from]) => from === state)?.[4] ?? 'ILLEGAL_TRANSITION';
}
