import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { uuidv7 } from '../../src/kernel/index.js';
import { buildCommitGate } from '../support/commit-gate.js';
import { ErrandDocument } from '../support/generated/graphql.js';
import type { Answer } from '../support/graphql-client.js';
import { mutate, type Payload } from '../support/keyed-calls.js';
import { startGate } from '../support/load.gate.js';
import { join, openMarket, post, type Person } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const floorHeader = 'x-runam-cache-floor';
const cleanups: (() => Promise<unknown>)[] = [];
let redis: RedisProcess;
let database: TestDatabase;
let customer: Person;
let other: TestApp;
/** Of the errand, as the other server shows it. */
let titleOf: (id: string) => Promise<{ title: string; cacheStatus: string }>;

beforeEach(async () => {
  [redis, database] = await Promise.all([startRedis(), createTestDatabase()]);
  cleanups.push(
    () => database.drop(),
    () => redis.stop(),
  );
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(redisPort: number, env: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const store = { REDIS_URL: `redis://127.0.0.1:${redisPort}`, CACHE_QUARANTINE_MS: '0', CACHE_STORE_NAME: 'the one' };
  const app = await startTestApp({ env: { ...store, ...env }, database, timersEveryMs: 3_600_000 });
  cleanups.push(() => app.close());
  return app;
}

async function openWith(writer: TestApp): Promise<void> {
  await openMarket(writer.app.db);
  customer = await join(writer.client, 'CUSTOMER');
  titleOf = async (id) => {
    const { data, cacheStatus } = await other.client.ask(ErrandDocument, { id });
    return { title: data?.errand.title ?? '', cacheStatus };
  };
}

const update = (id: string) => ({ id, input: { title: 'After' } });

/** A first call that commits and then can tell no cache of it: its way to Redis is cut. @param areSweepersHeld no sweeper tells it either */
async function commitUntold(key: string, areSweepersHeld = false): Promise<string> {
  const gate = await startGate(redis.port);
  cleanups.push(() => gate.close());
  const writer = await start(gate.port, { CACHE_REDIS_TIMEOUT_MS: '60000' });
  other = await start(redis.port);
  await openWith(writer);
  const id = await post(customer, { title: 'Before' });
  await vi.waitFor(async () => expect((await titleOf(id)).cacheStatus).toContain('; hit'), 45_000);

  const commits = await buildCommitGate(database.url, 'errand');
  cleanups.push(() => commits.close());
  await commits.shut();
  const unread = mutate(customer.client, 'updateErrand', update(id), key).catch((error: unknown) => error);
  cleanups.push(async () => {
    gate.open();
    await unread;
  });
  await commits.isWaitedFor();
  gate.shut();
  if (areSweepersHeld) await holdSweepers();
  await commits.open();
  const isCommitted = async () =>
    expect(await other.app.db.read.errand.count({ where: { id, title: 'After' } })).toBe(1);
  await vi.waitFor(isCommitted, { timeout: 45_000, interval: 1 });
  return id;
}

/** Queues for the table that sweepers delete from: they queue behind. */
async function holdSweepers(): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const held = client.query('BEGIN; LOCK TABLE row_change IN SHARE MODE');
  cleanups.push(async () => {
    await held;
    await client.end();
  });
  const isQueued = async () => {
    const [row] = await other.app.db.read.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM pg_locks WHERE relation = 'row_change'::regclass AND mode = 'ShareLock'`;
    expect(row?.count).toBe(1);
  };
  await vi.waitFor(isQueued, { timeout: 45_000, interval: 1 });
}

describe('a replay that is answered before the first call has told any cache', { timeout: 60_000 }, () => {
  it('is told by itself, so nothing older is shown after it', async () => {
    const key = uuidv7();
    const id = await commitUntold(key);
    const replay = await mutate(customer.client.at(other.url), 'updateErrand', update(id), key);
    const { title } = await titleOf(id);
    expect(replay).toMatchObject({ isReplay: true, errand: { title: 'After' } });
    expect(title).toBe('After');
  });

  it('would be followed by older data if it only repeated the answer', async () => {
    const key = uuidv7();
    const id = await commitUntold(key, true);
    await other.app.db.write((tx) => tx.idempotencyRecord.updateMany({ where: { key }, data: { changes: [] } }));
    const replay = await mutate(customer.client.at(other.url), 'updateErrand', update(id), key);
    const { title } = await titleOf(id);
    expect(replay).toMatchObject({ isReplay: true, errand: { title: 'After' } });
    expect(title).toBe('Before');
  });
});

describe('the floor of a replay', () => {
  it('is at or above that of the first call: whoever presents it is shown nothing older, also from a lax cache', async () => {
    const types = ['ERRAND_DETAIL', 'SESSION', 'ROLES', 'USER_DATA', 'USER_PROFILE'];
    const lax = Object.fromEntries(types.map((type) => [`CACHE_CONSISTENCY_${type}`, 'ttl']));
    const writer = await start(redis.port, lax);
    other = await start(redis.port, lax);
    await openWith(writer);
    const [id, key] = [await post(customer, { title: 'Before' }), uuidv7()];
    expect((await titleOf(id)).title).toBe('Before');
    await mutate(customer.client, 'updateErrand', update(id), key);
    const text =
      'mutation ($id: ID!, $input: UpdateErrandInput!, $key: String) { updateErrand(id: $id, input: $input, idempotencyKey: $key) { isReplay } }';
    const document = parse(text) as TypedDocumentNode<{ updateErrand: Payload }>;
    const asOther = customer.client.at(other.url);
    const replay: Answer<{ updateErrand: Payload }> = await asOther.ask(document, { ...update(id), key } as never);
    expect(replay.data).toEqual({ updateErrand: { isReplay: true } });
    const floored = other.client.with({ [floorHeader]: replay.headers.get(floorHeader) ?? '' });
    expect((await floored.get(ErrandDocument, { id })).errand.title).toBe('After');
  });
});
