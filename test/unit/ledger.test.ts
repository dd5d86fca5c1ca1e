import { describe, expect, it } from 'vitest';
import { accounts, applyPostings, type AccountTotals } from '../../src/modules/ledger/index.js';

const wallet = accounts.wallet('a');
const other = accounts.wallet('b');
const held = (credits: bigint): ReadonlyMap<string, AccountTotals> =>
  new Map([[wallet.code, { debits: 0n, credits, seq: 4 }]]);

describe('the chart of accounts', () => {
  it('spells its codes as the books have them', () => {
    expect(
      [accounts.wallet('7'), accounts.escrowService('8'), accounts.escrowGoods('8')].map(({ code }) => code),
    ).toEqual(['user:7:wallet', 'escrow:8:service', 'escrow:8:goods']);
    expect([accounts.pspClearing('sandbox'), accounts.commission(), accounts.vat()].map(({ code }) => code)).toEqual([
      'psp:sandbox:clearing',
      'revenue:commission',
      'tax:vat',
    ]);
  });

  it('floors the accounts that hold money for others and those of what users owe, and only those', () => {
    const floored = Object.entries(accounts).filter(([, make]) => make('x').floored);
    const kinds = ['wallet', 'receivable', 'escrowService', 'escrowGoods', 'payoutTransit'];
    expect(floored.map(([kind]) => kind)).toEqual(kinds);
  });
});

describe('applyPostings', () => {
  it('writes two lines a posting, with running balances on floored accounts only', () => {
    const { lines, totals } = applyPostings(
      held(100n),
      [{ debit: wallet, credit: accounts.commission(), amount: 30n }],
      'NGN',
    );
    expect(lines).toEqual([
      { seq: 1, account: wallet, side: 'DEBIT', amount: 30n, balanceAfter: 70n, accountSeq: 5 },
      { seq: 2, account: accounts.commission(), side: 'CREDIT', amount: 30n, balanceAfter: null, accountSeq: null },
    ]);
    expect([...totals]).toEqual([[wallet.code, { debits: 30n, credits: 100n, seq: 5 }]]);
  });

  it('lets an account fall to exactly zero and not one unit further, saying how much is short', () => {
    const spend = (amount: bigint) => applyPostings(held(100_000n), [{ debit: wallet, credit: other, amount }], 'NGN');
    expect(spend(100_000n).totals.get(wallet.code)).toEqual({ debits: 100_000n, credits: 100_000n, seq: 5 });
    expect(() => spend(100_001n)).toThrow(
      expect.objectContaining({
        code: 'INSUFFICIENT_FUNDS',
        message: 'The wallet holds NGN 1,000.00 and NGN 1,000.01 is needed: NGN 0.01 short.',
      }),
    );
  });

  it('refuses an overdraft in between, even if a later line would cover it', () => {
    const postings = [
      { debit: wallet, credit: other, amount: 50n },
      { debit: accounts.pspClearing('sandbox'), credit: wallet, amount: 50n },
    ];
    expect(() => applyPostings(new Map(), postings, 'NGN')).toThrow(
      expect.objectContaining({ code: 'INSUFFICIENT_FUNDS' }),
    );
    expect(applyPostings(new Map(), postings.toReversed(), 'NGN').lines).toHaveLength(4);
  });

  it.each([0n, -5n])('refuses to move %s', (amount) => {
    expect(() => applyPostings(held(100n), [{ debit: wallet, credit: other, amount }], 'NGN')).toThrow(
      'moves more than nothing',
    );
  });

  it('refuses to move money from an account to itself', () => {
    expect(() => applyPostings(held(100n), [{ debit: wallet, credit: wallet, amount: 1n }], 'NGN')).toThrow(
      'two accounts',
    );
  });
});
