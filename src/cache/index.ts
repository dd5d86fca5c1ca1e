export * from './types.js';
export type { Moment } from './direct.js';
export { createCaches, createCachesOn } from './library/caches.js';
export type { Caches, CachesAlias, CachesOptions } from './library/caches.js';
export type { CacheHandle, FragmentVary, ModelTags } from './library/cache-handle.js';
export { createCacheSet } from './library/cache-set.js';
export type { AliasMember, AliasOptions, CacheSet, CacheSetOptions } from './library/cache-set.js';
export type { CachedFunction, CachedOptions } from './library/cached-function.js';
export type { CacheControl, ClearScope, KeyScope, StoredKey } from './library/control.js';
export { Cached, CachedMethod, InvalidatesOnChange } from './library/decorators.js';
export type { CachedMethodOptions, CacheSource, Change, PromiseMethodDecorator } from './library/decorators.js';
export type { EntryOptions } from './library/entry-options.js';
export { InvalidCacheKey, InvalidCacheOption, UnknownAlias } from './library/faults.js';
export { canonicalArguments } from './library/keys.js';
export { standardAliases } from './library/standard-aliases.js';
export type { WarmEntry, WarmOptions, WarmProgress, WarmResult } from './library/warm.js';
export { createCache } from './cache.js';
export type { CacheOptions } from './cache.js';
export type { AgingOptions } from './aging.js';
export type { LeasingOptions, Timing } from './lease.js';
export { CacheUnavailable, EntryRefused } from './store.js';
export type {
  BumpRecord,
  Control,
  Ended,
  EntryInfo,
  Handshake,
  Lease,
  Leases,
  LeaseTerms,
  Look,
  Store,
  StoreLink,
  TagState,
} from './store.js';
export { createMemoryStore } from './stores/memory.js';
export type { MemoryStoreOptions } from './stores/memory.js';
export { createRedisStore } from './stores/redis.js';
export { probeRedis, type RedisFacts, type RedisProbeOptions } from './stores/redis-probe.js';
export type { RedisStoreOptions } from './stores/redis.js';
export { parseRedisUrl, redisUrlForms, RedisUrlInvalid } from './stores/redis-url.js';
export type { RedisAddress, RedisNode } from './stores/redis-url.js';
export { createNullStore } from './stores/null.js';
export { createShadow } from './shadow.js';
export type { ShadowOptions } from './shadow.js';
export { decodeValue, encodeValue, Undecodable, Unserializable } from './serializers/index.js';
export type { WireType } from './serializers/index.js';
export { tenantTag, typeTag } from './visit.js';
