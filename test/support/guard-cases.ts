import type { ActorKind, ErrandState, Facts, TransitionName } from '../../src/modules/errands/index.js';
import { errandIn, hours, now, pending, settled } from './errand-facts.js';

/** One move under facts that would let it through but for the patch; last the state it leads to or the code it is refused with. */
export type GuardCase = readonly [
  name: TransitionName,
  from: ErrandState,
  kind: ActorKind,
  patch: Partial<Facts>,
  outcome: string,
];

const frozen = { money: { ...settled, isFrozen: true } };
const atPickup = errandIn('ASSIGNED', { requiresPickupCode: true });
const spentCode = { refusal: { code: 'LIMIT_EXCEEDED', message: 'Guessed at too often.' }, expiresAt: null } as const;
/** Nine of just now, and before them one. */
const tenCodes = (earliest: Date): readonly Date[] => [...Array.from({ length: 9 }, () => now), earliest];
const fundings = [
  ['fundFromWallet', 'customer'],
  ['fundFromCharge', 'system'],
] as const;
/** What each guard looks for, one thing at a time, and what lies just beside it. */
export const guardCases: readonly GuardCase[] = [
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
    [{ startBy: hours(-1) }, { fundBy: now }].map((patch): GuardCase => {
      const errand = errandIn('AWAITING_FUNDING', patch);
      return [name, 'AWAITING_FUNDING', kind, { errand }, 'ILLEGAL_TRANSITION'];
    }),
  ),
  ...fundings.map(([name, kind]): GuardCase => [
    name,
    'AWAITING_FUNDING',
    kind,
    { isRunnerSuspended: true },
    'ILLEGAL_TRANSITION',
  ]),
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
  ['cancelAssigned', 'ASSIGNED', 'customer', { money: { ...settled, hasReleased: true } }, 'ILLEGAL_TRANSITION'],
  [
    'start',
    'ASSIGNED',
    'assignedRunner',
    { errand: errandIn('ASSIGNED', { requiresPickupCode: true }), hasCode: false },
    'BAD_INPUT',
  ],
  ['agreeMilestones', 'ASSIGNED', 'customer', frozen, 'ILLEGAL_TRANSITION'],
  ['releaseMilestone', 'DELIVERED', 'customer', frozen, 'ILLEGAL_TRANSITION'],
  [
    'releaseMilestone',
    'DELIVERED',
    'customer',
    { milestone: { seq: 1, isReleased: true, share: { runner: 0n, commission: 0n, vat: 0n } } },
    'ILLEGAL_TRANSITION',
  ],
  ['releaseMilestone', 'DELIVERED', 'customer', { milestone: undefined as never }, 'BAD_INPUT'],
  ['topUpEscrow', 'ASSIGNED', 'customer', frozen, 'ILLEGAL_TRANSITION'],
  ['topUpEscrow', 'ASSIGNED', 'customer', { topUp: { service: 1_000_000_000n, goods: 0n } }, 'LIMIT_EXCEEDED'],
  ['topUpEscrow', 'ASSIGNED', 'customer', { topUp: { service: 0n, goods: 1_000_000_000n } }, 'LIMIT_EXCEEDED'],
  [
    'tipRunner',
    'COMPLETED',
    'customer',
    { tip: { amount: 1n, earlier: 0n, most: 9n, completedAt: hours(-30 * 24) } },
    'ILLEGAL_TRANSITION',
  ],
  [
    'tipRunner',
    'COMPLETED',
    'customer',
    { tip: { amount: 2n, earlier: 8n, most: 9n, completedAt: hours(-1) } },
    'LIMIT_EXCEEDED',
  ],
  [
    'tipRunner',
    'COMPLETED',
    'customer',
    { tip: { amount: 1n, earlier: 8n, most: 9n, completedAt: hours(-30 * 24 + 1 / 3_600_000) } },
    'COMPLETED',
  ],
  [
    'tipRunner',
    'COMPLETED',
    'customer',
    { tip: { amount: 1n, earlier: 0n, most: 9n, completedAt: hours(-1), isRunnerGone: true } },
    'ILLEGAL_TRANSITION',
  ],
  ['addReceipts', 'IN_PROGRESS', 'assignedRunner', frozen, 'ILLEGAL_TRANSITION'],
  [
    'addReceipts',
    'IN_PROGRESS',
    'assignedRunner',
    { receipts: { amount: 2n, earlier: 8n, most: 9n, count: 2 } },
    'LIMIT_EXCEEDED',
  ],
  [
    'addReceipts',
    'IN_PROGRESS',
    'assignedRunner',
    { receipts: { amount: 1n, earlier: 0n, most: 9n, count: 51 } },
    'LIMIT_EXCEEDED',
  ],
  ['issueHandoverCode', 'IN_PROGRESS', 'customer', { handover: 'PICKUP' }, 'ILLEGAL_TRANSITION'],
  ['confirmByCode', 'DELIVERED', 'assignedRunner', frozen, 'ILLEGAL_TRANSITION'],
  ['confirmByCode', 'DELIVERED', 'assignedRunner', { hasCode: false }, 'BAD_INPUT'],
  ['publish', 'DRAFT', 'customer', { errand: errandIn('DRAFT', { budget: 1_000_000_000n }) }, 'OPEN'],
  ['placeOffer', 'OPEN', 'runner', { hasOffer: true }, 'ALREADY_EXISTS'],
  ['acceptOffer', 'OPEN', 'customer', { offer: undefined as never }, 'ILLEGAL_TRANSITION'],
  ...fundings.map(([name, kind]): GuardCase => {
    const errand = errandIn('AWAITING_FUNDING', { fundBy: null });
    return [name, 'AWAITING_FUNDING', kind, { errand }, 'ASSIGNED'];
  }),
  [
    'fundingTimeout',
    'AWAITING_FUNDING',
    'system',
    { errand: errandIn('AWAITING_FUNDING', { fundBy: null }) },
    'ILLEGAL_TRANSITION',
  ],
  ['start', 'ASSIGNED', 'assignedRunner', { errand: atPickup }, 'IN_PROGRESS'],
  ['start', 'ASSIGNED', 'assignedRunner', { errand: atPickup, code: spentCode }, 'LIMIT_EXCEEDED'],
  ['start', 'ASSIGNED', 'assignedRunner', { hasCode: false, code: spentCode }, 'IN_PROGRESS'],
  ['confirmByCode', 'DELIVERED', 'assignedRunner', { code: spentCode }, 'LIMIT_EXCEEDED'],
  ['issueHandoverCode', 'ASSIGNED', 'customer', { handover: 'PICKUP' }, 'ASSIGNED'],
  ['issueHandoverCode', 'ASSIGNED', 'customer', { codesIssued: tenCodes(hours(-1 + 1 / 3_600_000)) }, 'LIMIT_EXCEEDED'],
  ['issueHandoverCode', 'ASSIGNED', 'customer', { codesIssued: tenCodes(hours(-1)) }, 'ASSIGNED'],
  ['issueHandoverCode', 'ASSIGNED', 'customer', { codesIssued: tenCodes(now).slice(1) }, 'ASSIGNED'],
  ['topUpEscrow', 'ASSIGNED', 'customer', { topUp: { service: 999_550_000n, goods: 999_980_000n } }, 'ASSIGNED'],
  [
    'tipRunner',
    'DELIVERED',
    'customer',
    { tip: { amount: 1n, earlier: 0n, most: 1n, completedAt: null } },
    'DELIVERED',
  ],
  [
    'addReceipts',
    'IN_PROGRESS',
    'assignedRunner',
    { receipts: { amount: 1n, earlier: 0n, most: 1n, count: 50 } },
    'IN_PROGRESS',
  ],
  ['addReceipts', 'IN_PROGRESS', 'assignedRunner', { receipts: undefined as never }, 'IN_PROGRESS'],
];
