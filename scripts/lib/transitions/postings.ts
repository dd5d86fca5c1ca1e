import { labelOf } from '../../../src/modules/actions/index.js';
import {
  termsOf,
  transitions,
  type Errand,
  type Facts,
  type TransitionName,
  type TransitionRule,
} from '../../../src/modules/errands/index.js';
import {
  factsOf,
  partsOf,
  settleOf,
  type Escrow,
  type HeldEscrow,
  type Settle,
} from '../../../src/modules/escrows/index.js';
import { disputeSettlement } from '../../../src/modules/disputes/index.js';

const now = new Date('2026-03-02T09:00:00Z');
const earlier = new Date('2026-03-01T09:00:00Z');
const [customerId, runnerId, escrowId] = ['customer', 'runner', 'escrow'] as const;
const errand = { id: 'errand', customerId, runnerId, currency: 'NGN', goodsBudget: 20_000n } as Errand;
const money = {
  escrow: {
    id: escrowId,
    customerId,
    runnerId,
    gross: 470_000n,
    goods: 20_000n,
    serviceReleased: 0n,
    commissionReleased: 0n,
    vatReleased: 0n,
    goodsReceipted: 0n,
    goodsAdvanced: 0n,
    tips: 0n,
    funded: 470_000n,
    released: 0n,
    refunded: 0n,
    frozenByDispute: null,
    fundedAt: earlier,
  } as unknown as Escrow,
  feePlan: { commissionBps: 1250, vatBps: 750, cancellationBps: 1000, freeCancelMinutes: 15 },
} as HeldEscrow;

/** Which accounts a transition moves money between, worked out by its own postings for an errand with goods and fees. */
export function shapeOf(name: TransitionName): string {
  const { asks, mutation, timer, event, postingsDependOnInput = false } = termsOf(name);
  if (!mutation && !timer && !event) return '–';
  if (postingsDependOnInput) return 'as the caller says';
  const rule: TransitionRule = transitions[name];
  const settle = settleOf(name, errand, now) ?? settleInPart(name);
  const facts: Facts = { ...factsOf({ errand, money }, settle), ...asks };
  const looking = { viewerId: 'nobody', customerId, runnerId, escrowId };
  const flows = rule
    .postings(facts)
    .map(({ debit, credit }) => `${labelOf(debit, looking)} > ${labelOf(credit, looking)}`);
  return flows.length === 0 ? '–' : [...new Set(flows)].join('<br>');
}

/** Of a dispute: everything to the customer, or some to everybody. Of a delivery nobody looked at: with change. */
function settleInPart(name: TransitionName): Settle {
  const { service, goods } = partsOf(money.escrow);
  const customer = name === 'refundDispute' ? service + goods : 10_000n;
  return ({ feePlan }) => disputeSettlement(feePlan, partsOf(money.escrow), customer);
}
