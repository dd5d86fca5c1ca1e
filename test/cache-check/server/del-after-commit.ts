import { Redis } from 'ioredis';
import {
  createCacheSet,
  createNullStore,
  decodeValue,
  encodeValue,
  type CacheHealth,
  type CacheSet,
  type CacheStats,
  type Outcome,
  type ReadRequest,
} from '../../../src/cache/index.js';

/**
 * The cache that most programs have, as the control of the check: GET, else load and SET with a time to live, loads of one
 * key shared within the process; an index from each tag to its keys, which are deleted after the commit. Redis away
 * means no cache.
 */
export function createDelAfterCommitCaches(url: string): CacheSet {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, commandTimeout: 1000 });
  // Said by every command that fails; nothing is done about it.
  redis.on('error', () => undefined);
  const loads = new Map<string, Promise<unknown>>();
  return {
    // What a program asks of caches beside reading and writing, it asks of none.
    ...createCacheSet({ store: createNullStore(), prefix: 'control' }),
    async read(request) {
      const startedMs = performance.now();
      const answer = (value: unknown, kind: Outcome['kind']) => {
        const outcome = outcomeOf(request, kind, startedMs);
        request.onOutcome?.(outcome);
        return { value: value as never, outcome };
      };
      const text = request.ttlMs > 0 ? await redis.get(keyOf(request)).catch(nothing) : undefined;
      if (text) return answer(decodeValue(text), 'hit');
      const found = loads.get(request.key);
      if (found) return answer(await found, 'join');
      const loading = loadAndStore(redis, request);
      loads.set(request.key, loading);
      const leave = (): void => void loads.delete(request.key);
      loading.then(leave, leave);
      return answer(await loading, 'miss');
    },
    bump: (tags) => deleteAll(redis, tags).catch(nothing),
    begin: async () => {},
    async end(_token, outcome, tags) {
      if (outcome === 'committed') await deleteAll(redis, tags).catch(nothing);
      return true;
    },
    openIntents: async () => [],
    clearAll: async () => void (await redis.flushdb()),
    on: () => () => undefined,
    stats: () => noStats,
    health: async () => noHealth,
    close: async () => redis.disconnect(),
  };
}

function nothing(): undefined {}

type Facts = Pick<ReadRequest<unknown>, 'type' | 'key' | 'tier' | 'ttlMs'>;

const keyOf = ({ key, identity = '' }: Pick<ReadRequest<unknown>, 'key' | 'identity'>): string =>
  `entry:${key}:${identity}`;
const indexOf = (tag: string): string => `index:${tag}`;

async function loadAndStore<V>(redis: Redis, request: ReadRequest<V>): Promise<V> {
  const value = await request.load();
  if (value === undefined || !(request.ttlMs > 0)) return value;
  const key = keyOf(request);
  const batch = redis.multi().set(key, encodeValue(value), 'PX', request.ttlMs);
  for (const tag of [...request.tags, ...(request.tagsFound?.(value) ?? [])]) batch.sadd(indexOf(tag), key);
  await batch.exec().catch(nothing);
  return value;
}

async function deleteAll(redis: Redis, tags: readonly string[]): Promise<void> {
  if (tags.length === 0) return;
  const keys = await redis.sunion(...tags.map(indexOf));
  if (keys.length > 0) await redis.del(...keys);
}

function outcomeOf({ type, key, tier, ttlMs }: Facts, kind: Outcome['kind'], startedMs: number): Outcome {
  return { kind, type, key, tier, ageMs: 0, ttlMs, tookMs: performance.now() - startedMs };
}

const noStats: CacheStats = { reads: 0, hits: 0, misses: 0, joins: 0, bypasses: 0, errors: 0, bumps: 0, types: {} };
const noHealth: CacheHealth = { ok: true, store: 'redis', state: 'ready', latencyMs: 0, detail: 'control' };
