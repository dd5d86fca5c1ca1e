import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tx } from '../../src/db/index.js';
import { uuidv7 } from '../../src/kernel/index.js';
import {
  accounts,
  postJournal,
  transfer,
  type JournalDraft,
  type LedgerHealth,
  type Posting,
} from '../../src/modules/ledger/index.js';
import { startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeEach(async () => {
  await market?.close();
  market = await startMarket();
});
afterAll(() => market.close());

function draft(postings: readonly Posting[], patch: Partial<JournalDraft> = {}): JournalDraft {
  const now = market.clock.now();
  return {
    id: uuidv7(),
    tenantId: market.tenantId,
    kind: 'test',
    businessRef: 'test:1',
    currency: 'NGN',
    effectiveAt: now,
    recordedAt: now,
    actorId: null,
    postings,
    ...patch,
  };
}

const post = (journal: JournalDraft) => market.db.write((tx) => postJournal(tx, journal));
const psp = accounts.pspClearing('sandbox');
const [a, b] = [accounts.wallet(uuidv7()), accounts.wallet(uuidv7())];
const fill = (amount: bigint) => post(draft(transfer(psp, a, amount)));

describe('booking a journal', () => {
  it('opens missing accounts, moves the totals of floored ones and leaves the others to their lines', async () => {
    await fill(1_000n);
    await post(draft([...transfer(a, accounts.commission(), 30n), ...transfer(a, b, 70n)]));
    const rows = await market.db.read.ledgerAccount.findMany({ orderBy: { code: 'asc' } });
    const totals = Object.fromEntries(
      rows.map(({ code, debits, credits, seq, floored }) => [code, [debits, credits, seq, floored]]),
    );
    expect(totals).toEqual({
      [a.code]: [100n, 1_000n, 3, true],
      [b.code]: [0n, 70n, 1, true],
      [psp.code]: [0n, 0n, 0, false],
      'revenue:commission': [0n, 0n, 0, false],
    });
    const balance = (account: typeof a) => market.ledger.balance(market.tenantId, 'NGN', account);
    expect([await balance(a), await balance(accounts.commission()), await balance(psp)]).toEqual([900n, 30n, 1_000n]);
    expect(await balance(accounts.vat())).toBe(0n);
  });

  it('has no effect at all when a floor would break, or when its id is booked already', async () => {
    await fill(100n);
    const before = await market.ledger.health('all');
    await expect(post(draft(transfer(a, b, 101n)))).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    const once = draft(transfer(a, b, 40n));
    await post(once);
    await expect(post(once)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(post({ ...once, postings: transfer(a, b, 1n) })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect((await market.ledger.health('all')).journals).toBe(before.journals + 1);
    expect(await market.ledger.balance(market.tenantId, 'NGN', b)).toBe(40n);
  });

  it('keeps the same code apart by currency and by tenant', async () => {
    const elsewhere = await market.addTenant('other', 'NGN');
    await fill(5n);
    await post(draft(transfer(psp, a, 6n), { currency: 'KES' }));
    await post(draft(transfer(psp, a, 7n), { tenantId: elsewhere }));
    const { ledger, tenantId } = market;
    expect(await ledger.balance(tenantId, 'NGN', a)).toBe(5n);
    expect(await ledger.balance(tenantId, 'KES', a)).toBe(6n);
    expect(await ledger.balance(elsewhere, 'NGN', a)).toBe(7n);
    expect(await ledger.health(elsewhere)).toMatchObject({ ok: true, accounts: 2, journals: 1 });
    expect((await ledger.health('all')).imbalance).toEqual([
      { currency: 'KES', minor: 0n },
      { currency: 'NGN', minor: 0n },
    ]);
  });
});

describe('ledger health', () => {
  /** Does to the books what neither the application nor the database lets anybody do. */
  async function tamper(table: string, work: (tx: Tx) => Promise<unknown>): Promise<LedgerHealth> {
    await market.db.write(async (tx) => {
      await tx.$executeRawUnsafe(`ALTER TABLE ${table} DISABLE TRIGGER ALL`);
      await work(tx);
      await tx.$executeRawUnsafe(`ALTER TABLE ${table} ENABLE TRIGGER ALL`);
    });
    return market.ledger.health(market.tenantId);
  }

  it('is good on a market that ran its course', async () => {
    const { errand } = await market.tell.delivered({ goodsBudget: { minor: 50n, currency: 'NGN' } });
    expect(await market.ledger.health(market.tenantId)).toEqual({
      ok: true,
      accounts: 4,
      journals: 2,
      imbalance: [{ currency: 'NGN', minor: 0n }],
      unbalancedJournals: [],
      negativeAccounts: [],
      brokenAccounts: [],
      escrowMismatches: [],
    });
    await market.escrows.confirm(market.customer, errand.id);
    expect((await market.ledger.health(market.tenantId)).ok).toBe(true);
  });

  it('names the journal and the account of an amount that was changed', async () => {
    await fill(1_000n);
    const journal = draft(transfer(a, b, 10n));
    await post(journal);
    const health = await tamper(
      'journal_line',
      (tx) => tx.$executeRaw`UPDATE journal_line SET amount = 11 WHERE journal_id = ${journal.id}::uuid AND seq = 1`,
    );
    expect(health).toMatchObject({
      ok: false,
      imbalance: [{ currency: 'NGN', minor: 1n }],
      unbalancedJournals: [journal.id],
      brokenAccounts: [a.code],
    });
  });

  it('names the account of a line that was taken away', async () => {
    await fill(1_000n);
    const journal = draft(transfer(a, b, 10n));
    await post(journal);
    const health = await tamper(
      'journal_line',
      (tx) => tx.$executeRaw`DELETE FROM journal_line WHERE journal_id = ${journal.id}::uuid`,
    );
    expect(health).toMatchObject({
      ok: false,
      unbalancedJournals: [journal.id],
      brokenAccounts: [a.code, b.code].toSorted(),
    });
  });

  it('names an account whose totals, running balance or numbering were changed', async () => {
    await fill(1_000n);
    const totals = await tamper(
      'ledger_account',
      (tx) => tx.$executeRaw`UPDATE ledger_account SET credits = credits + 1 WHERE code = ${a.code}`,
    );
    expect(totals).toMatchObject({ ok: false, brokenAccounts: [a.code], unbalancedJournals: [] });
    await tamper(
      'ledger_account',
      (tx) => tx.$executeRaw`UPDATE ledger_account SET credits = credits - 1 WHERE code = ${a.code}`,
    );
    const running = await tamper(
      'journal_line',
      (tx) => tx.$executeRaw`UPDATE journal_line SET balance_after = 999 WHERE balance_after = 1000`,
    );
    expect(running).toMatchObject({ ok: false, brokenAccounts: [a.code] });
    const numbers = await tamper(
      'journal_line',
      (tx) => tx.$executeRaw`UPDATE journal_line SET balance_after = 1000, account_seq = 2 WHERE balance_after = 999`,
    );
    expect(numbers).toMatchObject({ ok: false, brokenAccounts: [a.code] });
  });

  it('names a floored account below zero', async () => {
    await fill(1_000n);
    const health = await tamper('ledger_account', async (tx) => {
      await tx.$executeRaw`ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_floor`;
      await tx.$executeRaw`UPDATE ledger_account SET debits = 1001 WHERE code = ${a.code}`;
    });
    expect(health).toMatchObject({ ok: false, negativeAccounts: [a.code] });
  });

  it('names an escrow that says another amount than it holds, and a closed one that holds money', async () => {
    const { escrow } = await market.tell.assigned();
    const moreThanHeld = await tamper(
      'escrow',
      (tx) => tx.$executeRaw`UPDATE escrow SET funded = funded - 1 WHERE id = ${escrow.id}::uuid`,
    );
    expect(moreThanHeld).toMatchObject({ ok: false, escrowMismatches: [escrow.id], brokenAccounts: [] });
    const closed = await tamper(
      'escrow',
      (tx) => tx.$executeRaw`UPDATE escrow SET funded = funded + 1, state = 'VOID' WHERE id = ${escrow.id}::uuid`,
    );
    expect(closed).toMatchObject({ ok: false, escrowMismatches: [escrow.id] });
  });

  it.each(['COMPLETED', 'CANCELLED', 'EXPIRED'] as const)(
    'names a funded escrow that still holds money when its errand is %s',
    async (state) => {
      const { tell, db, ledger, tenantId } = market;
      const { errand, escrow } = await tell.assigned();
      expect((await ledger.health(tenantId)).escrowMismatches).toEqual([]);
      await db.write((tx) => tx.errand.update({ where: { id: errand.id }, data: { state } }));
      expect(await ledger.health(tenantId)).toMatchObject({ ok: false, escrowMismatches: [escrow.id] });
    },
  );
});

describe('the database itself', () => {
  it('refuses an unbalanced journal, a changed line and an overdrawn wallet, whoever writes them', async () => {
    await fill(100n);
    const line = await market.db.read.journalLine.findFirstOrThrow();
    const insert = market.db.write((tx) =>
      tx.journalLine.create({ data: { ...line, seq: 9, balanceAfter: null, accountSeq: null } }),
    );
    await expect(insert).rejects.toThrow('does not balance');
    await expect(market.db.write((tx) => tx.$executeRaw`UPDATE journal_line SET amount = 1`)).rejects.toThrow(
      'append-only',
    );
    const overdraw = market.db.write((tx) =>
      tx.ledgerAccount.updateMany({ where: { floored: true }, data: { debits: 101n } }),
    );
    await expect(overdraw).rejects.toThrow('ledger_account_floor');
  });
});
