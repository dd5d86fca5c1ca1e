import { createCache, createMemoryStore, type CacheEvent, type Outcome } from '../../src/cache/index.js';

/** What one cache did, in order, with when. */
export type TraceEvent = { readonly atMs: number } & (
  | { readonly kind: 'read'; readonly outcome: Outcome; readonly tags: readonly string[] }
  | { readonly kind: 'bump'; readonly tags: readonly string[] }
);

export interface TraceRecorder {
  readonly trace: readonly TraceEvent[];
  observe(event: CacheEvent): void;
}

/** @param now milliseconds */
export function createTraceRecorder(now: () => number): TraceRecorder {
  const trace: TraceEvent[] = [];
  return {
    trace,
    observe(event) {
      const atMs = now();
      if (event.kind === 'read') trace.push({ kind: 'read', outcome: event.outcome, tags: event.tagsOf(), atMs });
      else if (event.kind === 'bump') trace.push({ kind: 'bump', tags: event.tags, atMs });
    },
  };
}

/** Shows the trace to an observer of cache events, with `setNow` called before each. */
export function retell(
  trace: readonly TraceEvent[],
  setNow: (atMs: number) => void,
  observe: (event: CacheEvent) => void,
): void {
  for (const event of trace) {
    setNow(event.atMs);
    if (event.kind === 'bump') observe({ kind: 'bump', tags: event.tags, seq: 0, tookMs: 0 });
    else observe({ kind: 'read', outcome: event.outcome, tagsOf: () => event.tags });
  }
}

/**
 * Runs all reads and bumps through a real engine under another time to live. Reads that a write under way sent past the
 * cache are left out. @returns the share of hits by type
 */
export async function replayHitRatios(
  trace: readonly TraceEvent[],
  ttlMs: number,
): Promise<ReadonlyMap<string, number>> {
  let nowMs = 0;
  const now = (): number => nowMs;
  const store = createMemoryStore({ now, entriesMax: 1_000_000, tagsMax: 1_000_000, bytesMax: 2 ** 30 });
  const cache = createCache({ jitter: 0, earlyRefreshBeta: 0, store, prefix: 'replay', now });
  for (const event of trace) {
    nowMs = event.atMs;
    if (event.kind === 'bump') await cache.bump(event.tags);
    else if (event.outcome.reason !== 'open-write') {
      const { type, key, tier } = event.outcome;
      await cache.read({ type, key, tags: event.tags, tier, ttlMs, load: async () => 1 });
    }
  }
  const { types } = cache.stats();
  await cache.close();
  return new Map(Object.entries(types).map(([type, { hits, reads }]) => [type, hits / reads]));
}
