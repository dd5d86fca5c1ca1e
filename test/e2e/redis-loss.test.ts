import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { createChecker } from '../support/checker.js';
import { createWorld, runLoad, type World } from '../support/load.js';
import { openMarket } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

const seed = Number(process.env['RUNAM_E2E_SEED'] ?? Date.now() % 1_000_000);
const patienceMs = 60_000;
const testMsMax = 3 * patienceMs;
/** What has to happen during a fault for it to count: this many requests, over this long. */
const faultOperationsMin = 120;
const faultMsMin = 1500;

const lost = 'Redis is away';
const recovered = 'Redis is back';
const emptied = 'the cache starts empty';

describe('two server processes under load whose Redis fails', () => {
  const checker = createChecker();
  let database: TestDatabase;
  let redis: RedisProcess;
  let servers: readonly ServerProcess[];
  let world: World;
  let load: Promise<void>;
  let isOver = false;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), startRedis()]);
    const db = createDb({ url: database.url, logger: silentLogger });
    await openMarket(db);
    await db.close();
    // Longer than a busy machine lets a healthy Redis wait: what is lost here is lost because the test says so.
    const timing = { CACHE_QUARANTINE_MS: '2000', CACHE_REDIS_TIMEOUT_MS: '1500' };
    const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, ...timing };
    servers = await Promise.all([startServerProcess(env), startServerProcess(env)]);
    world = await createWorld({ urls: servers.map(({ url }) => url), checker, areasCount: 4 });
    load = runLoad({ world, seed, workersCount: 6, goesOn: () => !isOver });
    await hitsFlow();
  });
  afterAll(async () => {
    isOver = true;
    await load;
    await Promise.all(servers.map((server) => server.stop()));
    await redis.stop();
    await database.drop();
  });

  /** Waits for hits that are counted from now on. */
  async function hitsFlow(): Promise<void> {
    const before = world.counts.hits;
    await vi.waitFor(() => expect(world.counts.hits - before, 'hits').toBeGreaterThan(40), { timeout: patienceMs });
  }

  /** Waits until enough was asked while the fault lasted. */
  async function faultIsFelt(): Promise<void> {
    const [operations, startedMs] = [world.counts.reads + world.counts.writes, performance.now()];
    const felt = (): boolean =>
      world.counts.reads + world.counts.writes - operations >= faultOperationsMin &&
      performance.now() - startedMs >= faultMsMin;
    await vi.waitFor(() => expect(felt(), 'enough requests').toBe(true), { timeout: patienceMs });
  }

  function nothingWrongWasShown(): void {
    expect(world.faults, `seed ${seed}`).toEqual([]);
    expect(checker.violations, `seed ${seed}`).toEqual([]);
  }

  it.each([
    { what: 'is killed and comes back empty', fail: () => redis.kill(), mend: () => redis.restart() },
    { what: 'freezes and thaws', fail: async () => redis.pause(), mend: async () => redis.resume() },
  ])(
    'no client gets an error or an older answer when it $what, and hits resume',
    { timeout: testMsMax },
    async ({ fail, mend }) => {
      const [before, bypassesBefore] = [toldBy(servers), world.counts.bypasses];
      await fail();
      await faultIsFelt();
      expect(world.counts.bypasses, 'reads went past the cache').toBeGreaterThan(bypassesBefore);
      await mend();
      const recoveries = () => toldBy(servers).map((told, index) => told.recovered - before[index]!.recovered);
      await vi.waitFor(() => expect(Math.min(...recoveries())).toBe(1), { timeout: patienceMs });
      await hitsFlow();
      nothingWrongWasShown();
      for (const [index, told] of toldBy(servers).entries()) {
        expect(told.lost - before[index]!.lost, 'one line for the loss').toBe(1);
        expect(told.recovered - before[index]!.recovered, 'one line for the recovery').toBe(1);
        expect(told.warnings - before[index]!.warnings, 'and not one for each request').toBeLessThan(5);
      }
    },
  );

  it(
    'no client gets an error or an older answer when somebody empties it, and hits resume',
    { timeout: testMsMax },
    async () => {
      const toldBefore = toldBy(servers);
      const admin = new Redis(redis.url);
      await admin.flushall();
      await admin.quit();
      await faultIsFelt();
      await hitsFlow();
      nothingWrongWasShown();
      const told = toldBy(servers);
      const emptiedLines = told.map((now, index) => now.emptied - toldBefore[index]!.emptied);
      expect(Math.max(...emptiedLines), 'the process that noticed says so, once').toBe(1);
      for (const [index, now] of told.entries()) {
        expect(now.warnings - toldBefore[index]!.warnings).toBe(0);
        expect(now.lost - toldBefore[index]!.lost).toBe(0);
      }
    },
  );
});

interface Told {
  readonly lost: number;
  readonly recovered: number;
  readonly emptied: number;
  /** Lines of level WARN and above, the loss itself included. */
  readonly warnings: number;
}

const warningLevel = 40;

function toldBy(servers: readonly ServerProcess[]): readonly Told[] {
  return servers.map(({ output }) => {
    const lines = output.map((line) => JSON.parse(line) as { msg: string; level: number });
    const count = (text: string): number => lines.filter(({ msg }) => msg.startsWith(text)).length;
    const warnings = lines.filter(({ level }) => level >= warningLevel).length;
    return { lost: count(lost), recovered: count(recovered), emptied: count(emptied), warnings };
  });
}
