import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { createChecker, type Checker } from '../support/checker.js';
import { createWorld, runLoad, type World } from '../support/load.js';
import { openMarket } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

const operationsMax = Number(process.env['RUNAM_E2E_OPERATIONS'] ?? 2000);
const seed = Number(process.env['RUNAM_E2E_SEED'] ?? Date.now() % 1_000_000);
const testMsMax = 60_000 + operationsMax * 50;

let redis: RedisProcess;
beforeAll(async () => void (redis = await startRedis()));
afterAll(() => redis.stop());

describe.each([
  { processesCount: 2, operations: operationsMax },
  { processesCount: 3, operations: Math.ceil(operationsMax / 4) },
])('$processesCount server processes on one PostgreSQL and one Redis', ({ processesCount, operations }) => {
  let market: Market;
  beforeAll(async () => {
    market = await startMarket(Array.from({ length: processesCount }, () => `shared-by-${processesCount}`));
  });
  afterAll(() => market.stop());

  it(
    'show every mutation that was answered by one of them in every later read through any of them',
    async () => {
      const { world, checker } = await market.load(operations);
      expect(world.faults, `seed ${seed}`).toEqual([]);
      expect(checker.violations, `seed ${seed}`).toEqual([]);
      expect(checker.compared()).toBeGreaterThan(operations);
      expect(hitRatio(world), 'a cache that is never hit proves nothing').toBeGreaterThan(0.2);
    },
    testMsMax,
  );
});

describe('two server processes that do not hear of each other', () => {
  let market: Market;
  beforeAll(async () => void (market = await startMarket(['deaf-a', 'deaf-b'])));
  afterAll(() => market.stop());

  it(
    'are caught showing older data, so the checker of the promise above can fail',
    async () => {
      const { world, checker } = await market.load(600);
      // To a process that did not hear of its publication an errand is still somebody's draft.
      expect(world.faults.filter((fault) => !fault.includes('NOT_FOUND'))).toEqual([]);
      const kinds = new Set(checker.violations.map(({ kind }) => kind));
      expect([...kinds], `seed ${seed}`).toEqual(expect.arrayContaining(['older', 'missing']));
    },
    testMsMax,
  );
});

interface Market {
  load(operations: number): Promise<{ world: World; checker: Checker }>;
  stop(): Promise<void>;
}

/** One process for each key prefix; processes with the same one hear of each other's writes. */
async function startMarket(keyPrefixes: readonly string[]): Promise<Market> {
  const database: TestDatabase = await createTestDatabase();
  const db = createDb({ url: database.url, logger: silentLogger });
  await openMarket(db);
  await db.close();
  const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0' };
  const servers: readonly ServerProcess[] = await Promise.all(
    keyPrefixes.map((prefix) => startServerProcess({ ...env, CACHE_KEY_PREFIX: prefix })),
  );
  return {
    async load(operations) {
      const checker = createChecker();
      const urls = servers.map(({ url }) => url);
      const world = await createWorld({ urls, checker, areasCount: 4 });
      const startedMs = performance.now();
      await runLoad({ world, seed, goesOn: (done) => done < operations });
      tell(keyPrefixes, operations, world, checker, performance.now() - startedMs);
      return { world, checker };
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
      await database.drop();
    },
  };
}

function hitRatio({ counts }: World): number {
  return counts.hits / counts.reads;
}

/** The figures of a run, for whoever wants them: RUNAM_E2E_FIGURES=1. */
function tell(
  keyPrefixes: readonly string[],
  operations: number,
  world: World,
  checker: Checker,
  tookMs: number,
): void {
  if (!process.env['RUNAM_E2E_FIGURES']) return;
  const { counts } = world;
  const compared = checker.compared();
  const violations = checker.violations.length;
  const figures = { keyPrefixes, seed, operations, ...counts, hitRatio: hitRatio(world), compared, violations, tookMs };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
