import { openEntry, sealEntry } from '../../../src/cache/entry.js';
import { createCache, type Cache, type CacheOptions, type ReadResult, type Store } from '../../../src/cache/index.js';
import type { Ablation } from '../variants.js';

/** Our cache without exactly one of its safeties, taken out from outside: the product has no switch for it. */
export function createAblatedCache(ablation: Ablation, options: CacheOptions): Cache {
  switch (ablation) {
    case 's0-before-load':
      return createCache({ ...options, store: stampingAtFill(options.store) });
    case 'join-fence':
      return joiningByKey(createCache(options));
    case 'begin-before-commit':
      return { ...createCache(options), begin: async () => {} };
    case 'quarantine':
      // With CACHE_QUARANTINE_MS=0 nothing is left of the pause after Redis lost its state.
      return createCache({ ...options, settled: async () => {} });
  }
}

/** Entries carry the logical time of the moment they are stored instead of the one before their load. */
function stampingAtFill(store: Store): Store {
  return {
    ...store,
    async put(entryKey, entry, ttlMs) {
      const { seq } = await store.look(entryKey, []);
      await store.put(entryKey, sealEntry({ ...openEntry(entry), s0: seq }), ttlMs);
    },
  };
}

/** Whoever asks for a key that is being loaded gets that load, whatever was written since it began. */
function joiningByKey(cache: Cache): Cache {
  const loads = new Map<string, Promise<unknown>>();
  return {
    ...cache,
    async read(request) {
      const { key, type, tier, ttlMs } = request;
      const found = loads.get(key);
      if (found) {
        const value = await found;
        return { value, outcome: { kind: 'join', key, type, tier, ttlMs, ageMs: 0, tookMs: 0 } } as ReadResult<never>;
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
