import { badInput, formatMoney, type Currency } from '../../kernel/index.js';
import type { Errand, TransitionName } from '../errands/index.js';
import { heldGoodsSpent, partsOf, silentSettlement, type Escrow } from './escrow.js';
import type { Settle } from './escrow.hold.js';
import { cancellationSettlement, deliverySettlement } from './fees.js';

/**
 * Who gets the money when a person's transition empties the escrow, called without saying anything of the money.
 * Undefined: it does not, or who gets it is no question.
 */
export function settleOf(name: TransitionName, errand: Errand, now: Date): Settle | undefined {
  if (name === 'confirm') return settleDelivery(undefined);
  if (name === 'confirmByCode') return ({ escrow, feePlan }) => silentSettlement(feePlan, escrow, errand);
  if (name === 'cancelAssigned') return settleCancellation(now);
  return undefined;
}

/**
 * @param goodsSpent minor units; default: what receipts say, and all of the goods part when there is none
 * @throws AppError BAD_INPUT, when it is asked who gets the money
 */
export function settleDelivery(goodsSpent: bigint | null | undefined): Settle {
  return ({ escrow, feePlan }) =>
    deliverySettlement(feePlan, partsOf(escrow), heldGoodsSpent(escrow, goodsSpentOf(escrow, goodsSpent)));
}

export function settleCancellation(now: Date): Settle {
  return ({ escrow, feePlan }) =>
    cancellationSettlement(feePlan, partsOf(escrow), escrow.fundedAt ?? escrow.createdAt, now);
}

/** A customer who thinks that a receipt is wrong opens a dispute; saying less than it is not enough. */
function goodsSpentOf({ goods, goodsReceipted, currency }: Escrow, spent: bigint | null | undefined): bigint {
  const goodsSpent = spent ?? (goodsReceipted > 0n ? goodsReceipted : goods);
  if (goodsSpent >= goodsReceipted && goodsSpent <= goods) return goodsSpent;
  const most = formatMoney({ minor: goods, currency: currency as Currency });
  const least = goodsReceipted > 0n ? `${goodsReceipted}, which the receipts say,` : '0';
  throw badInput('goodsSpent', `must be from ${least} to ${goods} (${most}, the goods budget), got ${goodsSpent}.`);
}
