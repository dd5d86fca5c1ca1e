import { badInput, formatMoney, type Currency } from '../../kernel/index.js';
import type { Errand, TransitionName } from '../errands/index.js';
import { partsOf } from './escrow.js';
import type { Settle } from './escrow.hold.js';
import { cancellationSettlement, deliverySettlement } from './fees.js';

/**
 * Who gets the money when a person's transition empties the escrow, called without saying anything of the money.
 * Undefined: it does not, or who gets it is no question.
 */
export function settleOf(name: TransitionName, errand: Errand, now: Date): Settle | undefined {
  if (name === 'confirm') return settleDelivery(errand, undefined);
  if (name === 'cancelAssigned') return settleCancellation(errand, now);
  return undefined;
}

/**
 * @param goodsSpent minor units; default: all of the goods budget was spent
 * @throws AppError BAD_INPUT, when it is asked who gets the money
 */
export function settleDelivery(errand: Errand, goodsSpent: bigint | null | undefined): Settle {
  return ({ escrow, feePlan }) =>
    deliverySettlement(feePlan, partsOf(escrow, errand), goodsSpentOf(errand, goodsSpent));
}

export function settleCancellation(errand: Errand, now: Date): Settle {
  return ({ escrow, feePlan }) =>
    cancellationSettlement(feePlan, partsOf(escrow, errand), escrow.fundedAt ?? escrow.createdAt, now);
}

function goodsSpentOf({ goodsBudget, currency }: Errand, spent: bigint | null | undefined): bigint {
  const goodsSpent = spent ?? goodsBudget;
  if (goodsSpent >= 0n && goodsSpent <= goodsBudget) return goodsSpent;
  const most = formatMoney({ minor: goodsBudget, currency: currency as Currency });
  throw badInput('goodsSpent', `must be from 0 to ${goodsBudget} (${most}, the goods budget), got ${goodsSpent}.`);
}
