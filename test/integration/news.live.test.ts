import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDb, type Db, type Tx } from '../../src/db/index.js';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { createLiveNews, type ErrandNews } from '../../src/modules/news/index.js';
import { startMarket, type StoryMarket } from '../support/stories.js';

const patience = { timeout: 45_000, interval: 5 };

let market: StoryMarket;
let other: Db;

beforeAll(async () => {
  market = await startMarket();
  other = createDb({ url: market.database.url, logger: silentLogger });
});
afterAll(async () => {
  await other.close();
  await market.close();
});

/** A transaction that has written its news and does not commit yet. */
async function heldNews(db: Db): Promise<{ readonly seq: bigint; commit(): Promise<void> }> {
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => void (release = resolve));
  let tell: (seq: bigint) => void = () => {};
  const written = new Promise<bigint>((resolve) => void (tell = resolve));
  const ended = db.write(async (tx) => {
    tell(await writeNews(tx));
    await held;
  });
  return {
    seq: await written,
    async commit() {
      release();
      await ended;
    },
  };
}

async function writeNews(tx: Tx): Promise<bigint> {
  const at = market.clock.now();
  const payload = { transition: 'publish', from: 'DRAFT', to: 'OPEN', customerId: uuidv7(), at: at.toISOString() };
  const row = { tenantId: market.tenantId, topic: 'errand.transition', aggregateId: uuidv7(), payload, createdAt: at };
  return (await tx.outbox.create({ data: row })).seq;
}

describe('live news', () => {
  it('misses nothing that is committed late, repeats nothing, and waits for nobody', async () => {
    const live = createLiveNews({ db: market.db, logger: silentLogger, everyMs: 5 });
    const before = await heldNews(other);
    const seen: bigint[] = [];
    const unfollow = await live.followErrands(({ seq }: ErrandNews) => void seen.push(seq));
    const early = await heldNews(other);
    const late = await market.db.write(writeNews);
    await vi.waitFor(() => expect(seen).toEqual([late]), patience);
    expect(early.seq).toBeLessThan(late);
    await early.commit();
    await vi.waitFor(() => expect(seen).toEqual([late, early.seq]), patience);
    await before.commit();
    await vi.waitFor(() => expect(seen).toEqual([late, early.seq, before.seq]), patience);
    const last = await market.db.write(writeNews);
    await vi.waitFor(() => expect(seen.at(-1)).toBe(last), patience);
    expect(seen).toEqual([late, early.seq, before.seq, last]);
    unfollow();
    await live.close();
  });

  it('is told whole and once to everybody, while writers commit in every order', async () => {
    const live = createLiveNews({ db: other, logger: silentLogger, everyMs: 1 });
    const seen: bigint[][] = [[], [], []];
    const unfollows = await Promise.all(
      seen.map((own) => live.followErrands(({ seq }: ErrandNews) => void own.push(seq))),
    );
    const written: bigint[] = [];
    for (let round = 0; round < 15; round += 1) {
      const held = await Promise.all([heldNews(market.db), heldNews(market.db), heldNews(market.db)]);
      for (const one of round % 2 === 0 ? held.toReversed() : held) {
        await one.commit();
        live.wake();
        written.push(one.seq);
      }
    }
    for (const own of seen) {
      await vi.waitFor(() => expect(own).toHaveLength(written.length), patience);
      expect(new Set(own)).toEqual(new Set(written));
    }
    for (const unfollow of unfollows) unfollow();
    await live.close();
  });

  it('begins anew when somebody follows again, and asks the database nothing while nobody does', async () => {
    const statements: string[] = [];
    const db = createDb({ url: market.database.url, logger: silentLogger, onStatement: (sql) => statements.push(sql) });
    const live = createLiveNews({ db, logger: silentLogger, everyMs: 5 });
    for (let round = 0; round < 3; round += 1) {
      const seen: bigint[] = [];
      const unfollow = await live.followErrands(({ seq }: ErrandNews) => void seen.push(seq));
      const seq = await market.db.write(writeNews);
      await vi.waitFor(() => expect(seen).toEqual([seq]), patience);
      unfollow();
      await market.db.write(writeNews);
    }
    await live.close();
    statements.length = 0;
    await market.db.write(writeNews);
    live.wake();
    expect(statements).toEqual([]);
    await db.close();
  });
});
