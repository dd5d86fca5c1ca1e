import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fileURLToPath } from 'node:url';
import { createDb, migrate, type Db } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { verifyLedger } from '../../src/modules/ledger/index.js';
import { createChecker } from '../support/checker.js';
import { startCrashingPostgres, type CrashingPostgres } from '../support/crashing-postgres.js';
import { expectSound } from '../support/invariants.js';
import { createWorld, runLoad, type World } from '../support/load.js';
import { openMarket } from '../support/market.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

/** How often everything crashes. */
const crashesCount = Number(process.env['RUNAM_DATABASE_CRASHES'] ?? 1);
const seed = Number(process.env['RUNAM_E2E_SEED'] ?? 20261120);
const patience = { timeout: 45_000, interval: 50 };
const testMsMax = 120_000 + crashesCount * 120_000;
const migrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** What clients may be told while the database is away, and of nothing else. */
const away = /"code":"UNAVAILABLE"/;

describe('two servers under load whose PostgreSQL is killed, and Redis with it', () => {
  const checker = createChecker();
  let postgres: CrashingPostgres;
  let redis: RedisProcess;
  let db: Db;
  let tenantId: string;
  let servers: readonly ServerProcess[];
  let world: World;
  let load: Promise<void>;
  let isOver = false;

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startCrashingPostgres(), startRedis()]);
    await migrate({ databaseUrl: postgres.url, migrationsDir, logger: silentLogger });
    db = createDb({ url: postgres.url, logger: silentLogger, poolMax: 2 });
    tenantId = await openMarket(db);
    const timing = { CACHE_QUARANTINE_MS: '1000', CACHE_REDIS_TIMEOUT_MS: '300' };
    const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, CACHE_SHADOW_PERCENT: '0', ...timing };
    servers = await Promise.all([startServerProcess(env), startServerProcess(env)]);
    world = await createWorld({ urls: servers.map(({ url }) => url), checker, areasCount: 4 });
    load = runLoad({ world, seed, workersCount: 6, writesPercent: 40, goesOn: () => !isOver });
  }, testMsMax);
  afterAll(async () => {
    isOver = true;
    await load;
    await Promise.all(servers.map((server) => server.stop()));
    await db.close();
    await redis.stop();
    await postgres.stop();
  });

  /** Waits until so much more was counted. */
  async function more(count: (world: World) => number, enough: number): Promise<void> {
    const before = count(world);
    await vi.waitFor(() => expect(count(world) - before).toBeGreaterThan(enough), patience);
  }

  it(
    'serve again by themselves; what was answered is there, no read is older, the books balance and seals verify',
    async () => {
      const completed = (): number => world.stories.filter(({ state }) => state === 'COMPLETED').length;
      await more(completed, 0);
      for (let crash = 1; crash <= crashesCount; crash += 1) {
        await more(({ counts }) => counts.hits, 20);
        await more(({ counts }) => counts.writes, 20);
        const faultsBefore = world.faults.length;
        await Promise.all([postgres.kill(), redis.kill()]);
        await more(({ faults }) => faults.length, 10);
        await Promise.all([postgres.restart(), redis.restart()]);
        for (const { url } of servers) {
          await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), patience);
        }
        expect(world.faults.length).toBeGreaterThan(faultsBefore);
        const done = completed();
        await more(({ counts }) => counts.hits, 20);
        await vi.waitFor(() => expect(completed()).toBeGreaterThan(done), patience);
      }
      isOver = true;
      await load;
      expect(world.faults.filter((fault) => !away.test(fault))).toEqual([]);
      expect(checker.violations, `seed ${seed}`).toEqual([]);
      await expectSound(db, tenantId);
      // The books are closed and sealed again, with what was booked after the crash.
      await vi.waitFor(async () => {
        const { chain } = await verifyLedger(db.read);
        expect(chain.sealedThrough?.getTime() ?? 0).toBeGreaterThan(startedAgain());
      }, patience);
      expect(await verifyLedger(db.read)).toMatchObject({ ok: true, faults: [] });
      for (const { process } of servers) expect(process.exitCode, 'it runs').toBeNull();
    },
    testMsMax,
  );

  /** When the last server had its place again. */
  function startedAgain(): number {
    const told = servers.map(({ output }) =>
      output
        .map((line) => JSON.parse(line) as { readonly msg: string; readonly time: string | number })
        .findLast(({ msg }) => msg === 'our place on the database is taken again'),
    );
    expect(told).not.toContain(undefined);
    return Math.max(...told.map((line) => new Date(line!.time).getTime()));
  }
});
