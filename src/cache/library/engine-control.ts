import type { Store } from '../store.js';
import { CacheUnavailable } from '../store.js';
import type { Cache } from '../types.js';
import { tenantTag, typeTag } from '../visit.js';
import type { CacheControl, KeyScope } from './control.js';

export interface EngineControlOptions {
  readonly cache: Cache;
  readonly store: Store;
  /** Of the entries, as the engine was given it. */
  readonly prefix: string;
}

const alias = 'default';
const removedMax = 100_000;

/** The control port of one engine without aliases: all of it is `default`. Keys of a tenant begin with `t:<tenant>:`. */
export function createEngineControl({ cache, store, prefix }: EngineControlOptions): CacheControl {
  const start = `${prefix}:e:`;
  const scan = async (pattern: string, { tenant }: KeyScope, limit: number): Promise<readonly string[]> => {
    if (!(await cache.health()).ok) throw new CacheUnavailable('the cache store is lost');
    const heads = tenant === undefined ? ['', 't:*:', 'all:'] : [`t:${tenant}:`];
    const found = new Set<string>();
    for (const head of heads)
      for (const key of await store.scan(`${start}${head}${pattern}`, limit - found.size)) found.add(key);
    return [...found];
  };
  return {
    aliases: [alias],
    stats() {
      const stats = cache.stats();
      const { bumps: _bumps, types: _types, ...counts } = stats;
      return { ...stats, aliases: { [alias]: counts } };
    },
    health: async () => ({ [alias]: await cache.health() }),
    async keys(pattern, scope) {
      const found = await store.inspect(await scan(pattern, scope, scope.limit));
      return found.map(({ key, ttlMs, bytes }) => ({ key: key.slice(start.length), alias, ttlMs, bytes }));
    },
    async clear({ tenant, type, tags = [] }) {
      const named = [...tags, ...(type === undefined ? [] : [typeTag(type)])];
      // Bumps of several parts would clear more than their cut, never less.
      const scope = tenant === undefined || named.length > 0 ? named : [tenantTag(tenant)];
      await (scope.length === 0 ? cache.clearAll() : cache.bump(scope));
    },
    clearPattern: async (pattern, scope = {}) => store.unlink(await scan(pattern, scope, removedMax)),
    clearAll: () => cache.clearAll(),
  };
}
