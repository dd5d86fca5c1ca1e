import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ErrandDocument, MeDocument, UpdateErrandDocument } from '../support/generated/graphql.js';
import { postGraphql } from '../support/http.js';
import { join, openMarket, post, type Person } from '../support/market.js';
import { startRedis } from '../support/redis.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const token = 'a-token-for-scrapers';

describe('/metrics', () => {
  let app: TestApp;
  let customer: Person;
  let errandId: string;

  beforeAll(async () => {
    app = await startTestApp();
    await openMarket(app.app.db);
    customer = await join(app.client, 'CUSTOMER');
    errandId = await post(customer);
  });
  afterAll(() => app.close());

  /** Adds up the samples of a metric whose labels contain all of `labels`. */
  const valueOf = async (name: string, labels: readonly string[] = []): Promise<number> =>
    (await scrape(app.url))
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => labels.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);

  it('counts every read by type and tier, and whether it hit, missed or went past', async () => {
    const labels = ['type="ERRAND_DETAIL"', 'tier="acked"', 'alias="default"'];
    const names = ['cache_get_total', 'cache_hits_total', 'cache_misses_total', 'cache_fills_total'];
    const counts = () =>
      Promise.all(names.map((name) => valueOf(name, name === 'cache_fills_total' ? labels.slice(0, 1) : labels)));
    const before = await counts();
    for (let times = 0; times < 3; times += 1) await app.client.get(ErrandDocument, { id: errandId });
    const after = await counts();
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([3, 2, 1, 1]);
    expect(await valueOf('cache_read_duration_seconds_count', [...labels, 'kind="hit"'])).toBe(after[1]);
    expect(await valueOf('cache_stored_bytes_total', labels.slice(0, 1))).toBeGreaterThan(100);
  });

  it('counts invalidations and the tags they spoil', async () => {
    const before = [await valueOf('cache_invalidations_total'), await valueOf('cache_invalidated_tags_total')];
    await customer.client.get(UpdateErrandDocument, { id: errandId, input: { title: 'Another' } });
    expect(await valueOf('cache_invalidations_total')).toBe((before[0] ?? 0) + 1);
    expect(await valueOf('cache_invalidated_tags_total')).toBeGreaterThan((before[1] ?? 0) + 1);
  });

  it('says how the store is and that no announced write is open', async () => {
    expect(await valueOf('cache_store_state', ['state="ready"'])).toBe(1);
    expect(await valueOf('cache_store_state', ['state="lost"'])).toBe(0);
    expect(await valueOf('cache_open_intents')).toBe(0);
  });

  it('times requests by route and operations by root field, never by a name that a client chose', async () => {
    await postGraphql(app.url, 'query Chosen { banks { name } }');
    await postGraphql(app.url, 'query Other { banks { name } ledgerHealth { ok } }');
    await postGraphql(app.url, 'query { chosenByMe }');
    await fetch(new URL('/chosen/by/me', app.url));
    const text = await scrape(app.url);
    expect(text.toLowerCase()).not.toContain('chosen');
    expect(await valueOf('graphql_operation_duration_seconds_count', ['field="banks"', 'result="ok"'])).toBe(1);
    expect(await valueOf('graphql_operation_duration_seconds_count', ['field="several"', 'result="error"'])).toBe(1);
    expect(await valueOf('graphql_operation_duration_seconds_count', ['field="none"', 'kind="unknown"'])).toBe(1);
    expect(await valueOf('http_request_duration_seconds_count', ['route="/graphql"', 'status="200"'])).toBeGreaterThan(
      0,
    );
    expect(await valueOf('http_request_duration_seconds_count', ['route="none"', 'status="404"'])).toBe(1);
  });

  it('shows the process and its connections to the database', async () => {
    const text = await scrape(app.url);
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
    expect((await valueOf('pg_pool_connections')) > 0).toBe(true);
    expect(text).toContain('pg_pool_waiting 0');
  });

  it('has every metric that the dashboard shows', async () => {
    const dashboard = await readFile(new URL('../../deploy/grafana/runam-cache.json', import.meta.url), 'utf8');
    const shown = new Set(dashboard.match(/\b(?:cache|graphql|http|pg)_[a-z_]+(?=\[|\{|\)|"| or)/g));
    const described = new Set([...(await scrape(app.url)).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    expect(shown.size).toBeGreaterThan(10);
    expect([...shown].filter((name) => !described.has(name.replace(/_bucket$/, '')))).toEqual([]);
  });

  it('is well formed: every metric is described once, and no sample stands twice', async () => {
    const lines = (await scrape(app.url)).split('\n').filter(Boolean);
    const described = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2]);
    expect(new Set(described).size).toBe(described.length);
    const samples = lines.filter((line) => !line.startsWith('#')).map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(samples).size).toBe(samples.length);
  });
});

describe('/metrics in production', () => {
  const production = { NODE_ENV: 'production', JWT_SECRET: 'a secret for tests that is long enough' };

  it.each([
    ['is not served unless somebody decided so', {}, undefined, 404],
    ['is served to everybody when it is switched on without a token', { METRICS_ENABLED: 'true' }, undefined, 200],
    ['is refused without the token that is set', { METRICS_TOKEN: token }, undefined, 401],
    ['is refused with another token', { METRICS_TOKEN: token }, 'Bearer another-token', 401],
    ['is served with the token that is set', { METRICS_TOKEN: token }, `Bearer ${token}`, 200],
  ])('%s', async (_what, env, authorization, status) => {
    const app = await startTestApp({ env: { ...production, ...env } });
    const answer = await fetch(new URL('/metrics', app.url), { headers: authorization ? { authorization } : {} });
    await app.close();
    expect(answer.status).toBe(status);
  });
});

describe('/metrics of caches in several stores', () => {
  it('names the alias of what it counts, and tells the state of each store by the first alias in it', async () => {
    const [main, own] = await Promise.all([startRedis(), startRedis()]);
    const env = { REDIS_URL: main.url, CACHE_ALIAS_SESSION_REDIS_URL: own.url, CACHE_QUARANTINE_MS: '0' };
    const app = await startTestApp({ env });
    await openMarket(app.app.db);
    const { client } = await join(app.client, 'CUSTOMER');
    await client.get(MeDocument);
    const found = async (...lines: readonly RegExp[]): Promise<void> => {
      const text = await scrape(app.url);
      for (const line of lines) expect(text).toMatch(line);
    };
    await found(
      /^cache_get_total\{alias="session",type="SESSION",/m,
      /^cache_get_total\{alias="default",type="ROLES",/m,
      /^cache_fills_total\{alias="session",type="SESSION"\}/m,
    );
    expect(await scrape(app.url)).not.toMatch(/alias="default",type="SESSION"/);
    await own.kill();
    await vi.waitFor(
      () =>
        found(
          /^cache_store_state\{alias="session",store="redis",state="lost"\} 1$/m,
          /^cache_store_state\{alias="default",store="redis",state="ready"\} 1$/m,
          /^cache_open_intents\{alias="default"\} 0$/m,
        ),
      { timeout: 45_000 },
    );
    expect(await scrape(app.url)).not.toMatch(/^cache_open_intents\{alias="session"\}/m);
    await app.close();
    await Promise.all([main.stop(), own.stop()]);
  }, 120_000);
});

describe('/metrics without the store', () => {
  it('answers, says that the store is lost, and does not guess how many announced writes are open', async () => {
    const redis = await startRedis();
    const app = await startTestApp({ env: { REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0' } });
    const found = async (line: RegExp): Promise<void> => expect(await scrape(app.url)).toMatch(line);
    await vi.waitFor(() => found(/^cache_open_intents\{alias="default"\} 0$/m), { timeout: 45_000 });
    await redis.kill();
    await vi.waitFor(() => found(/^cache_store_state\{alias="default",store="redis",state="lost"\} 1$/m), {
      timeout: 45_000,
    });
    expect(await scrape(app.url)).not.toMatch(/^cache_open_intents\{/m);
    await app.close();
    await redis.stop();
  }, 120_000);
});

async function scrape(url: string): Promise<string> {
  const answer = await fetch(new URL('/metrics', url));
  if (!answer.ok) throw new Error(`/metrics answered ${answer.status}: ${await answer.text()}`);
  return answer.text();
}
