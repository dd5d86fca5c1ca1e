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
/** Then it is also waited for what happened after a crash to be sealed, which takes some 15 seconds. */
const isLong = crashesCount > 1;
const seed = Number(process.env['RUNAM_E2E_SEED'] ?? 20261120);
const patience = { timeout: 90_000, interval: 50 };
const testMsMax = 300_000 + crashesCount * 120_000;
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
    'serve again by themselves; what was answered is there, no read is older, the books balance and their seals verify',
    async () => {
      for (let crash = 1; crash <= crashesCount; crash += 1) {
        await more(({ counts }) => counts.hits, 20);
        await more(({ counts }) => counts.writes, 50);
        await Promise.all([postgres.kill(), redis.kill()]);
        await more(({ faults }) => faults.length, 10);
        await Promise.all([postgres.restart(), redis.restart()]);
        for (const { url } of servers) {
          await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), patience);
        }
        await more(({ counts }) => counts.hits, 20);
        await more(({ counts }) => counts.writes, 50);
        if (isLong) await sealedAfter(await lastJournalAt());
      }
      isOver = true;
      await load;
      expect(world.faults.filter((fault) => !away.test(fault))).toEqual([]);
      expect(checker.violations, `seed ${seed}`).toEqual([]);
      expect(await db.read.journal.count({ where: { kind: 'errand.fundFromWallet' } })).toBeGreaterThan(0);
      await expectSound(db, tenantId);
      expect(await verifyLedger(db.read)).toMatchObject({ ok: true, faults: [] });
      for (const { output, process } of servers) {
        expect(process.exitCode, 'it runs').toBeNull();
        const taken = output.filter((line) => line.includes('our place on the database is taken again'));
        expect(taken).toHaveLength(crashesCount);
      }
    },
    testMsMax,
  );

  async function lastJournalAt(): Promise<Date> {
    const last = await db.read.journal.findFirstOrThrow({ orderBy: { recordedAt: 'desc' } });
    return last.recordedAt;
  }

  /** The books are closed and sealed on by themselves. */
  async function sealedAfter(moment: Date): Promise<void> {
    await vi.waitFor(async () => {
      const { sealedThrough } = (await verifyLedger(db.read)).chain;
      expect(sealedThrough?.getTime() ?? 0).toBeGreaterThan(moment.getTime());
    }, patience);
  }
});
