import { fees, minuteMs, partsOf, type Errand, type Escrow } from './world.js';

/** Who gets what an escrow holds, in minor units. */
export interface Shares {
  readonly runner: bigint;
  readonly customer: bigint;
  readonly commission: bigint;
  readonly vat: bigint;
  readonly cancellation: bigint;
}

const none: Shares = { runner: 0n, customer: 0n, commission: 0n, vat: 0n, cancellation: 0n };

/** A delivery for which `spent` was spent of the goods part in all: who shops is paid that, the rest of goods goes back. */
export function delivered(escrow: Escrow, spent: bigint): Shares {
  const { service, goods } = partsOf(escrow);
  return paidOut(escrow, service, goods, spent - escrow.advanced);
}

/** A delivery of which nobody says what was spent: receipts do. */
export function deliveredInSilence(escrow: Escrow): Shares {
  return delivered(escrow, escrow.receipted);
}

/** The runner gets the service part less commission and its VAT, of which milestones have paid some, and `goodsSpent`. */
function paidOut({ paid }: Escrow, service: bigint, goods: bigint, goodsSpent: bigint): Shares {
  const [runner, commission, vat] = restOf(paid, service);
  return { ...none, runner: runner + goodsSpent, commission, vat, customer: goods - goodsSpent };
}

/** One step of the service part, in the proportion of what each is still to get. */
export function stepOf(escrow: Escrow, amount: bigint): Shares {
  const [runner, commission, vat] = byLargestRemainder(amount, restOf(escrow.paid, partsOf(escrow).service));
  return { ...none, runner: runner!, commission: commission!, vat: vat! };
}

/** Of all that is ever paid for the service, less what each has had; whoever had too much bears it, the largest part first. */
function restOf(paid: Escrow['paid'], rest: bigint): [runner: bigint, commission: bigint, vat: bigint] {
  const commissionWeight = BigInt(fees.commissionBps) * 10_000n;
  const vatWeight = BigInt(fees.commissionBps * fees.vatBps);
  const whole = byLargestRemainder(paid.service + rest, [
    100_000_000n - commissionWeight - vatWeight,
    commissionWeight,
    vatWeight,
  ]);
  const had = [paid.service - paid.commission - paid.vat, paid.commission, paid.vat];
  const due = whole.map((part, at) => part - had[at]!);
  for (let debtor = due.findIndex((part) => part < 0n); debtor >= 0; debtor = due.findIndex((part) => part < 0n)) {
    const largest = due.reduce((best, part, at) => (part > due[best]! ? at : best), 0);
    const moved = -due[debtor]! < due[largest]! ? -due[debtor]! : due[largest]!;
    due[largest]! -= moved;
    due[debtor]! += moved;
  }
  return [due[0]!, due[1]!, due[2]!];
}

/** Called off with a runner assigned: free at first, then for a tenth, of which the house takes its commission. */
export function calledOff(escrow: Escrow, nowMs: number): Shares {
  const { held, fundedAtMs = 0 } = escrow;
  const isFree = nowMs - fundedAtMs <= fees.freeCancelMinutes * minuteMs;
  const fee = isFree ? 0n : (held * BigInt(fees.cancellationBps)) / 10_000n;
  const cancellation = (fee * BigInt(fees.commissionBps)) / 10_000n;
  return { ...none, runner: fee - cancellation, cancellation, customer: held - fee };
}

export function givenBack({ held }: Escrow): Shares {
  return { ...none, customer: held };
}

/** Decided: the customer's part goes back whole, the rest is paid out as a delivery of that size. */
export function decided(escrow: Escrow, customerAmount: bigint): Shares {
  const { service, goods } = partsOf(escrow);
  const [ofService, ofGoods] = byLargestRemainder(service + goods - customerAmount, [service, goods]);
  return { ...paidOut(escrow, ofService!, ofGoods!, ofGoods!), customer: customerAmount };
}

/** Moves the money of a whole escrow, and closes it. */
export function payOut(
  errand: Errand,
  escrow: Escrow,
  shares: Shares,
  how: 'delivered' | 'calledOff' | 'decided',
): void {
  handOut(errand, escrow, shares);
  escrow.refunded = shares.customer;
  const isReleased = how === 'delivered' || (how === 'decided' && escrow.refunded === 0n);
  escrow.state = isReleased ? 'RELEASED' : escrow.released === 0n ? 'REFUNDED' : 'SPLIT';
}

/** Moves what leaves an escrow to who gets it. */
export function handOut({ market: { house }, customer }: Errand, escrow: Escrow, shares: Shares): void {
  escrow.runner.wallet += shares.runner;
  customer.wallet += shares.customer;
  house.commission += shares.commission;
  house.vat += shares.vat;
  house.cancellation += shares.cancellation;
  const out = shares.runner + shares.commission + shares.vat + shares.cancellation;
  escrow.released += out;
  escrow.held -= out + shares.customer;
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
