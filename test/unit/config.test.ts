import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, type Env, ensureJwtSecret, envExample, loadEnv } from '../../src/config/index.js';

const exampleFile = new URL('../../.env.example', import.meta.url);

describe('the configuration', () => {
  it('holds without a single variable', () => {
    const config = loadEnv({});
    expect(config).toMatchObject({
      nodeEnv: 'development',
      isProduction: false,
      dataDir: '.runam',
      redis: undefined,
      http: {
        host: '127.0.0.1',
        port: 4000,
        corsOrigins: [],
        rateLimitPerMinute: 0,
        bodyLimitBytes: 1_048_576,
        trustProxy: 0,
      },
      graphql: { hasPlayground: true, hasIntrospection: true, defaultTenant: 'lagos' },
      auth: { jwtSecret: undefined, accessTokenTtlS: 600, refreshTokenTtlS: 2_592_000 },
      database: { url: undefined, poolMax: 10, transactionTimeoutMs: 10_000, seedsDemo: true },
    });
    expect(config.cache).toMatchObject({
      isEnabled: true,
      keyPrefix: 'runam',
      quarantineMs: 5_000,
      onRedisLoss: 'commit',
    });
    expect(config.cache.types.ERRAND_LIST).toEqual({ timeoutS: 60, consistency: 'acked', alias: 'default' });
    expect(config.cache.types.BANKS_LIST).toMatchObject({
      timeoutS: 86_400,
      consistency: 'bounded',
      boundMs: 1_000,
      alias: 'default',
    });
  });

  it('is strict with money and permissions, and with what it is told to be', () => {
    const strictIn = (env: Env) =>
      Object.entries(loadEnv(env).cache.types).flatMap(([type, { consistency }]) =>
        consistency === 'strict' ? [type] : [],
      );
    expect(strictIn({})).toEqual(['ROLES', 'SESSION', 'USER_ESCROWS', 'ESCROW_DETAIL', 'DISPUTE_DETAIL']);
    const env = {
      CACHE_CONSISTENCY_ROLES: 'acked',
      CACHE_CONSISTENCY_SESSION: 'ttl',
      CACHE_CONSISTENCY_OFFERS: 'Strict',
    };
    expect(strictIn(env)).toEqual(['USER_ESCROWS', 'ESCROW_DETAIL', 'DISPUTE_DETAIL', 'OFFERS']);
  });

  it('serves metrics in production only when somebody decided so', () => {
    const production = { NODE_ENV: 'production', JWT_SECRET: 'x'.repeat(32) };
    const isServed = (env: Env) => loadEnv(env).metrics.isEnabled;
    expect([isServed({}), isServed({ METRICS_ENABLED: 'no' })]).toEqual([true, false]);
    expect([isServed(production), isServed({ ...production, METRICS_TOKEN: 'x'.repeat(16) })]).toEqual([false, true]);
    expect(isServed({ ...production, METRICS_ENABLED: 'true' })).toBe(true);
    expect(faultsOf({ METRICS_TOKEN: 'short' })).toEqual([
      'METRICS_TOKEN: got something else (not shown); takes at least 16 characters without spaces.',
    ]);
  });

  it('verifies one hit in a thousand in production, none elsewhere, or the share that is set', () => {
    const shareOf = (env: Env) => loadEnv({ JWT_SECRET: 'x'.repeat(32), ...env }).cache.shadowShare;
    expect(shareOf({})).toBe(0);
    expect(shareOf({ NODE_ENV: 'production' })).toBeCloseTo(0.001);
    expect(shareOf({ CACHE_SHADOW_PERCENT: '2.5' })).toBeCloseTo(0.025);
    expect(faultsOf({ CACHE_SHADOW_PERCENT: '101' })).toEqual([
      'CACHE_SHADOW_PERCENT: got "101"; takes percent from 0 (none) to 100, such as 0.5.',
    ]);
  });

  it('traces nothing unless a collector is set, and then as the standard variables say', () => {
    expect(loadEnv({}).tracing).toBeUndefined();
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };
    expect(loadEnv(endpoint).tracing).toEqual({
      url: 'http://collector:4318/v1/traces',
      headers: {},
      serviceName: 'runam',
      share: 1,
    });
    const headers = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20eA==, x-team=a' };
    expect(loadEnv({ ...endpoint, ...headers, OTEL_TRACES_SAMPLER_ARG: '0.1' }).tracing).toMatchObject({
      headers: { authorization: 'Basic eA==', 'x-team': 'a' },
      share: 0.1,
    });
    for (const wrong of ['nothing', 'a=%', 'a=%ff', 'a=b,']) {
      expect(faultsOf({ OTEL_EXPORTER_OTLP_HEADERS: wrong }), wrong).toHaveLength(1);
    }
  });

  it('says what becomes of a change that cannot be announced', () => {
    expect(loadEnv({ CACHE_ON_REDIS_LOSS: 'abort' }).cache.onRedisLoss).toBe('abort');
    expect(faultsOf({ CACHE_ON_REDIS_LOSS: 'wait' })).toEqual([
      'CACHE_ON_REDIS_LOSS: got "wait"; takes one of commit, abort.',
    ]);
  });

  it.each(['False', 'false', '0', 'no', 'OFF'])('takes %s for false', (text) => {
    expect(loadEnv({ CACHE_ENABLED: text }).cache.isEnabled).toBe(false);
  });

  it.each(['True', 'true', '1', 'YES', 'on'])('takes %s for true', (text) => {
    expect(
      loadEnv({ SANDBOX_PAYMENTS: text, NODE_ENV: 'production', JWT_SECRET: 'x'.repeat(32) }).payments.hasSandbox,
    ).toBe(true);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(loadEnv({ REDIS_URL: '', PORT: ' ', DATABASE_URL: '' })).toEqual(loadEnv({}));
  });

  it('is closed in production unless asked, and wants a secret there', () => {
    const production = { NODE_ENV: 'production', JWT_SECRET: 'x'.repeat(32) };
    expect(loadEnv(production)).toMatchObject({
      isProduction: true,
      graphql: { hasPlayground: false, hasIntrospection: false },
      log: { isPretty: false },
    });
    expect(loadEnv({ ...production, PLAYGROUND: 'on' }).graphql.hasPlayground).toBe(true);
    expect(faultsOf({ NODE_ENV: 'production' })).toEqual([
      'JWT_SECRET: is not set; production takes at least 32 characters.',
    ]);
  });

  it('seeds the demo only where the database is its own, unless told', () => {
    const databaseUrl = 'postgresql://somebody@db.example.com/runam';
    expect(loadEnv({ DATABASE_URL: databaseUrl }).database).toMatchObject({ url: databaseUrl, seedsDemo: true });
    expect(loadEnv({ NODE_ENV: 'production', JWT_SECRET: 'x'.repeat(32) }).database.seedsDemo).toBe(false);
    expect(loadEnv({ SEED_DEMO: 'no' }).database.seedsDemo).toBe(false);
  });

  it.each<[string, Env, string | undefined]>([
    ['REDIS_URL', { REDIS_URL: 'rediss://cache.example.com' }, 'rediss://cache.example.com'],
    ['a cluster', { REDIS_URL: 'redis-cluster://me:s%40@a:1,[::1]:2' }, 'redis-cluster://me:s%40@a:1,[::1]:2'],
    ['sentinels', { REDIS_URL: 'rediss-sentinel://a,b:26380/main/2' }, 'rediss-sentinel://a,b:26380/main/2'],
    ['REDIS_HOST alone', { REDIS_HOST: 'cache' }, 'redis://cache:6379/0'],
    [
      'all parts',
      { REDIS_HOST: 'cache', REDIS_PORT: '6380', REDIS_DB: '2', REDIS_PASSWORD: 'a:b@c' },
      'redis://:a%3Ab%40c@cache:6380/2',
    ],
    ['an IPv6 host', { REDIS_HOST: '::1' }, 'redis://[::1]:6379/0'],
    ['USE_REDIS alone', { USE_REDIS: 'True' }, 'redis://127.0.0.1:6379/0'],
    ['USE_REDIS=False, which wins', { USE_REDIS: 'False', REDIS_URL: 'redis://cache', REDIS_HOST: 'cache' }, undefined],
    ['a port without a host', { REDIS_PORT: '6380' }, undefined],
  ])('finds Redis from %s', (_what, env, url) => {
    expect(loadEnv(env).redis).toEqual(url === undefined ? undefined : { url });
  });

  it('says every fault at once: the variable, what it got, what it takes', () => {
    const env = {
      PORT: '70000',
      CACHE_TIMEOUT_ERRAND_LIST: 'abc',
      CACHE_ENABLED: 'maybe',
      LOG_LEVEL: 'loud',
      CACHE_CONSISTENCY_OFFERS: 'bounded',
    };
    expect(faultsOf(env)).toEqual([
      'PORT: got "70000"; takes whole numbers from 0 to 65535.',
      'LOG_LEVEL: got "loud"; takes one of trace, debug, info, warn, error, fatal, silent.',
      'CACHE_ENABLED: got "maybe"; takes true, false, 1, 0, yes, no, on or off.',
      'CACHE_TIMEOUT_ERRAND_LIST: got "abc"; takes whole seconds from 0 (do not cache) to 31536000.',
      'CACHE_CONSISTENCY_OFFERS: got "bounded"; takes one of strict, acked, bounded:<ms>, ttl, with whole milliseconds from 1 to 86400000.',
    ]);
  });

  it('takes a bound with its guarantee', () => {
    const { types } = loadEnv({ CACHE_CONSISTENCY_OFFERS: 'Bounded:250', CACHE_CONSISTENCY_BANKS_LIST: 'acked' }).cache;
    expect(types.OFFERS).toEqual({ timeoutS: 300, consistency: 'bounded', boundMs: 250, alias: 'default' });
    expect(types.BANKS_LIST).toEqual({ timeoutS: 86_400, consistency: 'acked', alias: 'default' });
  });

  it.each([
    'bounded',
    'bounded:',
    'bounded:0',
    'bounded:-1',
    'bounded:1.5',
    'bounded:86400001',
    'bounded:1s',
    'acked:5',
  ])('refuses %s as a guarantee', (text) => {
    expect(faultsOf({ CACHE_CONSISTENCY_OFFERS: text })).toHaveLength(1);
  });

  it.each(['-1', '1.5', '1e3', '0x10', '99999999999999999999', '60s'])('refuses %s as whole seconds', (text) => {
    expect(faultsOf({ CACHE_DEFAULT_TIMEOUT: text })).toHaveLength(1);
  });

  it('says what the settings that spare loads take', () => {
    const env = {
      CACHE_FILL_LEASE_MS: '1s',
      CACHE_SOFT_TTL_PERCENT: '0',
      CACHE_EARLY_REFRESH_BETA: '-1',
      CACHE_TTL_JITTER_PERCENT: '91',
      CACHE_STALE_IF_ERROR_S: '1.5',
      CACHE_NEGATIVE_TIMEOUT_S: '86401',
    };
    expect(faultsOf(env)).toEqual([
      'CACHE_FILL_LEASE_MS: got "1s"; takes whole milliseconds from 0 (every process loads for itself) to 600000.',
      'CACHE_SOFT_TTL_PERCENT: got "0"; takes whole percent from 1 to 100.',
      'CACHE_EARLY_REFRESH_BETA: got "-1"; takes numbers from 0 (never) to 100, such as 0.5.',
      'CACHE_TTL_JITTER_PERCENT: got "91"; takes whole percent from 0 to 90.',
      'CACHE_STALE_IF_ERROR_S: got "1.5"; takes whole seconds from 0 (not at all) to 86400.',
      'CACHE_NEGATIVE_TIMEOUT_S: got "86401"; takes whole seconds from 0 (not at all) to 86400.',
    ]);
    expect(loadEnv({ CACHE_EARLY_REFRESH_BETA: '0.5' }).cache.refill.earlyRefreshBeta).toBe(0.5);
  });

  it.each(['*', 'app.example.com', 'https://app.example.com/path', 'https://a.example,ftp'])(
    'refuses %s as web origins',
    (text) => {
      expect(faultsOf({ CORS_ORIGINS: text })).toHaveLength(1);
    },
  );

  it.each([
    'redis-cluster://',
    'redis-cluster://a:1,',
    'redis-cluster://a:1/3',
    'redis-sentinel://a:1',
    'redis-sentinel://a:1/main/x',
    'redis-sentinel://a:1/main?db=3',
    'redis://a:1,b:2',
    'redis+sentinel://a/main',
    'redis://a/one',
  ])('refuses %s as a Redis', (url) => {
    expect(faultsOf({ REDIS_URL: url })).toEqual([expect.stringContaining('redis-sentinel://')]);
  });

  it('tells processes apart that reach their Redis by other addresses, and never by their login', () => {
    const siteOf = (url: string): string => loadEnv({ REDIS_URL: url }).cache.site;
    expect(siteOf('redis://me:secret@a')).toBe('shared a:6379/0 runam');
    expect(siteOf('redis-cluster://me:secret@a:1,b:2')).toBe('shared cluster a:1,b:2/ runam');
    expect(siteOf('rediss-sentinel://:secret@a,b/main/2?sentinelPassword=secret')).toBe(
      'shared sentinel a,b/main/2 runam',
    );
  });

  it('does not let a misspelt cached type pass in silence', () => {
    expect(faultsOf({ CACHE_TIMEOUT_ERANDS: '60', CACHE_CONSISTENCY_USERDATA: 'ttl' })).toEqual([
      expect.stringMatching(
        /^CACHE_TIMEOUT_ERANDS: is not a cached type; CACHE_TIMEOUT_<TYPE> takes USER_DATA, .*OFFERS\.$/,
      ),
      expect.stringMatching(/^CACHE_CONSISTENCY_USERDATA: is not a cached type; .*USER_DATA/),
    ]);
  });

  it('never repeats a secret in a fault', () => {
    const env = { JWT_SECRET: 'hunter2', DATABASE_URL: 'mysql://me:hunter2@db/x', REDIS_URL: 'http://:hunter2@cache' };
    expect(faultsOf(env)).toHaveLength(3);
    expect(faultsOf(env).join('\n')).not.toContain('hunter2');
  });

  it('is told in full by .env.example, which says what holds', async () => {
    const text = await readFile(exampleFile, 'utf8');
    expect(text).toBe(envExample());
    const settings = [...text.matchAll(/^#([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
    expect(loadEnv(Object.fromEntries(settings))).toEqual(loadEnv({}));
  });
});

describe('the secret that signs tokens', () => {
  it('is made once, the same for all who ask at once, and kept for the owner only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runam-test-'));
    const dataDir = join(folder, 'data');
    const ask = () => ensureJwtSecret({ dataDir, jwtSecret: undefined });
    const secrets = new Set(await Promise.all([ask(), ask(), ask()]));
    secrets.add(await ask());
    expect(secrets.size).toBe(1);
    expect([...secrets][0]?.length).toBeGreaterThanOrEqual(32);
    expect((await stat(join(dataDir, 'jwt-secret'))).mode & 0o777).toBe(0o600);
    await rm(folder, { recursive: true });
  });

  it('is the configured one when there is one', async () => {
    expect(await ensureJwtSecret({ dataDir: '/nowhere', jwtSecret: 'configured' })).toBe('configured');
  });

  it('names the folder when it cannot be kept there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runam-test-'));
    await writeFile(join(folder, 'file'), '');
    const asked = ensureJwtSecret({ dataDir: join(folder, 'file'), jwtSecret: undefined });
    await expect(asked).rejects.toThrow(/RUNAM_DATA_DIR: .*jwt-secret cannot be used/);
    await rm(folder, { recursive: true });
  });
});

function faultsOf(env: Env): readonly string[] {
  try {
    loadEnv(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ variable, message }) => `${variable}: ${message}`);
    throw error;
  }
  return [];
}
