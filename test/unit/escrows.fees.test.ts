import { describe, expect, it } from 'vitest';
import { cancellationSettlement, deliverySettlement, splitByWeights } from '../../src/modules/escrows/index.js';

const rates = { commissionBps: 1250, vatBps: 750, cancellationBps: 1000, freeCancelMinutes: 15 };
const fundedAt = new Date('2026-03-02T09:00:00Z');
const later = (ms: number): Date => new Date(fundedAt.getTime() + ms);
const quarterMs = 15 * 60_000;

describe('splitting by largest remainder', () => {
  it('gives the units left over to the largest remainders, the first named first among equals', () => {
    expect(splitByWeights(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n]);
    expect(splitByWeights(5n, [60n, 25n, 15n])).toEqual([3n, 1n, 1n]);
    expect(splitByWeights(0n, [1n, 2n])).toEqual([0n, 0n]);
  });

  it('refuses to split by nothing, or a negative amount', () => {
    expect(() => splitByWeights(1n, [0n, 0n])).toThrow('splits amounts');
    expect(() => splitByWeights(-1n, [1n])).toThrow('splits amounts');
  });
});

describe('a delivery', () => {
  it('pays commission and its VAT out of the service part, and what was spent out of the goods part', () => {
    const settlement = deliverySettlement(rates, { service: 1_000_000n, goods: 50_000n }, 42_000n);
    expect(settlement).toEqual({
      runner: 865_625n + 42_000n,
      commission: 125_000n,
      vat: 9_375n,
      cancellation: 0n,
      customer: 8_000n,
    });
  });

  it('refuses goods spent beyond the goods part', () => {
    expect(() => deliverySettlement(rates, { service: 1n, goods: 1n }, 2n)).toThrow('goods spent');
  });
});

describe('a cancellation', () => {
  const parts = { service: 100_003n, goods: 10_000n };

  it('is free up to the last free millisecond and costs the fee from the next', () => {
    expect(cancellationSettlement(rates, parts, fundedAt, later(quarterMs)).customer).toBe(110_003n);
    // 10 % of 110,003 is 11,000.3; RunAm's 12.5 % of 11,000 is 1,375.
    expect(cancellationSettlement(rates, parts, fundedAt, later(quarterMs + 1))).toEqual({
      runner: 9_625n,
      commission: 0n,
      vat: 0n,
      cancellation: 1_375n,
      customer: 99_003n,
    });
  });

  it('rounds the fee down for the customer and RunAm’s share down for the runner', () => {
    const { runner, cancellation, customer } = cancellationSettlement(
      rates,
      { service: 79n, goods: 0n },
      fundedAt,
      later(quarterMs + 1),
    );
    expect([runner, cancellation, customer]).toEqual([7n, 0n, 72n]);
  });
});
