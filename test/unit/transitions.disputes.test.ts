import { describe, expect, it } from 'vitest';
import {
  decide,
  refundOf,
  type Actor,
  type ActorKind,
  type DisputeFacts,
  type Errand,
  type ErrandState,
  type Facts,
  type TransitionName,
} from '../../src/modules/errands/index.js';

const now = new Date('2026-03-02T09:00:00Z');
const later = new Date(now.getTime() + 1);
const [customerId, runnerId] = ['customer', 'runner'];
const money = { escrowId: 'escrow', customerId, runnerId, service: 450_000n, goods: 20_000n, isFrozen: false };
const settled = { ...money, settle: () => refundOf(money) };
const frozen: Facts['money'] = { ...settled, isFrozen: true };
const dispute: DisputeFacts = {
  state: 'UNDER_REVIEW',
  openedFrom: 'DELIVERED',
  dueAt: later,
  isOpener: false,
  isArbiter: true,
  hasDecided: false,
  proposal: 'another',
};

/** Of an errand, nothing but its state and its time to be looked at matters to a dispute. */
function errandIn(state: ErrandState, autoReleaseAt: Date | null = later): Errand {
  return { id: 'errand', version: 1, customerId, runnerId, state, autoReleaseAt } as Errand;
}

interface Move {
  readonly name: TransitionName;
  readonly kind: ActorKind;
  readonly from?: ErrandState;
  readonly facts?: Partial<Facts>;
  readonly dispute?: Partial<DisputeFacts>;
}

function move({ name, kind, from = 'DISPUTED', facts, dispute: seen }: Move): string {
  const actor: Actor = { kind, userId: null, canSee: true };
  const all = { errand: errandIn(from), money: settled, dispute: { ...dispute, ...seen }, ...facts };
  return decide(name, all, actor, now).to;
}

const refusals: readonly (Move & { readonly code: string })[] = [
  { name: 'openDispute', kind: 'customer', from: 'DELIVERED', facts: { money: frozen }, code: 'ILLEGAL_TRANSITION' },
  {
    name: 'openDispute',
    kind: 'assignedRunner',
    from: 'DELIVERED',
    facts: { errand: errandIn('DELIVERED', now) },
    code: 'ILLEGAL_TRANSITION',
  },
  {
    name: 'openDispute',
    kind: 'customer',
    from: 'DELIVERED',
    facts: { money: { ...settled, service: 0n, goods: 0n } },
    code: 'ILLEGAL_TRANSITION',
  },
  { name: 'openDispute', kind: 'customer', from: 'IN_PROGRESS', facts: { disputesOpened: 3 }, code: 'LIMIT_EXCEEDED' },
  { name: 'respondToDispute', kind: 'customer', dispute: { state: 'UNDER_REVIEW' }, code: 'ILLEGAL_TRANSITION' },
  {
    name: 'respondToDispute',
    kind: 'customer',
    dispute: { state: 'AWAITING_RESPONSE', dueAt: now },
    code: 'ILLEGAL_TRANSITION',
  },
  {
    name: 'respondToDispute',
    kind: 'assignedRunner',
    dispute: { state: 'AWAITING_RESPONSE', isOpener: true },
    code: 'FORBIDDEN',
  },
  { name: 'addEvidence', kind: 'customer', dispute: { state: 'RESOLVED' }, code: 'ILLEGAL_TRANSITION' },
  { name: 'withdrawDispute', kind: 'customer', dispute: { isOpener: false }, code: 'FORBIDDEN' },
  {
    name: 'withdrawDispute',
    kind: 'customer',
    dispute: { isOpener: true, state: 'RESOLVED' },
    code: 'ILLEGAL_TRANSITION',
  },
  {
    name: 'withdrawDispute',
    kind: 'customer',
    dispute: { isOpener: true, state: 'APPEALED' },
    code: 'ILLEGAL_TRANSITION',
  },
  { name: 'proposeResolution', kind: 'staff', dispute: { isArbiter: false }, code: 'FORBIDDEN' },
  { name: 'proposeResolution', kind: 'staff', dispute: { state: 'AWAITING_RESPONSE' }, code: 'ILLEGAL_TRANSITION' },
  { name: 'proposeResolution', kind: 'staff', dispute: { state: 'RESOLVED' }, code: 'ILLEGAL_TRANSITION' },
  { name: 'proposeResolution', kind: 'staff', dispute: { dueAt: now }, code: 'ILLEGAL_TRANSITION' },
  { name: 'proposeResolution', kind: 'staff', dispute: { state: 'APPEALED', hasDecided: true }, code: 'FORBIDDEN' },
  { name: 'approveResolution', kind: 'staff', dispute: { isArbiter: false }, code: 'FORBIDDEN' },
  { name: 'approveResolution', kind: 'staff', dispute: { proposal: 'own' }, code: 'FORBIDDEN' },
  { name: 'approveResolution', kind: 'staff', dispute: { proposal: 'none' }, code: 'ILLEGAL_TRANSITION' },
  { name: 'approveResolution', kind: 'staff', dispute: { state: 'APPEALED', hasDecided: true }, code: 'FORBIDDEN' },
  { name: 'defaultResolution', kind: 'system', dispute: { dueAt: later }, code: 'ILLEGAL_TRANSITION' },
  { name: 'defaultResolution', kind: 'system', dispute: { state: 'RESOLVED', dueAt: now }, code: 'ILLEGAL_TRANSITION' },
  { name: 'appealDispute', kind: 'customer', dispute: { state: 'APPEALED' }, code: 'ILLEGAL_TRANSITION' },
  { name: 'appealDispute', kind: 'customer', dispute: { state: 'RESOLVED', dueAt: now }, code: 'ILLEGAL_TRANSITION' },
  { name: 'settleDispute', kind: 'system', dispute: { state: 'RESOLVED' }, code: 'ILLEGAL_TRANSITION' },
  { name: 'settleDispute', kind: 'system', dispute: { state: 'UNDER_REVIEW', dueAt: now }, code: 'ILLEGAL_TRANSITION' },
  { name: 'refundDispute', kind: 'system', dispute: { state: 'APPEALED' }, code: 'ILLEGAL_TRANSITION' },
  { name: 'refundDispute', kind: 'system', dispute: { state: 'WITHDRAWN', dueAt: null }, code: 'ILLEGAL_TRANSITION' },
];

const allowed: readonly (Move & { readonly to: ErrandState })[] = [
  { name: 'openDispute', kind: 'customer', from: 'DELIVERED', facts: { disputesOpened: 2 }, to: 'DISPUTED' },
  { name: 'openDispute', kind: 'assignedRunner', from: 'IN_PROGRESS', to: 'DISPUTED' },
  { name: 'respondToDispute', kind: 'customer', dispute: { state: 'AWAITING_RESPONSE' }, to: 'DISPUTED' },
  { name: 'addEvidence', kind: 'customer', dispute: { state: 'APPEALED' }, to: 'DISPUTED' },
  { name: 'withdrawDispute', kind: 'customer', dispute: { isOpener: true }, to: 'DELIVERED' },
  {
    name: 'withdrawDispute',
    kind: 'customer',
    dispute: { isOpener: true, openedFrom: 'IN_PROGRESS' },
    to: 'IN_PROGRESS',
  },
  { name: 'proposeResolution', kind: 'staff', dispute: { hasDecided: true }, to: 'DISPUTED' },
  { name: 'proposeResolution', kind: 'staff', dispute: { state: 'APPEALED' }, to: 'DISPUTED' },
  { name: 'approveResolution', kind: 'staff', to: 'DISPUTED' },
  { name: 'defaultResolution', kind: 'system', dispute: { dueAt: now }, to: 'DISPUTED' },
  { name: 'appealDispute', kind: 'assignedRunner', dispute: { state: 'RESOLVED' }, to: 'DISPUTED' },
  { name: 'settleDispute', kind: 'system', dispute: { state: 'RESOLVED', dueAt: now }, to: 'COMPLETED' },
  { name: 'settleDispute', kind: 'system', dispute: { state: 'FINAL', dueAt: null }, to: 'COMPLETED' },
  { name: 'refundDispute', kind: 'system', dispute: { state: 'APPEALED', dueAt: now }, to: 'CANCELLED' },
];

describe('the guards of a dispute', () => {
  it.each(refusals)('refuse $name by $kind with $code (case %#)', ({ code, ...refused }) => {
    expect(() => move(refused)).toThrow(expect.objectContaining({ code }));
  });

  it.each(allowed)('let $name by $kind through (case %#)', ({ to, ...done }) => {
    expect(move(done)).toBe(to);
  });
});
