import { Client } from 'pg';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb, type Tx } from '../../src/db/index.js';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import {
  accounts,
  createSealer,
  postJournal,
  transfer,
  verifyLedger,
  type JournalDraft,
  type LedgerVerification,
  type Sealer,
} from '../../src/modules/ledger/index.js';
import { startMarket, type StoryMarket } from '../support/stories.js';

const lagMs = 1000;
let market: StoryMarket;
let sealer: Sealer;
beforeEach(async () => {
  await market?.close();
  market = await startMarket();
  sealer = createSealer({ db: market.db, clock: market.clock, lagMs });
});
afterAll(() => market.close());

const verify = (knownHead?: string) => verifyLedger(market.db.read, knownHead === undefined ? {} : { knownHead });

/** Lets so much time pass that everything booked so far is sealed by the round. */
async function seal(): Promise<string> {
  market.clock.forward(2 * lagMs);
  const { head } = await sealer.round();
  return head!;
}

function draft(patch: Partial<JournalDraft> = {}): JournalDraft {
  const now = market.clock.now();
  const postings = transfer(accounts.pspClearing('sandbox'), accounts.wallet(market.customer.userId), 100n);
  const times = { effectiveAt: now, recordedAt: now };
  const names = { id: uuidv7(), tenantId: market.tenantId, kind: 'test', businessRef: 'test:1', actorId: null };
  return { ...names, currency: 'NGN', ...times, postings, ...patch };
}

class RolledBack extends Error {}

/** Does to the books what neither the application nor the database lets anybody do. */
async function tamper(work: (tx: Tx) => Promise<unknown>): Promise<LedgerVerification> {
  await market.db.write(async (tx) => {
    await tx.$executeRaw`SET LOCAL session_replication_role = replica`;
    await work(tx);
  });
  return verify();
}

/** What is found when `sql` has been done to the books; they are then as before. */
async function whenForged(sql: string): Promise<LedgerVerification> {
  let found: LedgerVerification | undefined;
  const forging = market.db.write(async (tx) => {
    await tx.$executeRaw`SET LOCAL session_replication_role = replica`;
    expect(await tx.$executeRawUnsafe(sql), sql).toBeGreaterThan(0);
    found = await verifyLedger(tx);
    throw new RolledBack();
  });
  await expect(forging).rejects.toBeInstanceOf(RolledBack);
  return found!;
}

async function columnsOf(table: string): Promise<readonly string[]> {
  const rows = await market.db.read.$queryRaw<{ name: string }[]>`
    SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = ${table} ORDER BY column_name`;
  return rows.map(({ name }) => name);
}

describe('sealing', () => {
  it('links everything that was recorded into one chain, and finds it whole', async () => {
    const { tell, escrows, customer, db } = market;
    const { errand } = await tell.delivered();
    const first = await seal();
    await escrows.confirm(customer, errand.id);
    const second = await seal();
    const report = await verify();
    expect(report).toMatchObject({ ok: true, faults: [], unsealed: { journals: 0, events: 0 } });
    expect(report.chain).toMatchObject({
      seals: 2,
      head: second,
      journals: await db.read.journal.count(),
      events: await db.read.processEvent.count(),
    });
    const seals = await db.read.ledgerSeal.findMany({ orderBy: { seq: 'asc' } });
    expect(seals.map(({ hash, prevHash }) => [hash, prevHash])).toEqual([
      [first, null],
      [second, first],
    ]);
  });

  it('says what waits to be sealed, and seals nothing twice', async () => {
    await market.tell.assigned();
    expect(await verify()).toMatchObject({ ok: true, chain: { seals: 0, head: null }, unsealed: { journals: 2 } });
    await seal();
    expect(await sealer.round()).toMatchObject({ seals: 0, closing: 'idle' });
    market.clock.forward(60_000);
    expect(await sealer.round()).toMatchObject({ seals: 0, closing: 'closed' });
    expect(await verify()).toMatchObject({ ok: true, chain: { seals: 1 }, unsealed: { journals: 0, events: 0 } });
  });

  it('cuts a long past into several seals', async () => {
    await market.db.write(async (tx) => {
      for (let index = 0; index < 60; index += 1) {
        await postJournal(tx, draft({ recordedAt: new Date(market.clock.now().getTime() + index) }));
      }
    });
    market.clock.forward(2 * lagMs + 60);
    const small = createSealer({ db: market.db, clock: market.clock, lagMs, sealRowsMax: 25 });
    expect(await small.round()).toMatchObject({ seals: 3 });
    expect(await verify()).toMatchObject({ ok: true, chain: { seals: 3, journals: 60 } });
  });

  it('makes one chain when ten processes seal at once beside those who book', async () => {
    const dbs = Array.from({ length: 10 }, () =>
      createDb({ url: market.database.url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 30_000 }),
    );
    const sealers = dbs.map((db) => createSealer({ db, clock: market.clock, lagMs: 1 }));
    const booking = (async () => {
      for (let round = 0; round < 40; round += 1) {
        await market.db.write((tx) => postJournal(tx, draft()));
        market.clock.forward(5);
      }
    })();
    let isBooking = true;
    const sealing = sealers.map(async (one) => {
      while (isBooking) await one.round();
    });
    await booking.finally(() => (isBooking = false));
    await Promise.all(sealing);
    await seal();
    await Promise.all(dbs.map((db) => db.close()));
    const report = await verify();
    expect(report).toMatchObject({ ok: true, chain: { journals: 40 }, unsealed: { journals: 0 } });
    expect(report.chain.seals).toBeGreaterThan(1);
  });
});

describe('a closed period', () => {
  it('takes nothing more: what comes late is recorded behind it, and sealed with what comes after', async () => {
    const before = market.clock.now();
    await market.db.write((tx) => postJournal(tx, draft()));
    await seal();
    const closed = (await market.db.read.ledgerClose.findUniqueOrThrow({ where: { id: 1 } })).closedThrough;
    const late = draft({ recordedAt: before, effectiveAt: before });
    await market.db.write((tx) => postJournal(tx, late));
    const row = await market.db.read.journal.findUniqueOrThrow({ where: { id: late.id } });
    expect(row.recordedAt).toEqual(new Date(closed.getTime() + 1));
    expect(row.effectiveAt).toEqual(before);
    await seal();
    expect(await verify()).toMatchObject({ ok: true, chain: { seals: 2, journals: 2 } });
  });

  it('is closed only when a transaction that began before the announcement has ended, however long it takes', async () => {
    const stalled = new Client({ connectionString: market.database.url });
    await stalled.connect();
    try {
      await stalled.query('BEGIN');
      const { id, recordedAt, tenantId } = draft();
      const insert = `INSERT INTO journal (id, tenant_id, kind, business_ref, effective_at, recorded_at)
        VALUES ($1, $2, 'test', 'test:1', $3, $3)`;
      await stalled.query(insert, [id, tenantId, recordedAt]);
      market.clock.forward(2 * lagMs);
      expect(await sealer.round()).toEqual({ seals: 0, head: undefined, closing: 'waiting' });
      market.clock.forward(86_400_000);
      expect(await sealer.round()).toEqual({ seals: 0, head: undefined, closing: 'waiting' });
      await stalled.query('COMMIT');
      expect(await sealer.round()).toMatchObject({ seals: 1, closing: 'closed' });
      const row = await market.db.read.journal.findUniqueOrThrow({ where: { id } });
      expect(row.recordedAt).toEqual(recordedAt);
      expect((await verify()).chain).toMatchObject({ journals: 1 });
    } finally {
      await stalled.end();
    }
  });

  it('stays as it is when the clock goes back, and when the database moves to a younger cluster', async () => {
    await market.db.write((tx) => postJournal(tx, draft()));
    await seal();
    market.clock.forward(-86_400_000);
    await market.db.write((tx) => postJournal(tx, draft()));
    expect(await sealer.round()).toMatchObject({ closing: 'idle' });
    market.clock.forward(86_400_000 + lagMs);
    await market.db.write((tx) =>
      tx.ledgerClose.update({
        where: { id: 1 },
        data: { announcedThrough: market.clock.now(), horizon: 2n ** 40n },
      }),
    );
    expect(await sealer.round()).toMatchObject({ seals: 1 });
    expect(await verify()).toMatchObject({ ok: true, chain: { journals: 2 } });
  });

  it('cannot be written to from an older snapshot', async () => {
    const reader = new Client({ connectionString: market.database.url });
    await reader.connect();
    try {
      await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      const insert = `INSERT INTO journal (id, tenant_id, kind, business_ref, effective_at, recorded_at)
        VALUES ($1, $2, 'test', 'test:1', $3, $3)`;
      await expect(reader.query(insert, [uuidv7(), market.tenantId, market.clock.now()])).rejects.toThrow(
        'READ COMMITTED only',
      );
    } finally {
      await reader.end();
    }
  });
});

describe('a row that was changed behind the back of the database', () => {
  const names = ({ faults }: LedgerVerification) => faults.map(({ kind, name }) => `${kind} ${name}`).toSorted();
  const anId = 'gen_random_uuid()';
  const aText = "'forged'";

  it('is named, whichever column of a journal it is', async () => {
    await market.tell.assigned();
    await seal();
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
    expect(Object.keys(changes).toSorted()).toEqual(await columnsOf('journal'));
    for (const [column, value] of Object.entries(changes)) {
      const report = await whenForged(`UPDATE journal SET ${column} = ${value} WHERE id = '${id}'`);
      expect([column, report.ok, names(report)]).toEqual([column, false, expect.arrayContaining([`journal ${id}`])]);
    }
    expect(await verify()).toMatchObject({ ok: true });
  });

  it('is named, whichever column of a line it is', async () => {
    await market.tell.assigned();
    await seal();
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
    expect(Object.keys(changes).toSorted()).toEqual(await columnsOf('journal_line'));
    for (const [column, value] of Object.entries(changes)) {
      const line = `journal_id = '${journalId}' AND seq = ${seq}`;
      const report = await whenForged(`UPDATE journal_line SET ${column} = ${value} WHERE ${line}`);
      expect([column, report.ok, names(report)]).toEqual([
        column,
        false,
        expect.arrayContaining([`journal ${journalId}`]),
      ]);
    }
  });

  it('is named, whichever column of a process event it is', async () => {
    const { errand } = await market.tell.assigned();
    await seal();
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
    expect(Object.keys(changes).toSorted()).toEqual(await columnsOf('process_event'));
    for (const [column, value] of Object.entries(changes)) {
      const event = `errand_id = '${errand.id}' AND seq = 2`;
      const report = await whenForged(`UPDATE process_event SET ${column} = ${value} WHERE ${event}`);
      expect([column, report.ok, names(report)]).toEqual([
        column,
        false,
        expect.arrayContaining([`event ${errand.id}#2`]),
      ]);
    }
  });

  it('is named by its account, or by the journals on it, whichever column of an account it is', async () => {
    await market.tell.assigned();
    await seal();
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
    expect(Object.keys(changes).toSorted()).toEqual(await columnsOf('ledger_account'));
    const journals = await market.db.read.journal.findMany({ orderBy: { id: 'asc' } });
    for (const [column, value] of Object.entries(changes)) {
      const report = await whenForged(`UPDATE ledger_account SET ${column} = ${value} WHERE code = '${code}'`);
      const isTotal = ['debits', 'credits', 'seq'].includes(column);
      expect([column, report.ok]).toEqual([column, false]);
      if (isTotal) expect(report.health.brokenAccounts).toEqual([code]);
      else
        expect([column, names(report)]).toEqual([
          column,
          expect.arrayContaining(journals.map(({ id }) => `journal ${id}`)),
        ]);
    }
  });

  it('is named, whichever column of a seal it is', async () => {
    for (let count = 0; count < 3; count += 1) {
      await market.tell.assigned();
      await seal();
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
    expect(Object.keys(changes).toSorted()).toEqual(await columnsOf('ledger_seal'));
    for (const [column, value] of Object.entries(changes)) {
      const report = await whenForged(`UPDATE ledger_seal SET "${column}" = ${value} WHERE seq = 2`);
      const named = column === 'seq' ? 'seal 3' : 'seal 2';
      expect([column, report.ok, names(report)]).toEqual([column, false, expect.arrayContaining([named])]);
    }
  });

  it('is named when it was taken away, or put in with an old time', async () => {
    const { errand } = await market.tell.assigned();
    const { recordedAt, id } = await market.db.read.journal.findFirstOrThrow();
    await seal();
    const event = await whenForged(`DELETE FROM process_event WHERE errand_id = '${errand.id}' AND seq = 1`);
    expect(names(event)).toEqual([`event ${errand.id}#1`]);
    const line = await whenForged(`DELETE FROM journal_line WHERE journal_id = '${id}' AND seq = 1`);
    expect(names(line)).toEqual([`journal ${id}`]);
    const journal = await whenForged(`DELETE FROM journal WHERE id = '${id}'`);
    expect(names(journal)).toEqual([`journal ${id}`]);
    const forged = draft({ recordedAt });
    const put = await tamper(async (tx) => {
      await tx.$executeRaw`ALTER TABLE journal DISABLE TRIGGER journal_open_period`;
      await postJournal(tx, forged);
      await tx.$executeRaw`ALTER TABLE journal ENABLE ALWAYS TRIGGER journal_open_period`;
    });
    expect(names(put)).toEqual([`journal ${forged.id}`]);
  });

  it('is noticed when the last seal goes, or the row that says how far the books are closed', async () => {
    await market.tell.assigned();
    await seal();
    await market.tell.assigned();
    const head = await seal();
    expect(await verify(head)).toMatchObject({ ok: true });
    for (const change of ['seals = 1', `head = '${'0'.repeat(64)}'`, "closed_through = '1970-01-01'"]) {
      expect(names(await whenForged(`UPDATE ledger_close SET ${change}`))).toEqual(['close 1']);
    }
    expect(names(await whenForged('DELETE FROM ledger_close'))).toContain('close 1');
    expect(names(await tamper((tx) => tx.$executeRaw`DELETE FROM ledger_seal WHERE seq = 2`))).toEqual(['close 1']);
    await expect(seal()).rejects.toThrow('does not end as it was left');
    const first = await market.db.read.ledgerSeal.findFirstOrThrow();
    await tamper((tx) => tx.$executeRaw`UPDATE ledger_close SET seals = 1, head = ${first.hash} WHERE id = 1`);
    // Whoever takes away a seal and its trace is found out by a head that was kept elsewhere.
    expect(await verify()).toMatchObject({ ok: true });
    expect(names(await verify(head))).toEqual(['close 1']);
  });

  it('stops every booking when it is the row that says how far the books are closed', async () => {
    await tamper((tx) => tx.$executeRaw`DELETE FROM ledger_close`);
    await expect(market.db.write((tx) => postJournal(tx, draft()))).rejects.toThrow('ledger_close is gone');
  });
});
