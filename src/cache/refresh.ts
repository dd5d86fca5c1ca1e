import { AsyncLocalStorage } from 'node:async_hooks';
import { LRUCache } from 'lru-cache';
import type { Aging } from './aging.js';
import type { Entry } from './entry.js';
import type { FencedFlights } from './flights.js';
import type { Timing } from './lease.js';
import type { Loader } from './loader.js';
import type { Seen } from './store.js';
import type { Visit } from './visit.js';

/** Loads in the background what is valid and will not be for long. */
export interface Refresher {
  /**
   * To be called with every hit. A load it starts is fenced by the look that validated the hit, so what it stores is as
   * good as any fill. At most one a key and process, and none while another process fills the key.
   * @returns whether it started one
   */
  consider(visit: Visit, entry: Entry, look: Seen): boolean;
  /** Starts no more, and resolves when those under way have ended. */
  close(): Promise<void>;
}

export interface RefresherDeps {
  readonly flights: FencedFlights;
  readonly loader: Loader;
  readonly aging: Aging;
  readonly timing: Timing;
  readonly now: () => number;
}

/** After a load that failed, or was another's, hits of the key go on without trying again for so long. */
const restMs = 1000;
const restingMax = 10_000;

export function createRefresher({ flights, loader, aging, timing, now }: RefresherDeps): Refresher {
  // Neither the request that happened to hit, nor its transaction, nor the load it is a part of may be that of the refresh.
  const outside = AsyncLocalStorage.snapshot();
  const running = new Map<string, Promise<void>>();
  const restUntil = new LRUCache<string, number>({ max: restingMax });
  let isClosed = false;

  async function refresh(visit: Visit, look: Seen): Promise<void> {
    const name = visit.flightName;
    // The loader tells of a failure; nobody waits for this one.
    const filled = await loader.fill(visit, look, false).catch(() => undefined);
    if (!filled) restUntil.set(name, timing.nowMs() + restMs);
    running.delete(name);
  }

  return {
    consider(visit, entry, look) {
      const name = visit.flightName;
      if (isClosed || entry.isAbsent || !aging.isDue(entry, visit.request, now())) return false;
      if (running.has(name) || flights.has(name) || timing.nowMs() < (restUntil.get(name) ?? 0)) return false;
      outside(() => running.set(name, refresh(visit, look)));
      return true;
    },
    async close() {
      isClosed = true;
      await Promise.all(running.values());
    },
  };
}
