import type { Settlement } from '../errands/index.js';
import { deliverySettlement, splitByWeights, type EscrowParts, type FeeRates } from '../escrows/index.js';
import type { Dispute, DisputeOutcome } from './dispute.js';

/** Who gets what an escrow holds: the customer's part in minor units, and what that makes of the outcome. */
export interface Verdict {
  readonly outcome: DisputeOutcome;
  /** 0 to what is held; the rest is the runner's part, out of which the fees are taken. */
  readonly customerAmount: bigint;
}

/** The published rules for what nobody decides in time. */
export type PublishedRule = 'NO_RESPONSE' | 'NO_DECISION';

/**
 * Who gets the money of a decided dispute. The customer's part goes back whole. The rest is service and goods in the
 * proportion in which the escrow holds them, by largest remainder, and is paid out as a delivery is: goods whole, service
 * less commission and VAT. So everybody's parts sum to what is held, exactly.
 */
export function disputeSettlement(rates: FeeRates, parts: EscrowParts, customerAmount: bigint): Settlement {
  const runnerPart = parts.service + parts.goods - customerAmount;
  const [service = 0n, goods = 0n] = splitByWeights(runnerPart, [parts.service, parts.goods]);
  return { ...deliverySettlement(rates, { ...parts, service, goods }, goods), customer: customerAmount };
}

export function verdictOf(customerAmount: bigint, held: bigint): Verdict {
  if (customerAmount === 0n) return { outcome: 'RELEASE', customerAmount };
  return { outcome: customerAmount === held ? 'REFUND' : 'SPLIT', customerAmount };
}

/**
 * The published rules. NO_RESPONSE: who opened the dispute gets what they claim. NO_DECISION: as if nobody had disputed;
 * with proof of delivery the runner is paid and the goods money without receipts goes back, without proof the customer gets
 * everything back.
 */
export function ruleVerdict(
  rule: PublishedRule,
  { openedByCustomer, claimAmount, openedFrom }: Dispute,
  held: bigint,
  unspentGoods: bigint,
): Verdict {
  if (rule === 'NO_DECISION') return verdictOf(openedFrom === 'DELIVERED' ? unspentGoods : held, held);
  const claim = claimAmount < held ? claimAmount : held;
  return verdictOf(openedByCustomer ? claim : held - claim, held);
}

export const ruleReasons = {
  NO_RESPONSE: 'The other party did not respond in time: who opened the dispute gets what they claim.',
  NO_DECISION: 'Nobody decided in time: the runner is paid when there is proof of delivery, else the customer is.',
} as const satisfies Record<PublishedRule, string>;
