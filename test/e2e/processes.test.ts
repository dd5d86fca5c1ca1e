import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { createChecker, type Checker } from '../support/checker.js';
import { createWorld, runLoad, type World } from '../support/load.js';
import { openMarket } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startRedis } from '../support/redis.js';
import { startCluster } from '../support/redis-cluster.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';
import { startTestApp } from '../support/test-app.js';

const operationsMax = Number(process.env['RUNAM_E2E_OPERATIONS'] ?? 2000);
const seed = Number(process.env['RUNAM_E2E_SEED'] ?? Date.now() % 1_000_000);
const testMsMax = 60_000 + operationsMax * 50;

interface SharedRedis {
  readonly url: string;
  stop(): Promise<void>;
}

describe.each<{ processesCount: number; operations: number; kind: string; start: () => Promise<SharedRedis> }>([
  { processesCount: 2, operations: operationsMax, kind: 'Redis', start: startRedis },
  { processesCount: 3, operations: Math.ceil(operationsMax / 4), kind: 'Redis', start: startRedis },
  { processesCount: 2, operations: Math.ceil(operationsMax / 4), kind: 'Redis Cluster', start: startCluster },
])('$processesCount server processes on one PostgreSQL and one $kind', ({ processesCount, operations, start }) => {
  let redis: SharedRedis;
  let database: TestDatabase;
  let servers: readonly ServerProcess[];
  beforeAll(async () => {
    [redis, database] = await Promise.all([start(), createOpenMarket()]);
    const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0' };
    servers = await Promise.all(Array.from({ length: processesCount }, () => startServerProcess(env)));
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
    await redis.stop();
  });

  it(
    'show every mutation that was answered by one of them in every later read through any of them',
    async () => {
      const { world, checker } = await load(
        servers.map(({ url }) => url),
        operations,
      );
      expect(world.faults, `seed ${seed}`).toEqual([]);
      expect(checker.violations, `seed ${seed}`).toEqual([]);
      expect(checker.compared()).toBeGreaterThan(operations / 2);
      expect(hitRatio(world), 'a cache that is never hit proves nothing').toBeGreaterThan(0.2);
    },
    testMsMax,
  );
});

describe('two servers that do not hear of each other', () => {
  it(
    'are caught showing older data, so the checker of the promise above can fail',
    async () => {
      // Each keeps what it read in its own memory: the program refuses to start so, hence servers without its check.
      const database = await createOpenMarket();
      const [first, second] = await Promise.all([startTestApp({ database }), startTestApp({ database })]);
      const kindsOf = ({ violations }: Checker) => new Set(violations.map(({ kind }) => kind));
      const isCaught = (of: Checker) => kindsOf(of).has('older') && kindsOf(of).has('missing');
      const { world, checker } = await load([first.url, second.url], 6_000, isCaught);
      await Promise.all([first.close(), second.close()]);
      await database.drop();
      // To a server that did not hear of its publication an errand is still somebody's draft.
      expect(world.faults.filter((fault) => !fault.includes('NOT_FOUND'))).toEqual([]);
      expect([...kindsOf(checker)], `seed ${seed}`).toEqual(expect.arrayContaining(['older', 'missing']));
    },
    testMsMax,
  );
});

async function createOpenMarket(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const db = createDb({ url: database.url, logger: silentLogger });
  await openMarket(db);
  await db.close();
  return database;
}

/** @param isEnough ends it before it has done so many operations */
async function load(
  urls: readonly string[],
  operations: number,
  isEnough: (checker: Checker) => boolean = () => false,
): Promise<{ world: World; checker: Checker }> {
  const checker = createChecker();
  const world = await createWorld({ urls, checker, areasCount: 4 });
  const startedMs = performance.now();
  await runLoad({ world, seed, goesOn: (done) => done < operations && !isEnough(checker) });
  tell(operations, world, checker, performance.now() - startedMs);
  return { world, checker };
}

function hitRatio({ counts }: World): number {
  return counts.hits / counts.reads;
}

/** The figures of a run, for whoever wants them: RUNAM_E2E_FIGURES=1. */
function tell(operations: number, world: World, checker: Checker, tookMs: number): void {
  if (!process.env['RUNAM_E2E_FIGURES']) return;
  const { counts, stories } = world;
  const completed = stories.filter(({ state }) => state === 'COMPLETED').length;
  const { violations, compared } = checker;
  const checked = { compared: compared(), violations: violations.length };
  const figures = {
    seed,
    operations,
    errands: stories.length,
    completed,
    ...counts,
    hitRatio: hitRatio(world),
    ...checked,
    tookMs,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
