import { describe, expect, it } from 'vitest';
import { standardAliases } from '../../src/cache/index.js';
import { ConfigError, loadEnv, type Env } from '../../src/config/index.js';

const faultsOf = (env: Env): readonly string[] => {
  try {
    loadEnv(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ variable, message }) => `${variable}: ${message}`);
    throw error;
  }
  return [];
};

describe('aliases in the environment', () => {
  it('have the times of the library without a single variable, and no Redis of their own', () => {
    const { aliases, types } = loadEnv({}).cache;
    const inMs = Object.entries(aliases).map(([name, { timeoutS }]) => [name, { ttlMs: timeoutS * 1000 }]);
    expect(Object.fromEntries(inMs)).toEqual(standardAliases);
    expect(Object.values(aliases).every(({ redis }) => redis === undefined)).toBe(true);
    expect(types.SESSION).toEqual({ timeoutS: 3600, consistency: 'strict', alias: 'session' });
  });

  it("give their time to types that have none, and a type's own time wins", () => {
    const timesOf = (env: Env) => {
      const { SESSION, OFFERS, ERRAND_LIST } = loadEnv(env).cache.types;
      return [SESSION.timeoutS, OFFERS.timeoutS, ERRAND_LIST.timeoutS];
    };
    expect(timesOf({ CACHE_ALIAS_SESSION_TIMEOUT: '60' })).toEqual([60, 300, 60]);
    expect(timesOf({ CACHE_ALIAS_SESSION_TIMEOUT: '60', CACHE_TIMEOUT_SESSION: '7' })).toEqual([7, 300, 60]);
    expect(timesOf({ CACHE_DEFAULT_TIMEOUT: '50' })).toEqual([3600, 50, 60]);
    expect(timesOf({ CACHE_DEFAULT_TIMEOUT: '50', CACHE_ALIAS_DEFAULT_TIMEOUT: '40' })).toEqual([3600, 40, 60]);
  });

  it('compress above what they say, else above what the cache says, and 0 is never', () => {
    const { session, reports, api } = loadEnv({
      CACHE_COMPRESS_ABOVE_BYTES: '100',
      CACHE_ALIAS_SESSION_COMPRESS_ABOVE_BYTES: '200',
      CACHE_ALIAS_API_COMPRESS_ABOVE_BYTES: '0',
    }).cache.aliases;
    expect([session, reports, api].map((one) => one.compressAboveBytes)).toEqual([200, 100, Number.POSITIVE_INFINITY]);
  });

  it.each<[string, Env, string | undefined]>([
    ['of their own', { CACHE_ALIAS_SESSION_REDIS_URL: 'redis://own' }, 'redis://own'],
    [
      'that is the main one, which is none of their own',
      { REDIS_URL: 'redis://a', CACHE_ALIAS_SESSION_REDIS_URL: 'redis://a' },
      undefined,
    ],
    ['switched off', { USE_REDIS: 'false', CACHE_ALIAS_SESSION_REDIS_URL: 'redis://own' }, undefined],
  ])('find a Redis %s', (_, env, url) => {
    expect(loadEnv(env).cache.aliases.session.redis?.url).toBe(url);
  });

  it('are part of the name by which processes agree on their cache, as stores, in whatever order and without passwords', () => {
    const main = { REDIS_URL: 'redis://:secret@main:1/2' };
    const site = (env: Env): string => loadEnv({ ...main, ...env }).cache.site;
    expect(site({})).toBe('shared main:1/2 runam');
    const both = site({ CACHE_ALIAS_SESSION_REDIS_URL: 'redis://:secret@b', CACHE_ALIAS_API_REDIS_URL: 'redis://c/1' });
    expect(both).toBe('shared main:1/2 b:6379/0 c:6379/1 runam');
    expect(site({ CACHE_ALIAS_API_REDIS_URL: 'redis://b', CACHE_ALIAS_SESSION_REDIS_URL: 'redis://c/1' })).toBe(both);
    expect(site({ CACHE_ALIAS_SESSION_REDIS_URL: 'redis://b' })).not.toBe(both);
    expect(site({ CACHE_ALIAS_SESSION_REDIS_URL: 'redis://b', CACHE_STORE_NAME: 'all' })).toBe('shared all');
    // What is cached in memory is nobody else's to hear of, whatever else is shared.
    expect(loadEnv({ CACHE_ALIAS_SESSION_REDIS_URL: 'redis://b' }).cache.site).toBe('memory');
    expect(loadEnv({ CACHE_ENABLED: 'no', CACHE_ALIAS_SESSION_REDIS_URL: 'redis://b' }).cache.site).toBe(
      'shared b:6379/0 runam',
    );
    expect(loadEnv({ CACHE_ENABLED: 'no' }).cache.site).toBe('none');
  });

  it('that are wrong or unknown are faults that say what is taken, without a secret', () => {
    const faults = faultsOf({
      CACHE_ALIAS_SESSION_TIMEOUT: 'soon',
      CACHE_ALIAS_API_REDIS_URL: 'http://:secret@host',
      CACHE_ALIAS_REPORT_TIMEOUT: '5',
      CACHE_COMPRESS_ABOVE_BYTES: '-1',
    });
    expect(faults).toHaveLength(4);
    expect(faults.join('\n')).toContain('CACHE_ALIAS_SESSION_TIMEOUT: got "soon"; takes whole seconds from 0');
    expect(faults.join('\n')).toContain('CACHE_ALIAS_API_REDIS_URL: got something else (not shown); takes redis://');
    expect(faults.join('\n')).toContain(
      'CACHE_ALIAS_REPORT_TIMEOUT: is no setting of an alias; there are CACHE_ALIAS_DEFAULT_TIMEOUT,',
    );
    expect(faults.join('\n')).not.toContain('secret');
  });
});
