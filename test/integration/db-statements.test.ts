import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDb, Prisma, type Db } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let db: Db;
let other: Client;

beforeEach(async () => {
  database = await createTestDatabase();
  // One connection, so that every statement meets what it keeps.
  db = createDb({ url: database.url, logger: silentLogger, poolMax: 1 });
  other = new Client({ connectionString: database.url });
  await other.connect();
  await other.query('CREATE TABLE note (n int); INSERT INTO note VALUES (1)');
});
afterEach(async () => {
  await other.end();
  await db.close();
  await database.drop();
});

const looks = () => db.write((tx) => tx.$queryRaw<{ n: number | bigint }[]>`SELECT n FROM note`);
async function keptCount(): Promise<number> {
  const [row] = await db.read.$queryRaw<{ kept: number }[]>`
    SELECT count(*)::int AS kept FROM pg_prepared_statements WHERE name LIKE 'runam%'`;
  return row?.kept ?? 0;
}

describe('statements that connections keep planned', () => {
  it('are told anew when a table they read was altered meanwhile', async () => {
    expect(await looks()).toEqual([{ n: 1 }]);
    expect(await keptCount()).toBeGreaterThan(0);
    await other.query('ALTER TABLE note ALTER n TYPE bigint');
    expect(await looks()).toEqual([{ n: 1n }]);
    expect(await looks()).toEqual([{ n: 1n }]);
  });

  it('are told anew to a connection that has forgotten them', async () => {
    await looks();
    await db.read.$queryRaw`DISCARD ALL`;
    expect(await keptCount()).toBe(0);
    expect(await looks()).toEqual([{ n: 1 }]);
    expect(await keptCount()).toBeGreaterThan(0);
  });

  it('are none that look into a table which is empty at one time and full at another: a plan for the empty one reads all of it', async () => {
    await other.query('VACUUM ANALYZE row_change');
    for (const slug of ['lagos', 'nairobi']) {
      await db.write((tx) =>
        tx.tenant.create({ data: { id: randomUUID(), slug, name: slug, currency: 'NGN', createdAt: new Date() } }),
      );
    }
    expect(await keptCount()).toBeGreaterThan(0);
    expect(
      await db.read.$queryRaw`SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%row_change%'`,
    ).toEqual([]);
  });

  it('are never more than 200 in a connection, however many ways there are to write them', async () => {
    for (let from = 0; from < 250; from += 25) {
      await db.write(async (tx) => {
        for (let n = from; n < from + 25; n += 1) await tx.$queryRaw(Prisma.raw(`SELECT ${n} AS n`));
      });
    }
    expect(await keptCount()).toBe(200);
  });

  it('are no longer kept when they are forgotten again and again, as behind a pooler that changes connections', async () => {
    for (let round = 0; round < 30; round += 1) {
      await looks();
      await db.read.$queryRaw`DISCARD ALL`;
    }
    expect(await looks()).toEqual([{ n: 1 }]);
    expect(await keptCount()).toBe(0);
  });
});
