import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CacheOptions } from '../../src/cache/index.js';
import { createDb } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { eventually } from '../contracts/cache.fixtures.js';
import { startCacheProcess, type CacheProcess, type ReadAnswer } from '../support/cache-process.js';
import { ErrandsDocument } from '../support/generated/graphql.js';
import { openMarket } from '../support/market.js';
import { createTestDatabase } from '../support/postgres.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startServerProcess } from '../support/server-process.js';

const testMsMax = 120_000;
const readsEach = 167;
/** Nobody loses patience here, however busy the machine. */
const patient = { leaseMs: 60_000, leaseWaitMsMax: 60_000 };
/** So long the others wait for one that died. */
const briefLeaseMs = 5000;

let redis: RedisProcess;
let client: Redis;
beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.url);
});
afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

describe('three processes with a cold key on one Redis', () => {
  let processes: readonly CacheProcess[];
  let prefix: string;
  let runs = 0;
  const begun: { readonly key: string; readonly process: CacheProcess }[] = [];

  async function start(options: Partial<CacheOptions>): Promise<void> {
    prefix = `run${++runs}`;
    begun.length = 0;
    const onLoading = (key: string, process: CacheProcess): void => void begun.push({ key, process });
    const one = () => startCacheProcess({ url: redis.url, prefix, options, onLoading });
    processes = await Promise.all([one(), one(), one()]);
  }
  afterEach(async () => {
    await Promise.all(processes.map((process) => process.stop()));
  });

  const othersThan = (one: CacheProcess): readonly CacheProcess[] => processes.filter((process) => process !== one);
  const loadsOf = async (key: string): Promise<number> => Number(await client.get(`${prefix}:loads:${key}`));
  const readAll = (key: string, of: readonly CacheProcess[] = processes): Promise<readonly ReadAnswer[]> =>
    Promise.all(of.map((process) => process.read(key, readsEach))).then((answers) => answers.flat());
  /** The process whose load of `key` is the next to begin; each is told once. */
  async function loader(key: string): Promise<CacheProcess> {
    const next = () => begun.findIndex((load) => load.key === key);
    await eventually(() => next() >= 0, testMsMax);
    return begun.splice(next(), 1)[0]?.process as CacheProcess;
  }
  const valuesOf = (answers: readonly ReadAnswer[]): readonly string[] => [...new Set(answers.map((it) => it.value))];

  it(
    'load it once for 501 readers at once',
    async () => {
      await start(patient);
      const reads = readAll('cold');
      await (await loader('cold')).finish('cold', 'one');
      const answers = await reads;
      expect(answers).toHaveLength(3 * readsEach);
      expect(valuesOf(answers)).toEqual(['one']);
      expect(await loadsOf('cold')).toBe(1);
      expect(answers.filter((it) => it.kind === 'miss')).toHaveLength(1);
    },
    testMsMax,
  );

  it(
    'load it once more when a bump lands during the load, and show those who came after it nothing older',
    async () => {
      await start(patient);
      const early = readAll('bumped');
      const holder = await loader('bumped');
      const others = othersThan(holder);
      await others[0]?.bump('bumped');
      const late = readAll('bumped', others);
      await (await loader('bumped')).finish('bumped', 'new');
      expect(valuesOf(await late)).toEqual(['new']);
      await holder.finish('bumped', 'old');
      await early;
      expect(await loadsOf('bumped')).toBe(2);
      // The late entry of the first load stands where the younger one stood: worth nothing, and so loaded anew.
      for (const process of processes) await process.finishAll('bumped', 'new');
      expect(valuesOf(await readAll('bumped'))).toEqual(['new']);
    },
    testMsMax,
  );

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'load it once more when the one that loads is hit by %s, and what it brings later is shown to nobody after a bump',
    async (signal) => {
      await start({ leaseMs: briefLeaseMs, leaseWaitMsMax: 60_000 });
      const reads = new Map(processes.map((process) => [process, process.read('held', readsEach)]));
      const holder = await loader('held');
      holder.signal(signal);
      const others = othersThan(holder);
      for (const process of others) await process.finishAll('held', 'second');
      const answers = await Promise.all(others.map((process) => reads.get(process) ?? []));
      expect(valuesOf(answers.flat())).toEqual(['second']);
      expect(await loadsOf('held')).toBe(2);
      for (const process of others) await process.finishAll('held', 'third');
      await others[0]?.bump('held');
      holder.signal('SIGCONT');
      if (signal === 'SIGSTOP') {
        await holder.finish('held', 'from before');
        await reads.get(holder);
      }
      expect(valuesOf(await readAll('held', others))).toEqual(['third']);
    },
    testMsMax,
  );

  it(
    'fail only the readers of the process whose load failed, and load once more',
    async () => {
      await start(patient);
      const reads = new Map(processes.map((process) => [process, process.read('failing', readsEach)]));
      const holder = await loader('failing');
      await holder.fail('failing', 'no database');
      await (await loader('failing')).finish('failing', 'well');
      const elsewhere = await Promise.all(othersThan(holder).map((process) => reads.get(process) ?? []));
      expect(valuesOf(elsewhere.flat())).toEqual(['well']);
      expect(valuesOf((await reads.get(holder)) ?? [])).toContain('no database');
      expect(await loadsOf('failing')).toBe(2);
    },
    testMsMax,
  );

  it(
    'answer another key while everybody waits for a slow one',
    async () => {
      await start(patient);
      const slow = readAll('slow');
      const holder = await loader('slow');
      const quick = readAll('quick');
      await (await loader('quick')).finish('quick', 'there');
      expect(valuesOf(await quick)).toEqual(['there']);
      await holder.finish('slow', 'at last');
      expect(valuesOf(await slow)).toEqual(['at last']);
    },
    testMsMax,
  );
});

/** The whole message: a hit that the shadow verifier looked at again has a line of its own. */
const isListRead = (line: string): boolean =>
  line.includes('"type":"ERRAND_LIST"') && /"cache (hit|join|miss|bypass)"/.test(line);

describe('three servers on one PostgreSQL and one Redis', () => {
  it(
    'load a list once for 501 requests at once',
    async () => {
      const database = await createTestDatabase();
      const db = createDb({ url: database.url, logger: silentLogger });
      await openMarket(db);
      await db.close();
      const env = {
        DATABASE_URL: database.url,
        REDIS_URL: redis.url,
        CACHE_QUARANTINE_MS: '0',
        CACHE_FILL_LEASE_MS: '60000',
        CACHE_SHADOW_PERCENT: '100',
        LOG_LEVEL: 'debug',
      };
      const servers = await Promise.all([1, 2, 3].map(() => startServerProcess(env)));
      const asked = servers.flatMap((server) =>
        Array.from({ length: readsEach }, () => server.client.get(ErrandsDocument, {})),
      );
      expect(await Promise.all(asked)).toHaveLength(3 * readsEach);
      await Promise.all(servers.map((server) => server.stop()));
      const reads = servers.flatMap((server) => server.output.filter(isListRead));
      const loads = reads.filter((line) => /"cache (miss|bypass)"/.test(line));
      expect(reads).toHaveLength(3 * readsEach);
      expect(loads).toHaveLength(1);
      await database.drop();
    },
    testMsMax,
  );
});
