import { inspect } from 'node:util';
import type { CacheOptions } from '../cache.js';
import type { Store } from '../store.js';
import { createMemoryStore } from '../stores/memory.js';
import { createRedisStore } from '../stores/redis.js';
import type { Cache, CacheHealth, StoreKind } from '../types.js';
import type { CacheHandle, ModelTags } from './cache-handle.js';
import { createCacheSet } from './cache-set.js';
import type { AliasOptions, CacheSet } from './cache-set.js';
import type { CacheControl } from './control.js';
import { InvalidCacheOption } from './faults.js';
import { createHandle } from './handle.js';
import { standardAliases } from './standard-aliases.js';

export interface CachesOptions<Models extends ModelTags = ModelTags> extends Pick<
  CacheOptions,
  'entryLengthMax' | 'loadsMax' | 'now' | 'registerTypes'
> {
  /** `redis://` or `rediss://`, for everything that has no store of its own. Default: the memory of this process. */
  readonly redisUrl?: string;
  /** Instead of `redisUrl`. */
  readonly store?: Store;
  /** First part of every key; programs that must hear of each other's invalidations have the same. Default `cache`. */
  readonly prefix?: string;
  /** Of the shapes of the values: programs with different ones do not see each other's entries. Default `1`. */
  readonly version?: string;
  /** Default: `standardAliases`. */
  readonly aliases?: Readonly<Record<string, CachesAlias>>;
  /** Longer values are stored compressed, bytes. Default 4096 in Redis; in memory none. */
  readonly compressAboveBytes?: number;
  /** Which tags a row of a model spoils, for `invalidateModel`. */
  readonly models?: Models;
  /** For programs that keep invalidations in an outbox of their own: see `CacheSetOptions`. */
  readonly replay?: (target: Pick<Cache, 'bump'>) => Promise<void>;
}

export interface CachesAlias extends AliasOptions {
  /** A Redis of its own. Default: that of the caches. */
  readonly redisUrl?: string;
}

/** Caches by name, `default` at hand. */
export interface Caches<Models extends ModelTags = ModelTags> extends CacheHandle<Models> {
  /** @throws UnknownAlias */
  alias(name: string): CacheHandle<Models>;
  /** Of this process since it started. */
  stats: CacheControl['stats'];
  /** Per alias. Never rejects. */
  health(): Promise<Readonly<Record<string, CacheHealth>>>;
  /** Makes every entry of every alias invalid. @throws CacheUnavailable */
  clearAll(): Promise<void>;
  /** Calls `observer` with every event until the returned function is called. */
  on: Cache['on'];
  /** For operators. */
  readonly control: CacheControl;
  /** The caches beneath: reads with their outcomes, announced writes. */
  readonly engine: CacheSet;
  /** Finishes what is under way and closes the stores. */
  close(): Promise<void>;
}

/**
 * The face of the cache for any program: several caches by name, of which the default one is at hand. (`createCache` is the
 * engine beneath: one cache, read requests spelt out in full.) Usable at once; connects in the background.
 * @throws InvalidCacheOption naming the option, what it got and what it takes
 */
export function createCaches<Models extends ModelTags = ModelTags>(
  options: CachesOptions<Models> = {},
): Caches<Models> {
  checkOptions(options);
  const { redisUrl, prefix = 'cache', version = '1', aliases = standardAliases, models, store, ...rest } = options;
  const stores = new Map<string, Store>();
  const storeAt = (url: string): Store => {
    const known = stores.get(url) ?? createRedisStore({ url, prefix });
    stores.set(url, known);
    return known;
  };
  const main = store ?? (redisUrl === undefined ? createMemoryStore() : storeAt(redisUrl));
  const compressing = (kind: StoreKind): number =>
    rest.compressAboveBytes ?? (kind === 'redis' ? 4096 : Number.POSITIVE_INFINITY);
  const placed = Object.entries(aliases).map(([name, { redisUrl: url, store: own, ...alias }]) => {
    const its = url === undefined ? (own ?? main) : storeAt(url);
    return [name, { compressAboveBytes: compressing(its.kind), ...alias, store: its }] as const;
  });
  const set = createCacheSet({
    ...rest,
    store: main,
    prefix: `${prefix}:${version}`,
    aliases: Object.fromEntries<AliasOptions>(placed),
    compressAboveBytes: compressing(main.kind),
  });
  return createCachesOn(set, models);
}

/** The same face on a set of caches that is there already. */
export function createCachesOn<Models extends ModelTags = ModelTags>(
  set: CacheSet,
  models: Models = {} as Models,
): Caches<Models> {
  const deps = { set, tenantId: undefined, models, functions: new Map<string, unknown>() };
  const handles = new Map(
    [...set.aliases].map(([name, member]) => [name, createHandle<Models>({ ...deps, member })] as const),
  );
  const alias = (name: string): CacheHandle<Models> => handles.get(set.alias(name).name) as CacheHandle<Models>;
  const { control } = set;
  const own = {
    alias,
    stats: control.stats,
    health: control.health,
    clearAll: set.clearAll,
    on: set.on,
    control,
    engine: set,
    close: set.close,
  };
  // The default handle itself, so that decorators know it.
  return Object.assign(alias('default'), own);
}

const optionNames: ReadonlySet<string> = new Set<keyof CachesOptions>([
  'redisUrl',
  'store',
  'prefix',
  'version',
  'aliases',
  'compressAboveBytes',
  'models',
  'replay',
  'entryLengthMax',
  'loadsMax',
  'now',
  'registerTypes',
]);

function checkOptions(options: Omit<CachesOptions, 'models'>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!optionNames.has(name))
      throw new InvalidCacheOption(name, value, `nothing; there are ${[...optionNames].join(', ')}`);
  }
  const { redisUrl, store, prefix, version, aliases = {} } = options;
  checkUrl('redisUrl', redisUrl);
  if (redisUrl !== undefined && store !== undefined)
    throw new InvalidCacheOption('store', store, 'nothing beside redisUrl');
  checkPart('prefix', prefix);
  checkPart('version', version);
  for (const [name, alias] of Object.entries<CachesAlias>(aliases))
    checkUrl(`aliases.${name}.redisUrl`, alias.redisUrl);
}

/** A URL may hold a password, so it is not shown. */
function checkUrl(option: string, url: string | undefined): void {
  if (url === undefined) return;
  const isRedis = URL.canParse(url) && ['redis:', 'rediss:'].includes(new URL(url).protocol);
  if (!isRedis)
    throw new InvalidCacheOption(option, hidden, 'redis://[:password@]host:6379[/db] or rediss://… for TLS');
}

const hidden = { [inspect.custom]: () => 'something else (not shown)' };

function checkPart(option: string, part: string | undefined): void {
  if (part !== undefined && !/^[\w.:-]{1,60}$/.test(part))
    throw new InvalidCacheOption(option, part, '1 to 60 letters, digits, _ . : and -');
}
