export * from './types.js';
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
export type { RedisStoreOptions } from './stores/redis.js';
export { parseRedisUrl, redisUrlForms, RedisUrlInvalid } from './stores/redis-url.js';
export type { RedisAddress, RedisNode } from './stores/redis-url.js';
export { createNullStore } from './stores/null.js';
export { createShadow } from './shadow.js';
export type { ShadowOptions } from './shadow.js';
export { decodeValue, encodeValue, Undecodable, Unserializable } from './serializers/index.js';
export type { WireType } from './serializers/index.js';
export { tenantTag, typeTag } from './visit.js';
