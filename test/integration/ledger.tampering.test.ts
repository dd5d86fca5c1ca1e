import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { accounts, postJournal, type LedgerVerification } from '../../src/modules/ledger/index.js';
import { sealHash } from '../../src/modules/ledger/seal.js';
import { sealedBooks } from '../support/sealed-books.js';
import { startMarket, type StoryMarket } from '../support/stories.js';

vi.setConfig({ testTimeout: 120_000 });

let market: StoryMarket;
let books: ReturnType<typeof sealedBooks>;
beforeEach(async () => {
  await market?.close();
  market = await startMarket();
  books = sealedBooks(market);
});
afterAll(() => market.close());

describe('a row that was changed behind the back of the database', () => {
  const names = ({ faults }: LedgerVerification) => faults.map(({ kind, name }) => `${kind} ${name}`).toSorted();
  const anId = 'gen_random_uuid()';
  const aText = "'forged'";
  /** Of an account: they follow from its lines. */
  const totals = new Set(['debits', 'credits', 'seq']);

  it('is named, whichever column of a journal it is', async () => {
    await market.tell.assigned();
    await books.seal();
    const { id } = await market.db.read.journal.findFirstOrThrow({ orderBy: { seq: 'asc' } });
    const changes: Readonly<Record<string, string>> = {
      id: anId,
      tenant_id: anId,
      seq: 'seq + 1000',
      kind: aText,
      business_ref: aText,
      actor_id: anId,
      reverses_id: anId,
      reason: aText,
      effective_at: "effective_at - interval '1 day'",
      recorded_at: "recorded_at - interval '1 day'",
    };
    expect(Object.keys(changes).toSorted()).toEqual(await books.columnsOf('journal'));
    for (const [column, value] of Object.entries(changes)) {
      const report = await books.whenForged(`UPDATE journal SET ${column} = ${value} WHERE id = '${id}'`);
      expect([column, report.ok, names(report)]).toEqual([column, false, expect.arrayContaining([`journal ${id}`])]);
    }
    expect(await books.verify()).toMatchObject({ ok: true });
  });

  it('is named, whichever column of a line it is', async () => {
    await market.tell.assigned();
    await books.seal();
    const where = { accountSeq: { not: null } };
    const { journalId, seq } = await market.db.read.journalLine.findFirstOrThrow({ where });
    const changes: Readonly<Record<string, string>> = {
      journal_id: anId,
      seq: '9',
      account_id: anId,
      currency: "'KES'",
      side: "CASE side WHEN 'DEBIT' THEN 'CREDIT'::side ELSE 'DEBIT'::side END",
      amount: 'amount + 1',
      balance_after: 'balance_after + 1',
      account_seq: 'account_seq + 1000',
    };
    expect(Object.keys(changes).toSorted()).toEqual(await books.columnsOf('journal_line'));
    for (const [column, value] of Object.entries(changes)) {
      const line = `journal_id = '${journalId}' AND seq = ${seq}`;
      const report = await books.whenForged(`UPDATE journal_line SET ${column} = ${value} WHERE ${line}`);
      expect([column, report.ok, names(report)]).toEqual([
        column,
        false,
        expect.arrayContaining([`journal ${journalId}`]),
      ]);
    }
  });

  it('is named, whichever column of a process event it is', async () => {
    const { errand } = await market.tell.assigned();
    await books.seal();
    const changes: Readonly<Record<string, string>> = {
      errand_id: anId,
      seq: '99',
      tenant_id: anId,
      transition: aText,
      from_state: "'DISPUTED'",
      to_state: "'DISPUTED'",
      actor_id: anId,
      actor_role: aText,
      reason: aText,
      request_id: aText,
      at: "at - interval '1 day'",
      recorded_at: "recorded_at - interval '1 day'",
    };
    expect(Object.keys(changes).toSorted()).toEqual(await books.columnsOf('process_event'));
    for (const [column, value] of Object.entries(changes)) {
      const event = `errand_id = '${errand.id}' AND seq = 2`;
      const report = await books.whenForged(`UPDATE process_event SET ${column} = ${value} WHERE ${event}`);
      expect([column, report.ok, names(report)]).toEqual([
        column,
        false,
        expect.arrayContaining([`event ${errand.id}#2`]),
      ]);
    }
  });

  it('is named by its account, or by the journals on it, whichever column of an account it is', async () => {
    await market.tell.assigned();
    await books.seal();
    const { code } = accounts.wallet(market.customer.userId);
    const changes: Readonly<Record<string, string>> = {
      id: anId,
      tenant_id: anId,
      code: aText,
      currency: "'KES'",
      type: "'ASSET'",
      owner_type: aText,
      owner_id: anId,
      floored: 'false',
      created_at: "created_at - interval '1 day'",
      debits: 'debits - 1',
      credits: 'credits + 1',
      seq: 'seq + 1',
    };
    expect(Object.keys(changes).toSorted()).toEqual(await books.columnsOf('ledger_account'));
    const journals = await market.db.read.journal.findMany({ orderBy: { id: 'asc' } });
    for (const [column, value] of Object.entries(changes)) {
      const report = await books.whenForged(`UPDATE ledger_account SET ${column} = ${value} WHERE code = '${code}'`);
      const named = totals.has(column) ? [code] : journals.map(({ id }) => `journal ${id}`);
      expect([column, report.ok, [...report.health.brokenAccounts, ...names(report)]]).toEqual([
        column,
        false,
        expect.arrayContaining(named),
      ]);
    }
  });

  it('is named, whichever column of a seal it is', async () => {
    for (let count = 0; count < 3; count += 1) {
      await market.tell.assigned();
      await books.seal();
    }
    const changes: Readonly<Record<string, string>> = {
      seq: '9',
      hash: `'${'0'.repeat(64)}'`,
      prev_hash: `'${'0'.repeat(64)}'`,
      manifest: "manifest || 'journal x y'",
      after: "after - interval '1 millisecond'",
      through: "through + interval '1 millisecond'",
      sealed_at: "sealed_at - interval '1 day'",
      journals: 'journals + 1',
      events: 'events + 1',
    };
    expect(Object.keys(changes).toSorted()).toEqual(await books.columnsOf('ledger_seal'));
    for (const [column, value] of Object.entries(changes)) {
      const report = await books.whenForged(`UPDATE ledger_seal SET "${column}" = ${value} WHERE seq = 2`);
      const named = column === 'seq' ? 'seal 3' : 'seal 2';
      expect([column, report.ok, names(report)]).toEqual([column, false, expect.arrayContaining([named])]);
    }
  });

  it('is noticed when it is a seal made anew with a hash that fits: the next seal names another', async () => {
    for (let count = 0; count < 3; count += 1) {
      await market.tell.assigned();
      await books.seal();
    }
    const second = await market.db.read.ledgerSeal.findUniqueOrThrow({ where: { seq: 2 } });
    const sealedAt = new Date(0);
    const hash = sealHash({ ...second, sealedAt });
    const report = await books.whenForged(
      `UPDATE ledger_seal SET sealed_at = '${sealedAt.toISOString()}', hash = '${hash}' WHERE seq = 2`,
    );
    expect(report.faults).toEqual([{ kind: 'seal', name: '3', problem: 'it does not name the seal before it' }]);
  });

  it('is named when it was taken away, or put in with an old time', async () => {
    const { errand } = await market.tell.assigned();
    const { recordedAt, id } = await market.db.read.journal.findFirstOrThrow();
    await books.seal();
    const event = await books.whenForged(`DELETE FROM process_event WHERE errand_id = '${errand.id}' AND seq = 1`);
    expect(names(event)).toEqual([`event ${errand.id}#1`]);
    const line = await books.whenForged(`DELETE FROM journal_line WHERE journal_id = '${id}' AND seq = 1`);
    expect(names(line)).toEqual([`journal ${id}`]);
    const journal = await books.whenForged(`DELETE FROM journal WHERE id = '${id}'`);
    expect(names(journal)).toEqual([`journal ${id}`]);
    const forged = books.draft({ recordedAt });
    const put = await books.tamper(async (tx) => {
      await tx.$executeRaw`ALTER TABLE journal DISABLE TRIGGER journal_open_period`;
      await postJournal(tx, forged);
      await tx.$executeRaw`ALTER TABLE journal ENABLE ALWAYS TRIGGER journal_open_period`;
    });
    expect(names(put)).toEqual([`journal ${forged.id}`]);
  });

  it('is noticed when the last seal goes, or the row that says how far the books are closed', async () => {
    await market.tell.assigned();
    await books.seal();
    await market.tell.assigned();
    const head = await books.seal();
    expect(await books.verify(head)).toMatchObject({ ok: true });
    for (const change of ['seals = 1', `head = '${'0'.repeat(64)}'`, "closed_through = '1970-01-01'"]) {
      expect(names(await books.whenForged(`UPDATE ledger_close SET ${change}`))).toEqual(['close 1']);
    }
    expect(names(await books.whenForged('DELETE FROM ledger_close'))).toContain('close 1');
    expect(names(await books.tamper((tx) => tx.$executeRaw`DELETE FROM ledger_seal WHERE seq = 2`))).toEqual([
      'close 1',
    ]);
    await expect(books.seal()).rejects.toThrow('does not end as it was left');
    const first = await market.db.read.ledgerSeal.findFirstOrThrow();
    await books.tamper((tx) => tx.$executeRaw`UPDATE ledger_close SET seals = 1, head = ${first.hash} WHERE id = 1`);
    // Whoever takes away a seal and its trace is found out by a head that was kept elsewhere.
    expect(await books.verify()).toMatchObject({ ok: true });
    expect(names(await books.verify(head))).toEqual(['close 1']);
  });

  it('stops every booking when it is the row that says how far the books are closed', async () => {
    await books.tamper((tx) => tx.$executeRaw`DELETE FROM ledger_close`);
    await expect(market.db.write((tx) => postJournal(tx, books.draft()))).rejects.toThrow('ledger_close is gone');
  });
});
