import { disputeStates, type DisputeState } from '../../src/modules/disputes/index.js';
import { actorsOf, transitions, type TransitionName } from '../../src/modules/errands/index.js';
import { dispute, errandIn, factsFor, now, settled } from './errand-facts.js';
import type { GuardCase } from './guard-cases.js';

const later = new Date(now.getTime() + 1);
const frozen = { ...settled, isFrozen: true };

/** In which states of a dispute each move of it may happen, written down once more. */
const statesFor = {
  respondToDispute: ['AWAITING_RESPONSE'],
  addEvidence: ['AWAITING_RESPONSE', 'UNDER_REVIEW', 'APPEALED'],
  withdrawDispute: ['AWAITING_RESPONSE', 'UNDER_REVIEW'],
  proposeResolution: ['UNDER_REVIEW', 'APPEALED'],
  approveResolution: ['UNDER_REVIEW', 'APPEALED'],
  defaultResolution: ['AWAITING_RESPONSE', 'UNDER_REVIEW'],
  appealDispute: ['RESOLVED'],
  settleDispute: ['RESOLVED', 'APPEALED', 'FINAL'],
  refundDispute: ['RESOLVED', 'APPEALED', 'FINAL'],
} as const satisfies Partial<Record<TransitionName, readonly DisputeState[]>>;

/** What the guards of a dispute look for, and what lies just beside it. */
export const disputeGuardCases: readonly GuardCase[] = [
  ['openDispute', 'DELIVERED', 'customer', { money: frozen }, 'ILLEGAL_TRANSITION'],
  [
    'openDispute',
    'DELIVERED',
    'assignedRunner',
    { errand: errandIn('DELIVERED', { autoReleaseAt: now }) },
    'ILLEGAL_TRANSITION',
  ],
  ['openDispute', 'DELIVERED', 'customer', { money: { ...settled, service: 0n, goods: 0n } }, 'ILLEGAL_TRANSITION'],
  ['openDispute', 'IN_PROGRESS', 'customer', { disputesOpened: 3 }, 'LIMIT_EXCEEDED'],
  [
    'respondToDispute',
    'DISPUTED',
    'customer',
    { dispute: { ...dispute, state: 'UNDER_REVIEW' } },
    'ILLEGAL_TRANSITION',
  ],
  [
    'respondToDispute',
    'DISPUTED',
    'customer',
    { dispute: { ...dispute, state: 'AWAITING_RESPONSE', dueAt: now } },
    'ILLEGAL_TRANSITION',
  ],
  [
    'respondToDispute',
    'DISPUTED',
    'assignedRunner',
    { dispute: { ...dispute, state: 'AWAITING_RESPONSE', isOpener: true } },
    'FORBIDDEN',
  ],
  ['addEvidence', 'DISPUTED', 'customer', { dispute: { ...dispute, state: 'RESOLVED' } }, 'ILLEGAL_TRANSITION'],
  ['withdrawDispute', 'DISPUTED', 'customer', { dispute: { ...dispute, isOpener: false } }, 'FORBIDDEN'],
  [
    'withdrawDispute',
    'DISPUTED',
    'customer',
    { dispute: { ...dispute, isOpener: true, state: 'RESOLVED' } },
    'ILLEGAL_TRANSITION',
  ],
  [
    'withdrawDispute',
    'DISPUTED',
    'customer',
    { dispute: { ...dispute, isOpener: true, state: 'APPEALED' } },
    'ILLEGAL_TRANSITION',
  ],
  ['proposeResolution', 'DISPUTED', 'staff', { dispute: { ...dispute, isArbiter: false } }, 'FORBIDDEN'],
  [
    'proposeResolution',
    'DISPUTED',
    'staff',
    { dispute: { ...dispute, state: 'AWAITING_RESPONSE' } },
    'ILLEGAL_TRANSITION',
  ],
  ['proposeResolution', 'DISPUTED', 'staff', { dispute: { ...dispute, state: 'RESOLVED' } }, 'ILLEGAL_TRANSITION'],
  ['proposeResolution', 'DISPUTED', 'staff', { dispute: { ...dispute, dueAt: now } }, 'ILLEGAL_TRANSITION'],
  [
    'proposeResolution',
    'DISPUTED',
    'staff',
    { dispute: { ...dispute, state: 'APPEALED', hasDecided: true } },
    'FORBIDDEN',
  ],
  ['approveResolution', 'DISPUTED', 'staff', { dispute: { ...dispute, isArbiter: false } }, 'FORBIDDEN'],
  ['approveResolution', 'DISPUTED', 'staff', { dispute: { ...dispute, proposal: 'own' } }, 'FORBIDDEN'],
  ['approveResolution', 'DISPUTED', 'staff', { dispute: { ...dispute, proposal: 'none' } }, 'ILLEGAL_TRANSITION'],
  [
    'approveResolution',
    'DISPUTED',
    'staff',
    { dispute: { ...dispute, state: 'APPEALED', hasDecided: true } },
    'FORBIDDEN',
  ],
  ['defaultResolution', 'DISPUTED', 'system', { dispute: { ...dispute, dueAt: later } }, 'ILLEGAL_TRANSITION'],
  [
    'defaultResolution',
    'DISPUTED',
    'system',
    { dispute: { ...dispute, state: 'RESOLVED', dueAt: now } },
    'ILLEGAL_TRANSITION',
  ],
  ['appealDispute', 'DISPUTED', 'customer', { dispute: { ...dispute, state: 'APPEALED' } }, 'ILLEGAL_TRANSITION'],
  [
    'appealDispute',
    'DISPUTED',
    'customer',
    { dispute: { ...dispute, state: 'RESOLVED', dueAt: now } },
    'ILLEGAL_TRANSITION',
  ],
  ['settleDispute', 'DISPUTED', 'system', { dispute: { ...dispute, state: 'RESOLVED' } }, 'ILLEGAL_TRANSITION'],
  [
    'settleDispute',
    'DISPUTED',
    'system',
    { dispute: { ...dispute, state: 'UNDER_REVIEW', dueAt: now } },
    'ILLEGAL_TRANSITION',
  ],
  ['refundDispute', 'DISPUTED', 'system', { dispute: { ...dispute, state: 'APPEALED' } }, 'ILLEGAL_TRANSITION'],
  [
    'refundDispute',
    'DISPUTED',
    'system',
    { dispute: { ...dispute, state: 'WITHDRAWN', dueAt: null } },
    'ILLEGAL_TRANSITION',
  ],
  ['openDispute', 'DELIVERED', 'customer', { disputesOpened: 2 }, 'DISPUTED'],
  ['openDispute', 'IN_PROGRESS', 'assignedRunner', {}, 'DISPUTED'],
  ['respondToDispute', 'DISPUTED', 'customer', { dispute: { ...dispute, state: 'AWAITING_RESPONSE' } }, 'DISPUTED'],
  ['addEvidence', 'DISPUTED', 'customer', { dispute: { ...dispute, state: 'APPEALED' } }, 'DISPUTED'],
  ['withdrawDispute', 'DISPUTED', 'customer', { dispute: { ...dispute, isOpener: true } }, 'DELIVERED'],
  [
    'withdrawDispute',
    'DISPUTED',
    'customer',
    { dispute: { ...dispute, isOpener: true, openedFrom: 'IN_PROGRESS' } },
    'IN_PROGRESS',
  ],
  ['proposeResolution', 'DISPUTED', 'staff', { dispute: { ...dispute, hasDecided: true } }, 'DISPUTED'],
  ['proposeResolution', 'DISPUTED', 'staff', { dispute: { ...dispute, state: 'APPEALED' } }, 'DISPUTED'],
  ['approveResolution', 'DISPUTED', 'staff', {}, 'DISPUTED'],
  ['defaultResolution', 'DISPUTED', 'system', { dispute: { ...dispute, dueAt: now } }, 'DISPUTED'],
  ['appealDispute', 'DISPUTED', 'assignedRunner', { dispute: { ...dispute, state: 'RESOLVED' } }, 'DISPUTED'],
  ['settleDispute', 'DISPUTED', 'system', { dispute: { ...dispute, state: 'RESOLVED', dueAt: now } }, 'COMPLETED'],
  ['settleDispute', 'DISPUTED', 'system', { dispute: { ...dispute, state: 'FINAL', dueAt: null } }, 'COMPLETED'],
  ['refundDispute', 'DISPUTED', 'system', { dispute: { ...dispute, state: 'APPEALED', dueAt: now } }, 'CANCELLED'],
  ['openDispute', 'DELIVERED', 'customer', { errand: errandIn('DELIVERED', { autoReleaseAt: later }) }, 'DISPUTED'],
  ['openDispute', 'IN_PROGRESS', 'customer', { errand: errandIn('IN_PROGRESS', { autoReleaseAt: now }) }, 'DISPUTED'],
  ['openDispute', 'DELIVERED', 'customer', { money: undefined as never }, 'DISPUTED'],
  ['addEvidence', 'DISPUTED', 'customer', { evidenceShown: 20 }, 'LIMIT_EXCEEDED'],
  ['addEvidence', 'DISPUTED', 'customer', { evidenceShown: 19 }, 'DISPUTED'],
  ['appealDispute', 'DISPUTED', 'customer', { dispute: { ...dispute, state: 'RESOLVED', dueAt: null } }, 'DISPUTED'],
  ...inEveryState(),
];

function inEveryState(): readonly GuardCase[] {
  return (Object.keys(statesFor) as (keyof typeof statesFor)[]).flatMap((name) =>
    disputeStates.map((state): GuardCase => {
      const facts = { ...factsFor(name, 'DISPUTED').dispute!, state };
      const kind = actorsOf(transitions[name])[0]!;
      const mayMove = (statesFor[name] as readonly DisputeState[]).includes(state);
      const { to } = transitions[name];
      const reached = to === 'same' ? 'DISPUTED' : to === 'asBeforeDispute' ? facts.openedFrom : to;
      return [name, 'DISPUTED', kind, { dispute: facts }, mayMove ? reached : 'ILLEGAL_TRANSITION'];
    }),
  );
}
