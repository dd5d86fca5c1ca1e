import { assert, bigInt, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disputeSettlement } from '../../src/modules/disputes/index.js';
import { deliverySettlement } from '../../src/modules/escrows/index.js';

const amount = bigInt({ min: 0n, max: 1_000_000_000n });
const rates = record({
  commissionBps: integer({ min: 0, max: 5_000 }),
  vatBps: integer({ min: 0, max: 10_000 }),
  cancellationBps: integer({ min: 0, max: 10_000 }),
  freeCancelMinutes: integer({ min: 0, max: 60 }),
});

describe('the settlement of a dispute', () => {
  it('gives the customer exactly what was decided, sums to what is held, and takes nothing below zero', () => {
    assert(
      property(rates, bigInt({ min: 1n, max: 1_000_000_000n }), amount, amount, (plan, service, goods, wanted) => {
        const held = service + goods;
        const customer = wanted % (held + 1n);
        const parts = disputeSettlement(plan, { service, goods }, customer);
        expect(parts.customer).toBe(customer);
        expect(parts.runner + parts.commission + parts.vat + parts.customer).toBe(held);
        for (const part of Object.values(parts) as bigint[]) expect(part >= 0n).toBe(true);
      }),
    );
  });

  it('that gives the customer nothing is that of a delivery, and one that gives everything takes no fee', () => {
    assert(
      property(rates, bigInt({ min: 1n, max: 1_000_000_000n }), amount, (plan, service, goods) => {
        const parts = { service, goods };
        expect(disputeSettlement(plan, parts, 0n)).toEqual(deliverySettlement(plan, parts, goods));
        expect(disputeSettlement(plan, parts, service + goods)).toMatchObject({ runner: 0n, commission: 0n, vat: 0n });
      }),
    );
  });
});
