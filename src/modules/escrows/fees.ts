import { basisPointsOf, invariant } from '../../kernel/index.js';
import type { FeePlan } from '../../db/index.js';
import { nothing, settlementTotal, type Settlement } from '../errands/index.js';

export type FeeRates = Pick<FeePlan, 'commissionBps' | 'vatBps' | 'cancellationBps' | 'freeCancelMinutes'>;

/** An escrow's two parts in minor units: the accepted offer, and the budget for purchases. */
export interface EscrowParts {
  readonly service: bigint;
  readonly goods: bigint;
}

const wholeBps = 10_000n;

/**
 * Who gets the money of a delivery. The service part is split between runner, commission (`commissionBps` of it) and VAT
 * (`vatBps` of the commission) by largest remainder, so each is within one minor unit of exact and nothing is lost. What
 * was spent of the goods part goes to the runner, the rest of it back to the customer.
 * @param goodsSpent minor units, 0 to the goods part
 */
export function deliverySettlement(rates: FeeRates, { service, goods }: EscrowParts, goodsSpent: bigint): Settlement {
  invariant(
    goodsSpent >= 0n && goodsSpent <= goods,
    `goods spent must be within the goods part, got ${goodsSpent} of ${goods}`,
  );
  const commissionWeight = BigInt(rates.commissionBps) * wholeBps;
  const vatWeight = BigInt(rates.commissionBps) * BigInt(rates.vatBps);
  const runnerWeight = wholeBps * wholeBps - commissionWeight - vatWeight;
  invariant(runnerWeight >= 0n, 'commission and its VAT take more than the whole service part');
  const [net = 0n, commission = 0n, vat = 0n] = splitByWeights(service, [runnerWeight, commissionWeight, vatWeight]);
  return checked(
    { ...nothing, runner: net + goodsSpent, commission, vat, customer: goods - goodsSpent },
    { service, goods },
  );
}

/**
 * Who gets the money of an errand that its customer calls off with a runner assigned. Within `freeCancelMinutes` of
 * funding everything goes back. Later the fee is `cancellationBps` of the gross, rounded down in the customer's favour;
 * RunAm keeps its commission share of the fee, rounded down in the runner's favour, and the runner gets the rest of it.
 */
export function cancellationSettlement(rates: FeeRates, parts: EscrowParts, fundedAt: Date, now: Date): Settlement {
  const gross = parts.service + parts.goods;
  const isFree = now.getTime() - fundedAt.getTime() <= rates.freeCancelMinutes * 60_000;
  const fee = isFree ? 0n : basisPointsOf(gross, rates.cancellationBps, 'down');
  const cancellation = basisPointsOf(fee, rates.commissionBps, 'down');
  return checked({ ...nothing, runner: fee - cancellation, cancellation, customer: gross - fee }, parts);
}

/**
 * Splits `total` in proportion to the weights so that the parts sum to it exactly: everyone gets the quotient, the units
 * left over go one each to the largest remainders, the first named first (Hamilton's method of apportionment).
 */
export function splitByWeights(total: bigint, weights: readonly bigint[]): readonly bigint[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  invariant(
    total >= 0n && whole > 0n && weights.every((weight) => weight >= 0n),
    'splits amounts >= 0 by weights >= 0, one of them > 0',
  );
  const shares = weights.map((weight, index) => ({
    index,
    part: (total * weight) / whole,
    remainder: (total * weight) % whole,
  }));
  const left = Number(total - shares.reduce((sum, { part }) => sum + part, 0n));
  const byRemainder = shares.toSorted((one, other) =>
    one.remainder === other.remainder ? 0 : one.remainder > other.remainder ? -1 : 1,
  );
  const lucky = new Set(byRemainder.slice(0, left).map(({ index }) => index));
  return shares.map(({ index, part }) => (lucky.has(index) ? part + 1n : part));
}

function checked(settlement: Settlement, { service, goods }: EscrowParts): Settlement {
  invariant(settlementTotal(settlement) === service + goods, 'a settlement hands out exactly what the escrow holds');
  return settlement;
}
