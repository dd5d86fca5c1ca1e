import {
  createMemoryStore,
  createNullStore,
  createRedisStore,
  type AliasOptions,
  type CacheSet,
  type CacheSetOptions,
  type Store,
} from './cache/index.js';
import type { Config } from './config/index.js';
import type { Db } from './db/index.js';
import type { TtlPolicy, TypePolicy } from './graphql/index.js';
import { cacheTypes, tagsSpoiledBy, type CacheType } from './invalidation/index.js';

export interface CachesOptions {
  readonly config: Config;
  /** Told apart by it: the entries of versions whose answers have other shapes. */
  readonly shape: string;
  readonly db: Pick<Db, 'tellUntold' | 'eachUntold' | 'writesEnded'>;
  readonly make: (options: CacheSetOptions) => CacheSet;
}

/** The caches that the configuration describes, one engine for each store. */
export function createCaches({ config, shape, db, make }: CachesOptions): CacheSet {
  const { keyPrefix, types } = config.cache;
  const { main, aliases } = storesOf(config);
  const isOneStore = Object.values(aliases).every(({ store }) => store === main);
  return make({
    store: main,
    aliases,
    typeAliases: Object.fromEntries(cacheTypes.map((type) => [type, types[type].alias])),
    prefix: `${keyPrefix}:${shape}`,
    // What is told to the one store is told to all. Of several, one catches up alone, and the rows wait for the others.
    replay: isOneStore
      ? async () => void (await db.tellUntold(0))
      : (target) => db.eachUntold((changes) => target.bump(tagsSpoiledBy(changes))),
    settled: () => db.writesEnded(),
    nearBytesMax: config.cache.nearBytesMax,
    leaseMs: config.cache.refill.leaseMs,
    jitter: config.cache.refill.jitterPercent / 100,
    earlyRefreshBeta: config.cache.refill.earlyRefreshBeta,
  });
}

/** With the cache switched off but Redis configured, writes are still told to the processes that do cache. */
function storesOf({ cache, redis }: Config): { main: Store; aliases: Readonly<Record<string, AliasOptions>> } {
  const { memoryBytesMax, memoryEntriesMax } = cache;
  const stores = new Map<string, Store>();
  const storeAt = (url: string): Store => {
    const store = stores.get(url) ?? redisStoreOf(url, cache);
    stores.set(url, store);
    return store;
  };
  const inProcess = (): Store =>
    cache.isEnabled ? createMemoryStore({ bytesMax: memoryBytesMax, entriesMax: memoryEntriesMax }) : createNullStore();
  const main = redis ? storeAt(redis.url) : inProcess();
  const aliases = Object.entries(cache.aliases).map(([name, { timeoutS, redis: own, compressAboveBytes }]) => {
    const store = own ? storeAt(own.url) : main;
    // Within the process nothing is transferred, and each hit would pay.
    const packing = store.kind === 'redis' ? { compressAboveBytes } : {};
    return [name, { store, ttlMs: timeoutS * 1000, ...packing }];
  });
  return { main, aliases: Object.fromEntries(aliases) as Readonly<Record<string, AliasOptions>> };
}

function redisStoreOf(url: string, cache: Config['cache']): Store {
  const { keyPrefix, quarantineMs, redisTimeoutMs, tagsMax } = cache;
  const tagAgeMsMax = longestTimeoutMs(cache) + tagGraceMs;
  return createRedisStore({
    url,
    prefix: keyPrefix,
    commandTimeoutMs: redisTimeoutMs,
    quarantineMs,
    tagsMax,
    tagAgeMsMax,
  });
}

/** An entry may live on for a while beyond its time to live, and its load may take long. */
const tagGraceMs = 3_600_000;

function longestTimeoutMs({ types, aliases }: Config['cache']): number {
  const timeoutsS = [
    ...cacheTypes.map((type) => types[type].timeoutS),
    ...Object.values(aliases).map((one) => one.timeoutS),
  ];
  return Math.max(...timeoutsS) * 1000;
}

/** A time to live shorter than this is meant to the word: nothing is loaded anew before it is over. */
const softTtlFromMs = 10_000;

/** How long answers of each type live, and what is promised of them. */
export function policyOf({ cache }: Config): TtlPolicy {
  const { softTtlPercent, staleIfErrorS, negativeTimeoutS } = cache.refill;
  const entries = cacheTypes.map((type): [CacheType, TypePolicy] => {
    const { timeoutS, consistency, boundMs } = cache.types[type];
    const ttlMs = cache.isEnabled ? timeoutS * 1000 : 0;
    const isSoft = softTtlPercent < 100 && ttlMs >= softTtlFromMs;
    const times = { staleIfErrorMs: staleIfErrorS * 1000, negativeTtlMs: negativeTimeoutS * 1000 };
    const bound = boundMs !== undefined && { boundMs };
    const soft = isSoft && { softTtlMs: (ttlMs * softTtlPercent) / 100 };
    return [type, { ttlMs, tier: consistency, ...bound, ...times, ...soft }];
  });
  return Object.fromEntries(entries) as TtlPolicy;
}

export function strictTypesOf({ cache }: Config): ReadonlySet<CacheType> {
  return new Set(cacheTypes.filter((type) => cache.types[type].consistency === 'strict'));
}
