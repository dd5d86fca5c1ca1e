import { aliasOfType, cacheAliases, type CacheAlias, cacheAliasTimeoutsS } from './cache-aliases.js';
import { boundsMs, cachedTypes, type CachedType, cachedTypeTimeoutsS, strictTypes } from './cached-types.js';
import { consistency, decimal, flag, oneOf, redisUrl, text, whole } from './kinds.js';
import { variable, type Variable } from './variable.js';

const timeoutKind = whole({ unit: 'seconds', min: 0, max: 31_536_000, minMeans: 'do not cache' });
const compressKind = whole({ unit: 'bytes', min: 0, max: 1_000_000_000, minMeans: 'never' });

export const redisVariables = {
  REDIS_URL: variable(
    'Redis',
    'Redis to share the cache through: one server, a cluster or a primary under sentinels; wins over REDIS_HOST.',
    redisUrl,
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
  CACHE_NEAR_BYTES_MAX: variable(
    'Cache',
    'Memory for what this process used a moment ago, kept decoded in front of the store, which is then asked only whether it is still true.',
    whole({ unit: 'bytes', min: 0, max: 68_719_476_736, minMeans: 'nothing is kept' }),
    '33554432',
  ),
  CACHE_TAGS_MAX: variable(
    'Cache',
    'Changed rows and lists that Redis remembers one by one, about 250 bytes each. Beyond it the oldest are forgotten, and with them what was cached before their last change.',
    whole({ min: 1_000, max: 1_000_000_000 }),
    '1000000',
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

/** What spares loads. None of it changes how fresh an answer is. */
export const refillVariables = {
  CACHE_FILL_LEASE_MS: variable(
    'Cache',
    'How long the other processes leave the loading of one answer to the one that began; they wait less when such loads are quick.',
    whole({ unit: 'milliseconds', min: 0, max: 600_000, minMeans: 'every process loads for itself' }),
    '5000',
  ),
  CACHE_SOFT_TTL_PERCENT: variable(
    'Cache',
    'Part of its time to live after which an answer is loaded anew in the background while it is still shown. Times under ten seconds are left alone.',
    whole({ unit: 'percent', min: 1, max: 100 }),
    '80',
  ),
  CACHE_EARLY_REFRESH_BETA: variable(
    'Cache',
    'How eagerly answers that are slow to load are loaded anew before they expire (XFetch); 1 is the optimum.',
    decimal({ min: 0, max: 100, minMeans: 'never' }),
    '1',
  ),
  CACHE_TTL_JITTER_PERCENT: variable(
    'Cache',
    'By how much a time to live is shortened at random, so that answers loaded together do not expire together. Times under ten seconds are left alone.',
    whole({ unit: 'percent', min: 0, max: 90 }),
    '10',
  ),
  CACHE_STALE_IF_ERROR_S: variable(
    'Cache',
    'How much longer than its time to live an answer that nothing has changed may stand in while the database is away.',
    whole({ unit: 'seconds', min: 0, max: 86_400, minMeans: 'not at all' }),
    '60',
  ),
  CACHE_NEGATIVE_TIMEOUT_S: variable(
    'Cache',
    'How long it is remembered that there is no errand, user or escrow with an id.',
    whole({ unit: 'seconds', min: 0, max: 86_400, minMeans: 'not at all' }),
    '10',
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
    `What a read of ${type} is never older than. strict: any committed change; acked: any change whose sender got an answer; bounded:<ms>: the same so many milliseconds ago; ttl: CACHE_TIMEOUT_${type}.`,
    consistency,
    standardOf(type),
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
      redisUrl,
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

function standardOf(type: CachedType): string {
  const boundMs = boundsMs[type];
  if (boundMs !== undefined) return `bounded:${boundMs}`;
  return strictTypes.has(type) ? 'strict' : 'acked';
}

function perType<Made>(prefix: string, make: (type: CachedType) => Made): Readonly<Record<string, Made>> {
  return Object.fromEntries(cachedTypes.map((type) => [`${prefix}${type}`, make(type)]));
}
