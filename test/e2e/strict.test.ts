import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { createChecker, type Checker } from '../support/checker.js';
import { buildCommitGate } from '../support/commit-gate.js';
import { crowding } from '../support/crowding.js';
import {
  EscrowDocument,
  FundEscrowDocument,
  MyEscrowsDocument,
  SignInDocument,
  TopUpWalletDocument,
} from '../support/generated/graphql.js';
import { startGate } from '../support/load.gate.js';
import { createWorld, runLoad } from '../support/load.js';
import { agree, join, openMarket, post } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

const testMsMax = 180_000;
const reaped = 'ended an announced write left open';
const cleanups: (() => Promise<unknown>)[] = [];
let database: TestDatabase;
let redis: RedisProcess;

beforeEach(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startRedis()]);
  const db = createDb({ url: database.url, logger: silentLogger });
  await openMarket(db);
  await db.close();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await redis.stop();
  await database.drop();
});

async function start(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const server = await startServerProcess({ DATABASE_URL: database.url, CACHE_QUARANTINE_MS: '0', ...env });
  cleanups.push(() => server.kill());
  return server;
}

/** Two servers, of which one dies between the COMMIT that funds an escrow and telling anybody; the other one is read from. */
async function dieAfterCommit(env: Readonly<Record<string, string>>) {
  const gate = await startGate(redis.port);
  cleanups.push(() => gate.close());
  // The gate gives Redis a second address.
  const store = { CACHE_STORE_NAME: 'the one Redis', ...env };
  const throughGate = { REDIS_URL: `redis://127.0.0.1:${gate.port}`, CACHE_REDIS_TIMEOUT_MS: '60000' };
  const [writer, reader] = await Promise.all([
    start({ ...store, ...throughGate }),
    start({ ...store, REDIS_URL: redis.url }),
  ]);
  const customer = await join(writer.client, 'CUSTOMER');
  const errandId = await post(customer);
  const id = await agree(customer, await join(writer.client, 'RUNNER'), errandId);
  await customer.client.get(TopUpWalletDocument, { input: { amount: { minor: 300_000, currency: 'NGN' } } });
  const { signIn } = await reader.client.get(SignInDocument, { email: customer.email, password: 'a long password' });
  const asReader = reader.client.as(signIn.accessToken);
  const escrow = () => asReader.ask(EscrowDocument, { id });
  const list = () => asReader.ask(MyEscrowsDocument, {});
  await vi.waitFor(async () => {
    for (const read of [escrow, list]) expect((await read()).cacheStatus).toContain('; hit');
  }, 45_000);

  const commits = await buildCommitGate(database.url, 'escrow');
  cleanups.push(() => commits.close());
  await commits.shut();
  const unread = customer.client.ask(FundEscrowDocument, { errandId }).catch((error: unknown) => error);
  await commits.isWaitedFor();
  gate.shut();
  const whileOpen = (await escrow()).cacheStatus;
  await commits.open();
  await isCommitted(id);
  return { reader, escrow, list, whileOpen, kill: async () => [await writer.kill(), await unread] };
}

async function isCommitted(id: string): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  cleanups.push(() => client.end());
  const look = async () => {
    const { rows } = await client.query<{ state: string }>('SELECT state FROM escrow WHERE id = $1', [id]);
    expect(rows).toEqual([{ state: 'FUNDED' }]);
  };
  await vi.waitFor(look, { timeout: 45_000, interval: 1 });
}

describe('a process that dies between its commit and telling the cache', { timeout: testMsMax }, () => {
  it('never has another process show the escrow from before the commit, and its tags are cached again within 5 seconds', async () => {
    const { reader, escrow, list, whileOpen, kill } = await dieAfterCommit({});
    const committedMs = performance.now();
    expect(whileOpen).toContain('open-write');
    const states: (string | undefined)[] = [];
    const look = async (): Promise<string> => {
      const [one, all] = [await escrow(), await list()];
      states.push(one.data?.escrow.state, all.data?.myEscrows.edges[0]?.node.state);
      return one.cacheStatus;
    };
    await look();
    await kill();
    await vi.waitFor(async () => expect(await look()).toContain('; hit'), { timeout: 45_000, interval: 10 });
    expect(performance.now() - committedMs, 'milliseconds since the commit').toBeLessThan(5000 * crowding());
    expect(new Set(states)).toEqual(new Set(['FUNDED']));
    expect(states.length).toBeGreaterThan(10 / crowding());
    expect(reader.output.filter((line) => line.includes(reaped))).toHaveLength(1);
  });

  it('does have it shown for a moment where escrows are only acked', async () => {
    const acked = { CACHE_CONSISTENCY_ESCROW_DETAIL: 'acked', CACHE_CONSISTENCY_USER_ESCROWS: 'acked' };
    const { escrow, whileOpen, kill } = await dieAfterCommit(acked);
    expect(whileOpen).toContain('; hit');
    expect((await escrow()).data?.escrow.state).toBe('AWAITING_FUNDS');
    await kill();
    const look = async () => expect((await escrow()).data?.escrow.state).toBe('FUNDED');
    await vi.waitFor(look, { timeout: 45_000, interval: 10 });
  });
});

const operationsMax = Number(process.env['RUNAM_E2E_OPERATIONS'] ?? 600);
const operationsPerEmptying = 40;
const seed = Number(process.env['RUNAM_E2E_SEED'] ?? Date.now() % 1_000_000);

describe(
  'two processes under load whose Redis is emptied again and again',
  { timeout: testMsMax + operationsMax * 500 },
  () => {
    it('never show an escrow older than the database held it before the read was sent', async ({ signal }) => {
      const servers = await Promise.all([start({ REDIS_URL: redis.url }), start({ REDIS_URL: redis.url })]);
      const admin = new Redis(redis.url);
      cleanups.push(async () => admin.disconnect());
      const checker = createChecker();
      const world = await createWorld({ urls: servers.map(({ url }) => url), checker, areasCount: 2 });
      const load = { isOver: false };
      const watching = watchEscrows();
      await runLoad({ world, seed, writesPercent: 50, goesOn: emptyNowAndThen });
      load.isOver = true;
      const watched = await watching;
      expect(checker.violations, `seed ${seed}`).toEqual([]);
      expect(world.faults, `seed ${seed}`).toEqual([]);
      expect(watched).toBeGreaterThan(50);
      expect(world.counts.hits).toBeGreaterThan(0);

      function emptyNowAndThen(done: number): boolean {
        if (done % operationsPerEmptying === 0) void admin.flushall();
        // What goes on after its time would disturb the files that follow.
        return done < operationsMax && !signal.aborted;
      }

      async function watchEscrows(): Promise<number> {
        const client = new Client({ connectionString: database.url });
        await client.connect();
        let count = 0;
        while (!load.isOver && !signal.aborted) {
          const story = world.stories.findLast(({ escrowId }) => escrowId !== undefined);
          if (story?.escrowId) count += await watch(client, checker, story.escrowId, story.customer.on[count % 2]!);
          else await client.query('SELECT 1');
        }
        await client.end();
        return count;
      }
    });
  },
);

/** Asks the database and then a server. @returns how many answers were compared */
async function watch(client: Client, checker: Checker, id: string, asked: ServerProcess['client']): Promise<number> {
  const { rows } = await client.query<{ version: number }>('SELECT version FROM escrow WHERE id = $1', [id]);
  const [row] = rows;
  if (!row) return 0;
  checker.committed([{ id, version: row.version }]);
  const reading = checker.reading('escrow, strictly');
  const { data } = await asked.ask(EscrowDocument, { id });
  if (data) reading.showed([{ id, version: data.escrow.version }]);
  return data ? 1 : 0;
}
