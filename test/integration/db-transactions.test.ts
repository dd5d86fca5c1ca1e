import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDb, startEmbeddedPostgres, type Db } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const soon = { timeout: 45_000, interval: 5 };
const cleanups: (() => Promise<unknown>)[] = [];
let database: TestDatabase;
let db: Db;

beforeEach(async () => {
  database = await createTestDatabase({ isEmpty: true });
  db = createDb({ url: database.url, logger: silentLogger });
  const client = await connect();
  await client.query('CREATE TABLE note (id int)');
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await db.close();
  await database.drop();
});

async function connect(url = database.url): Promise<Client> {
  const client = new Client({ connectionString: url });
  // One test ends the connection from the other side.
  client.on('error', () => {});
  await client.connect();
  cleanups.push(() => client.end().catch(String));
  return client;
}

/** Begins a transaction that has written. @returns its id */
async function write(client: Client): Promise<string> {
  await client.query('BEGIN');
  await client.query('INSERT INTO note VALUES (1)');
  const { rows } = await client.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id');
  return rows[0]?.id ?? '';
}

describe('the database asked how a transaction went', () => {
  it('says running, committed and rolled back', async () => {
    const client = await connect();
    const first = await write(client);
    expect(await db.outcomeOf(first)).toBe('running');
    expect(await db.outcomeOf(`${first}:more`)).toBe('running');
    await client.query('COMMIT');
    expect(await db.outcomeOf(first)).toBe('committed');
    const second = await write(client);
    await client.query('ROLLBACK');
    expect(await db.outcomeOf(second)).toBe('rolledBack');
  });

  it('says committed only when every later read sees what was written', async () => {
    const [writer, reader] = [await connect(), await connect()];
    for (let round = 1; round <= 100; round += 1) {
      const token = await write(writer);
      const committed = writer.query('COMMIT');
      while ((await db.outcomeOf(token)) === 'running');
      const { rows } = await reader.query<{ count: string }>('SELECT count(*) FROM note');
      expect(Number(rows[0]?.count)).toBe(round);
      await committed;
    }
  });

  it('says rolled back of one whose process is gone', async () => {
    const client = await connect();
    const token = await write(client);
    const stream = (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
    stream.destroy();
    await vi.waitFor(async () => expect(await db.outcomeOf(token)).toBe('rolledBack'), soon);
  });

  it.each([
    ['has not begun', '999999999999'],
    ['is too old to be known', '3'],
    ['is none', 'not a transaction id'],
  ])('says committed, which spoils more than it must, of one that %s', async (_what, token) => {
    expect(await db.outcomeOf(token)).toBe('committed');
  });

  it('remembers through its own crash', { timeout: 60_000 }, async () => {
    const rootDir = await mkdtemp(join(tmpdir(), 'runam-test-'));
    await chmod(rootDir, 0o755);
    cleanups.push(() => rm(rootDir, { recursive: true }));
    const settings = { fsync: 'off', shared_buffers: '16MB' };
    const dataDir = join(rootDir, 'data');
    const postgres = await startEmbeddedPostgres({ dataDir, logger: silentLogger, settings, isTemporary: true });
    cleanups.push(() => postgres.stop());
    const [client, other] = [await connect(postgres.url), await connect(postgres.url)];
    await client.query('CREATE TABLE note (id int)');
    const cut = await write(client);
    const committed = await write(other);
    await other.query('COMMIT');
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
    await ended;
    const after = createDb({ url: postgres.url, logger: silentLogger });
    cleanups.push(() => after.close());
    await vi.waitFor(async () => expect(await after.outcomeOf(committed)).toBe('committed'), soon);
    expect(await after.outcomeOf(cut)).toBe('rolledBack');
  });
});

describe('waiting for the writes under way', () => {
  it('ends with the last of those that had begun, and does not wait for later ones, readers, or other databases', async () => {
    const [first, second, later, reading] = [await connect(), await connect(), await connect(), await connect()];
    const elsewhere = await createTestDatabase({ isEmpty: true });
    cleanups.push(() => elsewhere.drop());
    const foreign = await connect(elsewhere.url);
    await foreign.query('BEGIN; CREATE TABLE foreign_note (id int)');
    await reading.query('BEGIN; SELECT * FROM note');
    await write(first);
    await write(second);
    let isOver = false;
    const waiting = db.writesEnded().then(() => (isOver = true));
    await looked();
    await write(later);
    await first.query('COMMIT');
    await looked();
    await looked();
    expect(isOver).toBe(false);
    await second.query('ROLLBACK');
    await waiting;
  });

  it('gives up on one that takes longer than any of ours may', async () => {
    const impatient = createDb({ url: database.url, logger: silentLogger, transactionTimeoutMs: 100 });
    cleanups.push(() => impatient.close());
    await write(await connect());
    const startedMs = performance.now();
    await impatient.writesEnded();
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(190);
  });
});

/** Time enough for the waiting one to look once: a few round trips on a connection of its own. */
async function looked(): Promise<void> {
  for (let trips = 0; trips < 100; trips += 1) await db.read.$queryRaw`SELECT 1 FROM (SELECT pg_sleep(0.001)) AS slept`;
}
