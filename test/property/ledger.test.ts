import { assert, array, bigInt, constantFrom, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/kernel/index.js';
import { refundOf, settlementTotal, transitions, type Facts } from '../../src/modules/errands/index.js';
import { cancellationSettlement, deliverySettlement, splitByWeights } from '../../src/modules/escrows/index.js';
import {
  accounts,
  applyPostings,
  balanceOfTotals,
  type AccountTotals,
  type BookedLine,
  type Posting,
} from '../../src/modules/ledger/index.js';

const amount = bigInt({ min: 1n, max: 1_000_000_000n });
const account = constantFrom(
  accounts.wallet('a'),
  accounts.wallet('b'),
  accounts.escrowService('e'),
  accounts.escrowGoods('e'),
  accounts.pspClearing('sandbox'),
  accounts.commission(),
);
const posting = record({ debit: account, credit: account, amount }).filter(
  ({ debit, credit }) => debit.code !== credit.code,
);
const rates = record({
  commissionBps: nat(5000),
  vatBps: nat(5000),
  cancellationBps: nat(10_000),
  freeCancelMinutes: nat(60),
});
const parts = record({ service: amount, goods: bigInt({ min: 0n, max: 1_000_000_000n }) });

describe('any sequence of journals', () => {
  it('balances, never overdraws, and numbers every floored account without gaps', () => {
    assert(
      property(array(array(posting, { minLength: 1, maxLength: 4 }), { maxLength: 30 }), (journals) => {
        const totals = new Map<string, AccountTotals>();
        const lines: BookedLine[] = [];
        for (const postings of journals) bookInto(totals, lines, postings);
        expect(lines.reduce((sum, line) => sum + (line.side === 'DEBIT' ? line.amount : -line.amount), 0n)).toBe(0n);
        for (const [code, after] of totals) expectReplays(code, after, lines);
      }),
      { numRuns: 300 },
    );
  });
});

function bookInto(totals: Map<string, AccountTotals>, lines: BookedLine[], postings: readonly Posting[]): void {
  try {
    const booking = applyPostings(totals, postings, 'NGN');
    for (const [code, after] of booking.totals) totals.set(code, after);
    lines.push(...booking.lines);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'INSUFFICIENT_FUNDS')) throw error;
  }
}

function expectReplays(code: string, after: AccountTotals, lines: readonly BookedLine[]): void {
  const own = lines.filter((line) => line.account.code === code);
  let running = 0n;
  own.forEach((line, index) => {
    running += line.side === 'CREDIT' ? line.amount : -line.amount;
    expect([line.balanceAfter, line.accountSeq]).toEqual([running, index + 1]);
    expect(running >= 0n).toBe(true);
  });
  expect(balanceOfTotals(accounts.wallet('any'), after)).toBe(running);
  expect(after.seq).toBe(own.length);
}

describe('fees', () => {
  it('hand out the service part exactly, each share within one minor unit of exact', () => {
    assert(
      property(rates, parts, nat(100), (plan, { service, goods }, spentPercent) => {
        const goodsSpent = (goods * BigInt(spentPercent)) / 100n;
        const { runner, commission, vat, customer } = deliverySettlement(plan, { service, goods }, goodsSpent);
        expect(runner + commission + vat + customer).toBe(service + goods);
        expect(customer).toBe(goods - goodsSpent);
        expectWithinOne(commission * 10_000n, service * BigInt(plan.commissionBps), 10_000n);
        expectWithinOne(vat * 100_000_000n, service * BigInt(plan.commissionBps) * BigInt(plan.vatBps), 100_000_000n);
      }),
    );
  });

  it('never take more for a cancellation than the plan says, and lose nothing', () => {
    const start = new Date(0);
    assert(
      property(rates, parts, nat(7_200_000), (plan, { service, goods }, ms) => {
        const settlement = cancellationSettlement(plan, { service, goods }, start, new Date(ms));
        expect(settlementTotal(settlement)).toBe(service + goods);
        const fee = settlement.runner + settlement.cancellation;
        expect(fee * 10_000n <= (service + goods) * BigInt(plan.cancellationBps)).toBe(true);
        const isFree = ms <= plan.freeCancelMinutes * 60_000;
        expect(isFree ? fee : 0n).toBe(0n);
      }),
    );
  });

  it('split any amount by any weights into parts that sum to it', () => {
    const weights = array(bigInt({ min: 0n, max: 10_000n }), { minLength: 1, maxLength: 6 }).filter((list) =>
      list.some((weight) => weight > 0n),
    );
    assert(
      property(bigInt({ min: 0n, max: 10n ** 18n }), weights, (total, list) => {
        const shares = splitByWeights(total, list);
        const whole = list.reduce((sum, weight) => sum + weight, 0n);
        expect(shares.reduce((sum, share) => sum + share, 0n)).toBe(total);
        shares.forEach((share, index) => expectWithinOne(share * whole, total * list[index]!, whole));
      }),
    );
  });
});

describe('funding and settling an escrow', () => {
  it('leaves both of its accounts at exactly zero, whatever the fees and however little the service part is', () => {
    assert(
      property(
        rates,
        parts,
        nat(7_200_000),
        constantFrom('confirm', 'cancelAssigned', 'noShow'),
        (plan, { service, goods }, ms, name) => {
          const base = { escrowId: 'e', customerId: 'c', runnerId: 'r', service, goods, isFrozen: false };
          const settlements = {
            confirm: () => deliverySettlement(plan, { service, goods }, goods / 3n),
            cancelAssigned: () => cancellationSettlement(plan, { service, goods }, new Date(0), new Date(ms)),
            noShow: () => refundOf(base),
          };
          const facts = { errand: { id: 'any' }, money: { ...base, settle: settlements[name] } } as unknown as Facts;
          const topUp = {
            debit: accounts.pspClearing('sandbox'),
            credit: accounts.wallet('c'),
            amount: service + goods,
          };
          const postings = [topUp, ...transitions.fundFromWallet.postings(facts), ...transitions[name].postings(facts)];
          const { totals } = applyPostings(new Map(), postings, 'NGN');
          const held = (code: string) =>
            balanceOfTotals(accounts.wallet('any'), totals.get(code) ?? { debits: 0n, credits: 0n, seq: 0 });
          const settlement = settlements[name]();
          expect([held('escrow:e:service'), held('escrow:e:goods')]).toEqual([0n, 0n]);
          expect([held('user:c:wallet'), held('user:r:wallet')]).toEqual([settlement.customer, settlement.runner]);
        },
      ),
    );
  });
});

/** `|scaled - exact| < unit`: less than one minor unit off, on a common denominator. */
function expectWithinOne(scaled: bigint, exact: bigint, unit: bigint): void {
  const off = scaled > exact ? scaled - exact : exact - scaled;
  expect(off < unit).toBe(true);
}
