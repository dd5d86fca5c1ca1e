import type { ModelEscrow } from './model.type.js';

/** What was paid of a service part in steps. */
export interface Paid {
  service: bigint;
  commission: bigint;
  vat: bigint;
}

export const [commissionBps, vatBps, cancellationBps] = [1250n, 750n, 1000n];

/** The service part in one step or two. */
export function stepsOf(service: bigint, first: bigint): readonly bigint[] {
  const part = first % service;
  return part === 0n ? [service] : [part, service - part];
}

/** Largest remainders get the units that are left over, the first named first. */
export function share(total: bigint, weights: readonly bigint[]): bigint[] {
  const sum = weights.reduce((whole, weight) => whole + weight, 0n);
  const parts = weights.map((weight) => (total * weight) / sum);
  const left = Number(total - parts.reduce((whole, part) => whole + part, 0n));
  const byRemainder = weights
    .map((_, at) => at)
    .toSorted((a, b) => Number(((total * weights[b]!) % sum) - ((total * weights[a]!) % sum)) || a - b);
  for (const at of byRemainder.slice(0, left)) parts[at]! += 1n;
  return parts;
}

/** What runner, commission and VAT still get of the service part, when some of it was paid in steps. */
export function restOf(service: bigint, paid: Paid): [bigint, bigint, bigint] {
  const weights = [100_000_000n - commissionBps * (10_000n + vatBps), commissionBps * 10_000n, commissionBps * vatBps];
  const [runner = 0n, commission = 0n, vat = 0n] = share(paid.service + service, weights);
  const rest = [runner - (paid.service - paid.commission - paid.vat), commission - paid.commission, vat - paid.vat];
  const owed = rest.reduce((sum, part) => (part < 0n ? sum - part : sum), 0n);
  const most = rest.indexOf(rest.reduce((a, b) => (b > a ? b : a)));
  const [a = 0n, b = 0n, c = 0n] = rest.map((part, at) => (part < 0n ? 0n : at === most ? part - owed : part));
  return [a, b, c];
}

export function newEscrow(service: bigint, goods: bigint): ModelEscrow {
  const nothing = { funded: 0n, released: 0n, refunded: 0n, fundedAt: 0, receipted: 0n, advanced: 0n, tips: 0n };
  const paid = { service: 0n, commission: 0n, vat: 0n };
  return {
    service,
    goods,
    goodsTotal: goods,
    ...nothing,
    paid,
    steps: [],
    disputes: { customer: 0, assignedRunner: 0 },
  };
}
