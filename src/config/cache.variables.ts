import { aliasOfType, cacheAliases, type CacheAlias, cacheAliasTimeoutsS } from './cache-aliases.js';
import { cachedTypes, type CachedType, cachedTypeTimeoutsS, strictTypes } from './cached-types.js';
import { flag, oneOf, text, url, whole } from './kinds.js';
import { variable, type Variable } from './variable.js';

const timeoutKind = whole({ unit: 'seconds', min: 0, max: 31_536_000, minMeans: 'do not cache' });
const redisUrlKind = url(['redis:', 'rediss:'], 'redis://[:password@]host:6379[/db] or rediss://… for TLS');
const compressKind = whole({ unit: 'bytes', min: 0, max: 1_000_000_000, minMeans: 'never' });
const consistencyKind = oneOf(['strict', 'acked', 'ttl']);

export const redisVariables = {
  REDIS_URL: variable(
    'Redis',
    'Redis to share the cache through; wins over REDIS_HOST.',
    redisUrlKind,
    undefined,
    'the cache stays in the process',
  ),
  USE_REDIS: variable(
    'Redis',
    'false turns Redis off whatever else is set; true uses REDIS_HOST without naming it.',
    flag,
    undefined,
    'on when REDIS_URL or REDIS_HOST is set',
  ),
  REDIS_HOST: variable(
    'Redis',
    'Host, when REDIS_URL is not set.',
    text({ pattern: /^[\w.:-]+$/, takes: 'an IP address or a host name' }),
    undefined,
    '127.0.0.1 with USE_REDIS=true',
  ),
  REDIS_PORT: variable('Redis', 'Port beside REDIS_HOST.', whole({ min: 1, max: 65_535 }), '6379'),
  REDIS_DB: variable('Redis', 'Database number beside REDIS_HOST.', whole({ min: 0, max: 1_000 }), '0'),
  REDIS_PASSWORD: variable(
    'Redis',
    'Password beside REDIS_HOST.',
    text({ pattern: /^.+$/s, takes: 'any text', isSecret: true }),
    undefined,
    'none',
  ),
};

export const cacheVariables = {
  CACHE_ENABLED: variable('Cache', 'False sends every read to the database.', flag, 'True'),
  CACHE_DEFAULT_TIMEOUT: variable(
    'Cache',
    'How long a value lives when its type has no time of its own.',
    timeoutKind,
    '300',
  ),
  CACHE_KEY_PREFIX: variable(
    'Cache',
    'First part of every key; tells installations on one Redis apart.',
    text({ pattern: /^[\w.-]{1,40}$/, takes: '1 to 40 letters, digits, _ . and -' }),
    'runam',
  ),
  CACHE_STORE_NAME: variable(
    'Cache',
    'Which shared cache this is, with the Redis of every alias. Processes on one database must agree on it; set it when they reach one Redis by different addresses.',
    text({ pattern: /^.{1,200}$/, takes: '1 to 200 characters' }),
    undefined,
    'host, port and database of every Redis, and CACHE_KEY_PREFIX',
  ),
  CACHE_COMPRESS_ABOVE_BYTES: variable(
    'Cache',
    'Longer values are compressed in Redis. Saves two thirds of the memory of a list; each read of such an entry takes some ten microseconds more.',
    compressKind,
    '4096',
  ),
  CACHE_MEMORY_BYTES_MAX: variable(
    'Cache',
    'Memory for the in-process store.',
    whole({ unit: 'bytes', min: 65_536, max: 68_719_476_736 }),
    '67108864',
  ),
  CACHE_MEMORY_ENTRIES_MAX: variable(
    'Cache',
    'Entries in the in-process store.',
    whole({ min: 1, max: 100_000_000 }),
    '100000',
  ),
  CACHE_REDIS_TIMEOUT_MS: variable(
    'Cache',
    'Longest wait for an answer of Redis.',
    whole({ unit: 'milliseconds', min: 1, max: 60_000 }),
    '1000',
  ),
  CACHE_ON_REDIS_LOSS: variable(
    'Cache',
    'What becomes of a change of a strict type that cannot be announced to Redis. commit: it is made, and those who still reach Redis may see the old value for about a second; abort: it is refused as UNAVAILABLE, to be tried again.',
    oneOf(['commit', 'abort']),
    'commit',
  ),
  CACHE_WARM_AT_START: variable(
    'Cache',
    'Load what visitors ask first, in the background, when the server starts.',
    flag,
    'False',
  ),
  CACHE_WARM_CONCURRENCY: variable('Cache', 'How many entries are warmed at once.', whole({ min: 1, max: 100 }), '4'),
  CACHE_QUARANTINE_MS: variable(
    'Cache',
    'How long nothing is shown from the cache after Redis lost its memory: longer than any process takes to reconnect.',
    whole({ unit: 'milliseconds', min: 0, max: 600_000 }),
    '5000',
  ),
};

/** `CACHE_TIMEOUT_<TYPE>` and `CACHE_CONSISTENCY_<TYPE>` for every cached type. */
export const timeoutVariables = perType('CACHE_TIMEOUT_', (type) => {
  const ownS = cachedTypeTimeoutsS[type];
  const about = `How long ${type} lives.`;
  return ownS === undefined
    ? variable('Cache times per type', about, timeoutKind, undefined, unsetTimeout(type))
    : variable('Cache times per type', about, timeoutKind, String(ownS));
});
/** `CACHE_ALIAS_<NAME>_TIMEOUT`, `…_REDIS_URL` and `…_COMPRESS_ABOVE_BYTES` for every alias. */
export const aliasVariables: Readonly<Record<string, Variable<unknown>>> = Object.fromEntries(
  cacheAliases.flatMap((alias) => Object.entries(variablesOfAlias(alias))),
);
export const consistencyVariables = perType('CACHE_CONSISTENCY_', (type) =>
  variable(
    'Cache consistency per type',
    `What a read of ${type} is never older than. strict: any committed change; acked: any change whose sender got an answer; ttl: CACHE_TIMEOUT_${type}.`,
    consistencyKind,
    strictTypes.has(type) ? 'strict' : 'acked',
  ),
);

function unsetTimeout(type: CachedType): string {
  const alias = aliasOfType(type);
  return alias === 'default' ? 'CACHE_ALIAS_DEFAULT_TIMEOUT' : aliasVariable(alias, 'TIMEOUT');
}

export function aliasVariable(alias: CacheAlias, what: 'TIMEOUT' | 'REDIS_URL' | 'COMPRESS_ABOVE_BYTES'): string {
  return `CACHE_ALIAS_${alias.toUpperCase()}_${what}`;
}

function variablesOfAlias(alias: CacheAlias): Readonly<Record<string, Variable<unknown>>> {
  const group = 'Cache aliases';
  const ownS = cacheAliasTimeoutsS[alias];
  const lives = `How long entries of the alias ${alias} live that have no time of their own.`;
  return {
    [aliasVariable(alias, 'TIMEOUT')]:
      ownS === undefined
        ? variable(group, lives, timeoutKind, undefined, 'CACHE_DEFAULT_TIMEOUT')
        : variable(group, lives, timeoutKind, String(ownS)),
    [aliasVariable(alias, 'REDIS_URL')]: variable(
      group,
      `A Redis for the alias ${alias} alone. USE_REDIS=false turns it off too.`,
      redisUrlKind,
      undefined,
      'where the rest of the cache is',
    ),
    [aliasVariable(alias, 'COMPRESS_ABOVE_BYTES')]: variable(
      group,
      `Longer values of the alias ${alias} are compressed in Redis.`,
      compressKind,
      undefined,
      'CACHE_COMPRESS_ABOVE_BYTES',
    ),
  };
}

function perType<Made>(prefix: string, make: (type: CachedType) => Made): Readonly<Record<string, Made>> {
  return Object.fromEntries(cachedTypes.map((type) => [`${prefix}${type}`, make(type)]));
}
