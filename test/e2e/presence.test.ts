import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { crowding } from '../support/crowding.js';
import { ErrandDocument, SignInDocument, UpdateErrandDocument } from '../support/generated/graphql.js';
import { startGate } from '../support/load.gate.js';
import { join, openMarket, post } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

const testMsMax = 180_000;
/** The gate in front of Redis gives it a second address. */
const oneStore = { CACHE_STORE_NAME: 'the one Redis' };
const cleanups: (() => Promise<unknown>)[] = [];
let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
  const db = createDb({ url: database.url, logger: silentLogger });
  await openMarket(db);
  await db.close();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await database.drop();
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const server = await startServerProcess({ DATABASE_URL: database.url, CACHE_QUARANTINE_MS: '0', ...env });
  cleanups.push(() => server.kill());
  return server;
}

async function redisOfOwn(): Promise<RedisProcess> {
  const redis = await startRedis();
  cleanups.push(() => redis.stop());
  return redis;
}

describe('processes on one database', { timeout: testMsMax }, () => {
  it('without Redis the second one refuses to start, and says in one sentence what to set', async () => {
    await start();
    const { code, said } = await refusal(start());
    expect(code).toBe(1);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/REDIS_URL.*CACHE_ENABLED=False/);
  });

  it('without Redis both run with CACHE_ENABLED=False, and each shows what the other wrote', async () => {
    const env = { CACHE_ENABLED: 'False' };
    const [first, second] = await Promise.all([start(env), start(env)]);
    const customer = await join(first.client, 'CUSTOMER');
    const id = await post(customer);
    expect((await second.client.get(ErrandDocument, { id })).errand.version).toBe(2);
    await customer.client.get(UpdateErrandDocument, { id, input: { title: 'Another title' } });
    expect((await second.client.get(ErrandDocument, { id })).errand.title).toBe('Another title');
  });

  it('one that would write past the cache of another is refused: another Redis, another prefix, or none', async () => {
    const [redis, elsewhere] = [await redisOfOwn(), await redisOfOwn()];
    await start({ REDIS_URL: redis.url });
    const others = [
      { REDIS_URL: elsewhere.url },
      { REDIS_URL: `${redis.url}/1` },
      { REDIS_URL: redis.url, CACHE_KEY_PREFIX: 'blue' },
      { CACHE_ENABLED: 'False' },
    ];
    const refused = { code: 1, said: [expect.stringMatching(/REDIS_URL.*CACHE_KEY_PREFIX/)] };
    expect(await Promise.all(others.map((env) => refusal(start(env))))).toEqual(others.map(() => refused));
    await start({ REDIS_URL: redis.url, CACHE_ENABLED: 'False' });
  });

  it('one that was killed does not keep the next one out', async () => {
    const first = await start();
    await first.kill();
    // PostgreSQL takes a moment to notice that the connection with the lock is gone.
    const next = await vi.waitFor(() => start(), { timeout: testMsMax / 2 });
    expect((await fetch(`${next.url}/readyz`)).status).toBe(200);
  });

  it('one with Redis is refused beside one that caches in its own memory, and the other way round', async () => {
    const redis = await redisOfOwn();
    const alone = await start();
    const shared = await refusal(start({ REDIS_URL: redis.url }));
    expect(shared).toMatchObject({ code: 1, said: [expect.stringMatching(/REDIS_URL.*CACHE_ENABLED=False/)] });
    await alone.stop();
    await start({ REDIS_URL: redis.url });
    const { code, said } = await refusal(start());
    expect(code).toBe(1);
    expect(said).toEqual([expect.stringContaining('REDIS_URL')]);
  });
});

describe('a process that dies between its commit and telling the cache', { timeout: testMsMax }, () => {
  it('leaves nothing old behind: the others show the new value within 5 seconds', async () => {
    const redis = await redisOfOwn();
    const gate = await startGate(redis.port);
    cleanups.push(() => gate.close());
    // The writer waits for the cache far longer than the test lasts, so that it dies waiting.
    const gated = { REDIS_URL: `redis://127.0.0.1:${gate.port}`, CACHE_REDIS_TIMEOUT_MS: '60000', ...oneStore };
    const [writer, reader] = await Promise.all([start(gated), start({ REDIS_URL: redis.url, ...oneStore })]);
    const customer = await join(writer.client, 'CUSTOMER');
    const id = await post(customer);
    const read = () => reader.client.ask(ErrandDocument, { id });
    await read();
    expect((await read()).cacheStatus).toContain('; hit');

    // Held up before its commit, the write has asked the cache who its sender is; after it, it can tell the cache nothing.
    const hold = await holdErrand(id);
    const unread = customer.client
      .ask(UpdateErrandDocument, { id, input: { title: 'Written by the dead' } })
      .catch((error: unknown) => error);
    await hold.isWaitedFor();
    gate.shut();
    await hold.release();
    const committedMs = await whenCommitted(id, 'Written by the dead');
    await writer.kill();
    expect(await unread).toBeInstanceOf(Error);

    await vi.waitFor(async () => expect((await read()).data?.errand.title).toBe('Written by the dead'), 45_000);
    expect(performance.now() - committedMs, 'milliseconds since the commit').toBeLessThan(5000 * crowding());
    expect(reader.output.join('\n'), 'told by the reader in the place of the writer').toContain('left untold');
  });
});

describe('a process that alone cannot reach Redis', { timeout: testMsMax }, () => {
  it('has its writes shown by the others once they are answered, sees theirs at once, and hits again when it is back', async () => {
    const redis = await redisOfOwn();
    const gate = await startGate(redis.port);
    cleanups.push(() => gate.close());
    const gated = { REDIS_URL: `redis://127.0.0.1:${gate.port}`, CACHE_REDIS_TIMEOUT_MS: '200', ...oneStore };
    const [cut, other] = await Promise.all([start(gated), start({ REDIS_URL: redis.url, ...oneStore })]);
    const customer = await join(other.client, 'CUSTOMER');
    const id = await post(customer);
    const { signIn } = await cut.client.get(SignInDocument, { email: customer.email, password: 'a long password' });
    const throughCut = cut.client.as(signIn.accessToken);
    for (const client of [other.client, other.client, throughCut]) await client.get(ErrandDocument, { id });

    gate.shut();
    const titleIn = async (client: typeof other.client) => (await client.get(ErrandDocument, { id })).errand.title;
    await throughCut.get(UpdateErrandDocument, { id, input: { title: 'From beyond the gate' } });
    expect(await titleIn(other.client)).toBe('From beyond the gate');
    await customer.client.get(UpdateErrandDocument, { id, input: { title: 'From this side' } });
    expect(await titleIn(throughCut)).toBe('From this side');

    gate.open();
    const cacheStatus = async () => (await throughCut.ask(ErrandDocument, { id })).cacheStatus;
    await vi.waitFor(async () => expect(await cacheStatus()).toContain('; hit'), 45_000);
    expect(await titleIn(throughCut)).toBe('From this side');
  });
});

/** How a start failed: its exit code, and the lines it said that are not log lines. */
async function refusal(starting: Promise<ServerProcess>): Promise<{ code: number; said: readonly string[] }> {
  const error = await starting.then(
    () => new Error('it started'),
    (fault: unknown) => fault as Error,
  );
  const [head = '', ...lines] = error.message.split('\n');
  return { code: Number(/ended with (\d+)/.exec(head)?.[1]), said: lines.filter((line) => !line.startsWith('{')) };
}

/** Locks an errand's row as another transaction would. */
async function holdErrand(id: string) {
  const client = await connect();
  await client.query('BEGIN');
  await client.query('SELECT 1 FROM errand WHERE id = $1 FOR UPDATE', [id]);
  const waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
  return {
    isWaitedFor: () =>
      vi.waitFor(async () => expect((await client.query(waiting)).rowCount).toBe(1), { timeout: 45_000, interval: 5 }),
    release: () => client.query('COMMIT'),
  };
}

/** Resolves once the title is committed, with the time it was seen. */
async function whenCommitted(id: string, title: string): Promise<number> {
  const client = await connect();
  await vi.waitFor(
    async () => {
      const { rows } = await client.query<{ title: string }>('SELECT title FROM errand WHERE id = $1', [id]);
      expect(rows).toEqual([{ title }]);
    },
    { timeout: 45_000, interval: 5 },
  );
  return performance.now();
}

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  cleanups.push(() => client.end());
  return client;
}
