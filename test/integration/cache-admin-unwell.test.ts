import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ExplainReport, HealthReport, StatsReport, WarmReport } from '../../src/admin/index.js';
import type { Env } from '../../src/config/index.js';
import { runRunam } from '../../src/runam.js';
import { ErrandsDocument } from '../support/generated/graphql.js';
import { openMarket } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { createRestClient, type RestClient } from '../support/rest-client.js';
import { joinAs, tokenOf } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface Stage {
  readonly app: TestApp;
  readonly rest: RestClient;
  readonly token: string;
}

async function start(env: Env, database?: TestDatabase): Promise<Stage> {
  const app = await startTestApp({ env: { PLATFORM_TENANT: 'lagos', ...env }, ...(database && { database }) });
  const lagos =
    (await app.app.db.read.tenant.findUnique({ where: { slug: 'lagos' } }))?.id ?? (await openMarket(app.app.db));
  const { email } = await joinAs(app.app.db, app.client, lagos, 'ADMIN');
  const token = await tokenOf(app.client, email);
  return { app, token, rest: createRestClient(app.url, { authorization: `Bearer ${token}` }) };
}

describe('the administration of a cache whose Redis is away', { timeout: 60_000 }, () => {
  let redis: RedisProcess;
  let stage: Stage;

  beforeAll(async () => {
    redis = await startRedis();
    stage = await start({ REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0', CACHE_REDIS_TIMEOUT_MS: '200' });
    await stage.app.client.ask(ErrandsDocument, {});
    await redis.kill();
  });
  afterAll(async () => {
    await stage.app.close();
    await redis.stop();
  });

  it('says unwell with status 503 and why, and the command line ends with 1', async () => {
    const { status, body } = await stage.rest.get<HealthReport>('/api/cache/health/');
    expect(status).toBe(503);
    expect(body).toMatchObject({ ok: false, aliases: { default: { ok: false, state: 'lost', latencyMs: 0 } } });
    const said: string[] = [];
    const stdout = { write: (text: string) => said.push(text) } as unknown as NodeJS.WritableStream;
    const args = ['cache', 'health', '--json', '--url', stage.app.url, '--token', stage.token];
    const code = await runRunam({ args, env: {}, terminal: { stdin: process.stdin, stdout, stderr: stdout } });
    expect([code, JSON.parse(said.join('')) as HealthReport]).toMatchObject([1, { ok: false }]);
  });

  it.each(['/api/cache/clear_all/', '/api/cache/clear_reports/'])(
    'does not pretend that %s was done: UNAVAILABLE, to be tried again',
    async (path) => {
      const { status, body } = await stage.rest.post(path);
      expect(status).toBe(503);
      expect(body.errors?.[0]).toMatchObject({
        message: expect.stringContaining('cannot be reached'),
        extensions: { code: 'UNAVAILABLE', retryable: true },
      });
    },
  );

  it('shows no keys rather than none: UNAVAILABLE too', async () => {
    expect((await stage.rest.get('/api/cache/keys/')).status).toBe(503);
  });

  it('still counts, explains and warms', async () => {
    expect((await stage.rest.get<StatsReport>('/api/cache/stats/')).status).toBe(200);
    const explained = await stage.rest.post<ExplainReport>('/api/cache/explain/', { query: '{ banks { id } }' });
    expect(explained.body.fields[0]?.explanation).toMatchObject({ wouldHit: false, reason: 'store-unavailable' });
    const warmed = await stage.rest.post<WarmReport>('/api/cache/warm/', { types: ['ERRAND_LIST'] });
    expect(warmed.body).toMatchObject({ total: 2, loaded: 0, bypassed: 2, failed: 0 });
  });
});

describe('a server', { timeout: 60_000 }, () => {
  it('that warms at its start answers at once, and its first visitor gets a hit', async () => {
    const database = await createTestDatabase();
    const first = await start({}, database);
    await first.app.close();
    // A Redis that has just begun is held back for so long: what is loaded before it is lifted would not be kept.
    const redis = await startRedis();
    const env = { REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '3000', CACHE_WARM_AT_START: 'true' };
    const { app } = await start(env, database);
    const fresh = createRestClient(app.url);
    expect((await fresh.get('/healthz')).status).toBe(200);
    await vi.waitFor(
      async () => {
        const { types } = await app.app.cacheAdmin.stats({ name: 'test', tenant: undefined });
        expect(types['ERRAND_LIST']?.misses, 'warmed').toBe(2);
      },
      { timeout: 40_000 },
    );
    expect((await app.client.ask(ErrandsDocument, {})).cacheStatus).toContain('; hit');
    await app.close();
    await redis.stop();
    await database.drop();
  }, 60_000);

  it('whose platform market does not exist leaves every admin their own market, and nobody more', async () => {
    const { app, rest } = await start({ PLATFORM_TENANT: 'atlantis' });
    const { body } = await rest.post<{ scope: string }>('/api/cache/clear_all');
    const { id } = await app.app.db.read.tenant.findUniqueOrThrow({ where: { slug: 'lagos' } });
    expect(body.scope).toBe(`market ${id}`);
    expect((await rest.post('/api/cache/clear', { tags: ['banks_list:NG'] })).status).toBe(403);
    await app.close();
  });

  it('without Redis is administered through its own doors, and its cache switched off says so', async () => {
    const { app, rest } = await start({ CACHE_ENABLED: 'false' });
    const { body } = await rest.post<ExplainReport>('/api/cache/explain/', { query: '{ banks { id } }' });
    expect(body.fields[0]?.explanation).toMatchObject({
      wouldHit: false,
      reason: 'disabled',
      why: 'the cache is switched off',
    });
    await app.close();
    const memory = await start({ PLATFORM_TENANT: 'lagos' });
    const ask = () => memory.app.client.ask(ErrandsDocument, {});
    await ask();
    expect((await ask()).cacheStatus).toContain('; hit');
    expect((await memory.rest.post('/api/cache/clear_all')).status).toBe(200);
    expect((await ask()).cacheStatus).toContain('fwd=miss');
    await memory.app.close();
  });
});
