import { fees, minuteMs, type Errand, type Escrow } from './world.js';

/** Who gets what an escrow holds, in minor units. */
export interface Shares {
  readonly runner: bigint;
  readonly customer: bigint;
  readonly commission: bigint;
  readonly vat: bigint;
  readonly cancellation: bigint;
}

const none: Shares = { runner: 0n, customer: 0n, commission: 0n, vat: 0n, cancellation: 0n };

/** A delivery: the runner gets the service part less commission and its VAT, and what was spent of the goods part. */
export function delivered(service: bigint, goods: bigint, goodsSpent = goods): Shares {
  const commissionWeight = BigInt(fees.commissionBps) * 10_000n;
  const vatWeight = BigInt(fees.commissionBps * fees.vatBps);
  const [runner, commission, vat] = byLargestRemainder(service, [
    100_000_000n - commissionWeight - vatWeight,
    commissionWeight,
    vatWeight,
  ]);
  return { ...none, runner: runner! + goodsSpent, commission: commission!, vat: vat!, customer: goods - goodsSpent };
}

/** Called off with a runner assigned: free at first, then for a tenth, of which the house takes its commission. */
export function calledOff({ service, goods, fundedAtMs = 0 }: Escrow, nowMs: number): Shares {
  const gross = service + goods;
  const isFree = nowMs - fundedAtMs <= fees.freeCancelMinutes * minuteMs;
  const fee = isFree ? 0n : (gross * BigInt(fees.cancellationBps)) / 10_000n;
  const cancellation = (fee * BigInt(fees.commissionBps)) / 10_000n;
  return { ...none, runner: fee - cancellation, cancellation, customer: gross - fee };
}

export function givenBack({ service, goods }: Escrow): Shares {
  return { ...none, customer: service + goods };
}

/** Decided: the customer's part goes back whole, the rest is paid out as a delivery of that size. */
export function decided({ service, goods }: Escrow, customerAmount: bigint): Shares {
  const [ofService, ofGoods] = byLargestRemainder(service + goods - customerAmount, [service, goods]);
  return { ...delivered(ofService!, ofGoods!), customer: customerAmount };
}

/** Moves the money of a whole escrow, and closes it. */
export function payOut(
  errand: Errand,
  escrow: Escrow,
  shares: Shares,
  how: 'delivered' | 'calledOff' | 'decided',
): void {
  const { house } = errand.market;
  escrow.runner.wallet += shares.runner;
  errand.customer.wallet += shares.customer;
  house.commission += shares.commission;
  house.vat += shares.vat;
  house.cancellation += shares.cancellation;
  escrow.refunded = shares.customer;
  escrow.released = escrow.held - shares.customer;
  escrow.held = 0n;
  const isReleased = how === 'delivered' || (how === 'decided' && escrow.refunded === 0n);
  escrow.state = isReleased ? 'RELEASED' : escrow.released === 0n ? 'REFUNDED' : 'SPLIT';
}

/** Everyone gets the quotient; the units left over go to the largest remainders, the first named first. */
function byLargestRemainder(total: bigint, weights: readonly bigint[]): readonly bigint[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  const parts = weights.map((weight) => (total * weight) / whole);
  let left = total - parts.reduce((sum, part) => sum + part, 0n);
  const order = weights
    .map((weight, index) => ({ index, rest: (total * weight) % whole }))
    .toSorted((one, other) => (one.rest === other.rest ? one.index - other.index : one.rest > other.rest ? -1 : 1));
  for (const { index } of order) {
    if (left === 0n) break;
    parts[index]! += 1n;
    left -= 1n;
  }
  return parts;
}
