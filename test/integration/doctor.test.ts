import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { examine, type DoctorReport } from '../../src/doctor/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startRedis, type RedisProcess } from '../support/redis.js';

let database: TestDatabase;
let redis: RedisProcess;
beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startRedis({ arguments: ['--maxmemory', '64mb'] })]);
});
afterAll(async () => {
  await database.drop();
  await redis.stop();
});

const stateOf = ({ findings }: DoctorReport, check: string) => findings.find((one) => one.check === check);

describe('the doctor', { timeout: 60_000 }, () => {
  it('finds nothing wrong where everything is right, and changes nothing', async () => {
    const report = await examine({ env: { DATABASE_URL: database.url, REDIS_URL: redis.url } });
    const { findings, ok } = report;
    expect(findings.filter(({ state }) => state !== 'ok').map(({ check }) => check)).toEqual(['markets']);
    expect(ok).toBe(true);
    expect(findings.map(({ check }) => check).join(', ')).toBe(
      'node, environment, postgres, postgres clock, markets, jobs, payouts, redis, redis eviction, redis role, redis clock, redis latency',
    );
    const client = new Redis(redis.url);
    expect(await client.dbsize()).toBe(0);
    await client.quit();
  });

  it('looks at the Redis of every alias, each once, and names the variable that is wrong', async () => {
    const report = await examine({
      env: {
        DATABASE_URL: database.url,
        REDIS_URL: redis.url,
        CACHE_ALIAS_SESSION_REDIS_URL: 'redis://127.0.0.1:1',
        CACHE_ALIAS_REPORTS_REDIS_URL: 'redis://127.0.0.1:1',
        CACHE_REDIS_TIMEOUT_MS: '500',
      },
    });
    expect(report.ok).toBe(false);
    expect(report.findings.filter(({ state }) => state === 'fail')).toMatchObject([
      { check: 'redis of session', advice: expect.stringContaining('CACHE_ALIAS_SESSION_REDIS_URL') },
    ]);
  });

  it('sees that nobody does the jobs', async () => {
    const db = createDb({ url: database.url, logger: silentLogger });
    const put = (seconds: number) =>
      db.read
        .$queryRaw`SELECT (graphile_worker.add_job('timer', run_at => now() - make_interval(secs => ${seconds}))).id`;
    await put(90);
    const env = { DATABASE_URL: database.url, USE_REDIS: 'false' };
    expect(stateOf(await examine({ env }), 'jobs')).toMatchObject({ state: 'ok', detail: '1 due, 0 failed for good' });
    await put(200);
    const report = await examine({ env });
    expect(report.ok).toBe(true);
    expect(stateOf(report, 'jobs')).toMatchObject({
      state: 'warn',
      detail: '2 due, 0 failed for good; nobody does them: the oldest has waited for 3 minutes',
      advice: expect.stringContaining('WORKER=inside'),
    });
    await db.close();
  });

  it('names every setting that cannot be used', async () => {
    const report = await examine({ env: { PORT: 'many', REDIS_URL: 'ftp://x', NODE_ENV: 'production' } });
    expect(report.ok).toBe(false);
    const faults = report.findings
      .filter(({ check }) => check === 'environment')
      .map(({ detail }) => detail.split(':')[0]);
    expect(faults.toSorted()).toEqual(['JWT_SECRET', 'PORT', 'REDIS_URL']);
  });

  it('says of what is not there how to get it', async () => {
    const report = await examine({
      env: {
        DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/x',
        REDIS_URL: 'redis://127.0.0.1:1',
        CACHE_REDIS_TIMEOUT_MS: '500',
      },
      nodeVersion: '18.0.0',
    });
    expect(report.ok).toBe(false);
    expect(['node', 'postgres', 'redis'].map((check) => stateOf(report, check))).toMatchObject([
      { state: 'fail', advice: expect.stringContaining('Node.js 20.19') },
      { state: 'fail', advice: expect.stringContaining('DATABASE_URL') },
      { state: 'fail', advice: expect.stringContaining('REDIS_URL') },
    ]);
    expect(JSON.stringify(report)).not.toContain('nobody@');
  });

  it('fails a Redis that may drop invalidation records, and a replica', async () => {
    const replica = await startRedis({
      arguments: [
        '--maxmemory',
        '64mb',
        '--maxmemory-policy',
        'allkeys-lru',
        '--replicaof',
        '127.0.0.1',
        String(redis.port),
      ],
    });
    try {
      const report = await examine({ env: { DATABASE_URL: database.url, REDIS_URL: replica.url } });
      expect(stateOf(report, 'redis eviction')).toMatchObject({
        state: 'fail',
        advice: expect.stringContaining('volatile-lru'),
      });
      expect(stateOf(report, 'redis role')).toMatchObject({ state: 'fail' });
    } finally {
      await replica.stop();
    }
  });

  it('warns of clocks that disagree', async () => {
    const env = { DATABASE_URL: database.url, REDIS_URL: redis.url };
    const report = await examine({ env, now: () => Date.now() - 60_000 });
    for (const check of ['postgres clock', 'redis clock'])
      expect(stateOf(report, check)).toMatchObject({
        state: 'warn',
        detail: expect.stringMatching(/ms ahead of ours/),
      });
  });

  it('without Redis says what that means', async () => {
    const report = await examine({ env: { DATABASE_URL: database.url } });
    expect(stateOf(report, 'cache')).toMatchObject({
      state: 'ok',
      detail: expect.stringContaining('in the memory of the one server process'),
    });
    const off = await examine({ env: { DATABASE_URL: database.url, CACHE_ENABLED: 'false' } });
    expect(stateOf(off, 'cache')).toMatchObject({ state: 'warn' });
  });
});
