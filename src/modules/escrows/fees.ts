import { basisPointsOf, invariant } from '../../kernel/index.js';
import type { FeePlan } from '../../db/index.js';
import { nothing, settlementTotal, type ServiceShare, type Settlement } from '../errands/index.js';

export type FeeRates = Pick<FeePlan, 'commissionBps' | 'vatBps' | 'cancellationBps' | 'freeCancelMinutes'>;

/** What an escrow still holds of its two parts, in minor units: the accepted offer, and the budget for purchases. */
export interface EscrowParts {
  readonly service: bigint;
  readonly goods: bigint;
  /** What milestones paid out of the service part before. Default nothing. */
  readonly paid?: PaidService;
}

/** Minor units; commission and VAT are parts of the service. */
export interface PaidService {
  readonly service: bigint;
  readonly commission: bigint;
  readonly vat: bigint;
}

const wholeBps = 10_000n;

/**
 * Who gets the money of a delivery. The whole service part is split between runner, commission (`commissionBps` of it) and
 * VAT (`vatBps` of the commission) by largest remainder, so each is within one minor unit of exact and nothing is lost;
 * what milestones paid is taken off. What was spent of the goods part goes to the runner, the rest of it back to the customer.
 * @param goodsSpent minor units, 0 to what is held of the goods part
 */
export function deliverySettlement(
  rates: FeeRates,
  { service, goods, paid }: EscrowParts,
  goodsSpent: bigint,
): Settlement {
  invariant(
    goodsSpent >= 0n && goodsSpent <= goods,
    `goods spent must be within the goods part, got ${goodsSpent} of ${goods}`,
  );
  const { runner, commission, vat } = restOfService(rates, service, paid);
  return checked(
    { ...nothing, runner: runner + goodsSpent, commission, vat, customer: goods - goodsSpent },
    { service, goods },
  );
}

/**
 * Who gets a step of the service part. What is still to come is split in the proportion of what each is still to get of it,
 * by largest remainder: nobody gets more than that, so the last step pays the rest exactly, and all steps together pay what
 * one settlement of the whole would have paid, to the last minor unit.
 * @param amount minor units, above 0, up to what is held of the service part
 */
export function milestoneShare(rates: FeeRates, { service, paid }: EscrowParts, amount: bigint): ServiceShare {
  invariant(amount > 0n && amount <= service, `a milestone is within the service part, got ${amount} of ${service}`);
  const rest = restOfService(rates, service, paid);
  const [runner = 0n, commission = 0n, vat = 0n] = splitByWeights(amount, [rest.runner, rest.commission, rest.vat]);
  return { runner, commission, vat };
}

/**
 * What each gets of the rest of the service part: their part of all that is ever paid of it, less what they got. After a
 * part was paid as a piece of more than that (a dispute gave some of it back), somebody may have had a unit too many;
 * the one who gets most bears it.
 */
function restOfService(
  rates: FeeRates,
  rest: bigint,
  paid: PaidService = { service: 0n, commission: 0n, vat: 0n },
): ServiceShare {
  const commissionWeight = BigInt(rates.commissionBps) * wholeBps;
  const vatWeight = BigInt(rates.commissionBps) * BigInt(rates.vatBps);
  const runnerWeight = wholeBps * wholeBps - commissionWeight - vatWeight;
  invariant(runnerWeight >= 0n, 'commission and its VAT take more than the whole service part');
  const whole = splitByWeights(paid.service + rest, [runnerWeight, commissionWeight, vatWeight]);
  const before = [paid.service - paid.commission - paid.vat, paid.commission, paid.vat];
  const [runner = 0n, commission = 0n, vat = 0n] = withoutDebts(whole.map((part, at) => part - (before[at] ?? 0n)));
  return { runner, commission, vat };
}

/** The same sum, nobody below zero: what is missing comes out of the largest parts. */
function withoutDebts(parts: readonly bigint[]): readonly bigint[] {
  let owed = parts.reduce((sum, part) => (part < 0n ? sum - part : sum), 0n);
  const left = parts.map((part) => (part < 0n ? 0n : part));
  const byPart = [0, 1, 2].toSorted((one, other) => ((left[one] ?? 0n) > (left[other] ?? 0n) ? -1 : 1));
  for (const at of byPart) {
    const part = left[at] ?? 0n;
    const taken = owed < part ? owed : part;
    left[at] = part - taken;
    owed -= taken;
  }
  return left;
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
