import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDb, type ChangeListener, type Db, type Tx } from '../../src/db/index.js';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { buildCommitGate, type CommitGate } from '../support/commit-gate.js';
import { startGate } from '../support/load.gate.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const soon = { timeout: 45_000, interval: 5 };
const cleanups: (() => Promise<unknown>)[] = [];
let database: TestDatabase;
let commits: CommitGate;

beforeEach(async () => {
  database = await createTestDatabase();
  commits = await buildCommitGate(database.url, 'tenant');
  cleanups.push(() => commits.close());
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await database.drop();
});

interface Heard {
  readonly db: Db;
  readonly said: string[];
  /** Of the last transaction that was prepared. */
  token(): string;
}

/** A database whose listener writes down what it hears. */
function listen(url = database.url, more: Partial<ChangeListener> = {}): Heard {
  const db = createDb({ url, logger: silentLogger });
  cleanups.push(() => db.close());
  const said: string[] = [];
  let last = '';
  db.onChanges({
    async prepare(changes, token) {
      last = token;
      said.push(`prepare ${changes.length}`);
      await more.prepare?.(changes, token);
    },
    async settle(changes, token, outcome) {
      expect(token).toBe(last);
      said.push(`${outcome} ${changes.length}`);
      await more.settle?.(changes, token, outcome);
    },
    async tell(changes) {
      said.push(`tell ${changes.length}`);
    },
  });
  return { db, said, token: () => last };
}

const id = uuidv7();
const newTenant = (tx: Tx) =>
  tx.tenant.create({ data: { id, slug: 'market', name: 'Market', currency: 'NGN', createdAt: new Date() } });

async function tenantsCount(): Promise<number> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const { rowCount } = await client.query('SELECT 1 FROM tenant');
  await client.end();
  return rowCount ?? 0;
}

describe('a transaction that changes rows', () => {
  it('is announced before its commit, by its id, and settled before its answer', async () => {
    const { db, said, token } = listen();
    await commits.shut();
    const writing = db.write(newTenant);
    await commits.isWaitedFor();
    expect(said).toEqual(['prepare 1']);
    expect(await tenantsCount()).toBe(0);
    expect(await db.outcomeOf(token())).toBe('running');
    await commits.open();
    await writing;
    expect(said).toEqual(['prepare 1', 'committed 1']);
    expect(await db.outcomeOf(token())).toBe('committed');
  });

  it('is not announced when it changed nothing that is watched', async () => {
    const { db, said } = listen();
    await db.write(async (tx) => tx.tenant.findMany());
    expect(said).toEqual([]);
  });

  it('is not made when it may not be announced', async () => {
    const refuse = (): Promise<void> => Promise.reject(new Error('not now'));
    const { db, said } = listen(database.url, { prepare: refuse });
    await expect(db.write(newTenant)).rejects.toThrow('not now');
    expect(await tenantsCount()).toBe(0);
    await vi.waitFor(() => expect(said).toEqual(['prepare 1', 'rolledBack 1']), soon);
  });

  it('is settled as rolled back when its commit fails', async () => {
    const { db, said } = listen();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    cleanups.push(() => client.end());
    await client.query(`CREATE OR REPLACE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'no commit' USING ERRCODE = 'check_violation'; END $$`);
    await expect(db.write(newTenant)).rejects.toThrow('no commit');
    await vi.waitFor(() => expect(said).toEqual(['prepare 1', 'rolledBack 1']), soon);
  });

  it('is settled as what the database says when the reply to its commit is lost', async () => {
    const { port } = new URL(database.url);
    const gate = await startGate(Number(port));
    cleanups.push(() => gate.close());
    const url = new URL(database.url);
    url.port = String(gate.port);
    const { db, said } = listen(url.href);
    await commits.shut();
    const writing = db.write(newTenant).catch((error: unknown) => error);
    await commits.isWaitedFor();
    gate.shut();
    await commits.open();
    await vi.waitFor(async () => expect(await tenantsCount()).toBe(1), soon);
    gate.open();
    expect(await writing).toMatchObject({ code: 'UNAVAILABLE', retryable: false });
    await vi.waitFor(() => expect(said).toEqual(['prepare 1', 'committed 1']), soon);
  });

  it('is left to others when nobody can say yet how it went', async () => {
    const { db, said, token } = listen(database.url);
    await commits.shut();
    const writing = db.write(newTenant).catch((error: unknown) => error);
    await commits.isWaitedFor();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    cleanups.push(() => client.end());
    await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'advisory'`);
    expect(await writing).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    await vi.waitFor(async () => expect(await db.outcomeOf(token())).toBe('rolledBack'), soon);
    expect(said.filter((word) => word.startsWith('committed'))).toEqual([]);
    await commits.open();
  });
});
