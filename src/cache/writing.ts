import type { Breaker } from './breaker.js';
import type { Near } from './near.js';
import type { Positions } from './position.js';
import { CacheUnavailable } from './store.js';
import type { Ended, Store } from './store.js';
import type { Cache, CacheEvent, Position } from './types.js';

export interface WritingDeps {
  readonly store: Store;
  readonly breaker: Breaker;
  readonly near: Near;
  readonly positions: Positions;
  readonly emit: (event: CacheEvent) => void;
}

/** How often a write is announced anew when the store loses its state meanwhile. */
const attemptsMax = 3;

/** What writers do: announce, end, bump, clear. Every failure is a CacheUnavailable. */
export function createWriting(deps: WritingDeps): Pick<Cache, 'bump' | 'begin' | 'end' | 'openIntents' | 'clearAll'> {
  const { store, breaker, near, positions, emit } = deps;
  const send = async <T>(command: () => Promise<T>): Promise<T> => {
    if (!breaker.takesBumps()) await breaker.reached;
    return breaker.runBump(command).catch((error: unknown) => Promise.reject(asUnavailable(error)));
  };

  /** Advances the store's time with `command`. */
  async function advance<T extends Position>(command: () => Promise<T>): Promise<T> {
    const turn = positions.turn();
    try {
      const done = await send(command);
      if (done.seq > 0) positions.learn(turn, done);
      return done;
    } catch (error) {
      positions.lose();
      throw error;
    }
  }

  /** Makes the tags invalid with `command`, and says so. */
  async function spoil<T extends Position>(tags: readonly string[], command: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    near.spoil(tags);
    try {
      const done = await advance(command);
      emit({ kind: 'bump', tags, seq: done.seq, tookMs: performance.now() - startedMs });
      return done;
    } catch (error) {
      emit({ kind: 'bump-failed', tags, error });
      throw error;
    } finally {
      near.spoil(tags);
    }
  }

  return {
    async bump(tags) {
      const unique = [...new Set(tags)];
      if (unique.length > 0) await spoil(unique, () => store.bump(unique));
    },
    async begin(token, tags) {
      const unique = [...new Set(tags)];
      for (let attempts = 0; attempts < attemptsMax; attempts += 1) {
        if ((await send(() => store.begin(token, unique))) === 'begun') return;
        // Announcements lost with the old generation are what the fence of the new one is for; this one stands under it.
        await breaker.regenerate();
      }
      throw new CacheUnavailable('the cache store keeps losing its state');
    },
    async end(token, outcome, tags) {
      const unique = outcome === 'committed' ? [...new Set(tags)] : [];
      const end = (): Promise<Ended> => store.end(token, outcome, unique);
      if (outcome === 'rolledBack') return (await send(end)).wasOpen;
      return (await (unique.length === 0 ? advance(end) : spoil(unique, end))).wasOpen;
    },
    openIntents: (olderThanMs, limit) => send(() => store.openIntents(olderThanMs, limit)),
    async clearAll() {
      near.clear();
      await send(() => store.renew()).finally(near.clear);
      emit({ kind: 'new-generation', holdMs: 0, reason: 'cleared' });
    },
  };
}

function asUnavailable(error: unknown): CacheUnavailable {
  if (error instanceof CacheUnavailable) return error;
  return new CacheUnavailable('the cache store failed', { cause: error });
}
