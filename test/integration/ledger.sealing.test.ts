import { Client } from 'pg';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { createSealer, postJournal } from '../../src/modules/ledger/index.js';
import { lagMs, sealedBooks, settled } from '../support/sealed-books.js';
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

describe('sealing', () => {
  it('links everything that was recorded into one chain, and finds it whole', async () => {
    const { tell, escrows, customer, db } = market;
    const { errand } = await tell.delivered();
    const first = await books.seal();
    await escrows.confirm(customer, errand.id);
    const second = await books.seal();
    const report = await books.verify();
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
    expect(await books.verify()).toMatchObject({
      ok: true,
      chain: { seals: 0, head: null },
      unsealed: { journals: 2 },
    });
    await books.seal();
    expect(await settled(books.sealer)).toMatchObject({ seals: 0, closing: 'idle' });
    market.clock.forward(60_000);
    expect(await settled(books.sealer)).toMatchObject({ seals: 0 });
    expect(await books.verify()).toMatchObject({ ok: true, chain: { seals: 1 }, unsealed: { journals: 0, events: 0 } });
  });

  it('cuts a long past into several seals', async () => {
    await market.db.write(async (tx) => {
      for (let index = 0; index < 60; index += 1) {
        await postJournal(tx, books.draft({ recordedAt: new Date(market.clock.now().getTime() + index) }));
      }
    });
    market.clock.forward(2 * lagMs + 60);
    const small = createSealer({ db: market.db, clock: market.clock, lagMs, sealRowsMax: 25 });
    expect(await settled(small)).toMatchObject({ seals: 3 });
    expect(await books.verify()).toMatchObject({ ok: true, chain: { seals: 3, journals: 60 } });
  });

  it('makes one chain when ten processes seal at once beside those who book', async () => {
    const dbs = Array.from({ length: 10 }, () =>
      createDb({ url: market.database.url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 30_000 }),
    );
    const sealers = dbs.map((db) => createSealer({ db, clock: market.clock, lagMs: 1 }));
    const booking = (async () => {
      for (let round = 0; round < 40 || (await market.db.read.ledgerSeal.count()) < 2; round += 1) {
        await market.db.write((tx) => postJournal(tx, books.draft()));
        market.clock.forward(5);
      }
    })();
    const load = { isRunning: true };
    const sealing = sealers.map(async (one) => {
      while (load.isRunning) await one.round();
    });
    await booking.finally(() => (load.isRunning = false));
    await Promise.all(sealing);
    await books.seal();
    await Promise.all(dbs.map((db) => db.close()));
    const report = await books.verify();
    const journals = await market.db.read.journal.count();
    expect(report).toMatchObject({ ok: true, chain: { journals }, unsealed: { journals: 0 } });
    expect(report.chain.seals).toBeGreaterThan(1);
  });
});

describe('a closed period', () => {
  it('takes nothing more: what comes late is recorded behind it, and sealed with what comes after', async () => {
    const before = market.clock.now();
    await market.db.write((tx) => postJournal(tx, books.draft()));
    await books.seal();
    const closed = (await market.db.read.ledgerClose.findUniqueOrThrow({ where: { id: 1 } })).closedThrough;
    const late = books.draft({ recordedAt: before, effectiveAt: before });
    await market.db.write((tx) => postJournal(tx, late));
    const row = await market.db.read.journal.findUniqueOrThrow({ where: { id: late.id } });
    expect(row.recordedAt).toEqual(new Date(closed.getTime() + 1));
    expect(row.effectiveAt).toEqual(before);
    await books.seal();
    expect(await books.verify()).toMatchObject({ ok: true, chain: { seals: 2, journals: 2 } });
  });

  it('is closed only when a transaction that began before the announcement has ended, however long it takes', async () => {
    const stalled = new Client({ connectionString: market.database.url });
    await stalled.connect();
    try {
      await stalled.query('BEGIN');
      const { id, recordedAt, tenantId } = books.draft();
      const insert = `INSERT INTO journal (id, tenant_id, kind, business_ref, effective_at, recorded_at)
        VALUES ($1, $2, 'test', 'test:1', $3, $3)`;
      await stalled.query(insert, [id, tenantId, recordedAt]);
      market.clock.forward(2 * lagMs);
      expect(await books.sealer.round()).toEqual({ seals: 0, head: undefined, closing: 'waiting' });
      market.clock.forward(86_400_000);
      expect(await books.sealer.round()).toEqual({ seals: 0, head: undefined, closing: 'waiting' });
      await stalled.query('COMMIT');
      expect(await settled(books.sealer)).toMatchObject({ seals: 1 });
      const row = await market.db.read.journal.findUniqueOrThrow({ where: { id } });
      expect(row.recordedAt).toEqual(recordedAt);
      expect((await books.verify()).chain).toMatchObject({ journals: 1 });
    } finally {
      await stalled.end();
    }
  });

  it('stays as it is when the clock goes back, and when the database moves to a younger cluster', async () => {
    await market.db.write((tx) => postJournal(tx, books.draft()));
    await books.seal();
    market.clock.forward(-86_400_000);
    await market.db.write((tx) => postJournal(tx, books.draft()));
    expect(await settled(books.sealer)).toMatchObject({ closing: 'idle' });
    market.clock.forward(86_400_000 + lagMs);
    await market.db.write((tx) =>
      tx.ledgerClose.update({
        where: { id: 1 },
        data: { announcedThrough: market.clock.now(), horizon: 2n ** 40n },
      }),
    );
    expect(await settled(books.sealer)).toMatchObject({ seals: 1 });
    expect(await books.verify()).toMatchObject({ ok: true, chain: { journals: 2 } });
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
