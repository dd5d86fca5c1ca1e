import { openEntry, sealEntry } from '../../../src/cache/entry.js';
import {
  createCacheSet,
  type CacheSet,
  type CacheSetOptions,
  type ReadResult,
  type Store,
} from '../../../src/cache/index.js';
import type { Ablation } from '../variants.js';

/** Our cache without exactly one of its safeties, taken out from outside: the product has no switch for it. */
export function createAblatedCaches(ablation: Ablation, options: CacheSetOptions): CacheSet {
  switch (ablation) {
    case 's0-before-load':
      return createCacheSet(stampingAtFill(options));
    case 'join-fence':
      return joiningByKey(createCacheSet(options));
    case 'begin-before-commit':
      return { ...createCacheSet(options), begin: async () => {} };
    case 'quarantine':
      // With CACHE_QUARANTINE_MS=0 nothing is left of the pause after Redis lost its state.
      return createCacheSet({ ...options, settled: async () => {} });
  }
}

/**
 * Entries carry the logical time of the moment they are stored instead of the one before their load. Those kept in the
 * process, which never went through a store, are done without.
 */
function stampingAtFill({ store, aliases = {}, ...options }: CacheSetOptions): CacheSetOptions {
  const stamped = new Map<Store, Store>();
  const stampedOf = (bare: Store): Store => {
    const known = stamped.get(bare) ?? stamping(bare);
    stamped.set(bare, known);
    return known;
  };
  const theirs = Object.entries(aliases).map(([name, { store: own = store, ...more }]) => [
    name,
    { ...more, store: stampedOf(own) },
  ]);
  return {
    ...options,
    nearBytesMax: 0,
    store: stampedOf(store),
    aliases: Object.fromEntries(theirs) as typeof aliases,
  };
}

function stamping(store: Store): Store {
  return {
    ...store,
    async put(entryKey, entry, ttlMs) {
      const { seq } = await store.look(entryKey, []);
      await store.put(entryKey, sealEntry({ ...openEntry(entry), s0: seq }), ttlMs);
    },
  };
}

/** Whoever asks for a key that is being loaded gets that load, whatever was written since it began. */
function joiningByKey(cache: CacheSet): CacheSet {
  const loads = new Map<string, Promise<unknown>>();
  return {
    ...cache,
    async read(request) {
      const { key, type, tier, ttlMs } = request;
      const found = loads.get(key);
      if (found) {
        const value = await found;
        const outcome = { kind: 'join', key, type, tier, ttlMs, ageMs: 0, tookMs: 0 } as const;
        request.onOutcome?.(outcome);
        return { value, outcome } as ReadResult<never>;
      }
      const load: typeof request.load = () => {
        const loading = request.load();
        loads.set(key, loading);
        const leave = (): void => void (loads.get(key) === loading && loads.delete(key));
        loading.then(leave, leave);
        return loading;
      };
      return cache.read({ ...request, load });
    },
  };
}
