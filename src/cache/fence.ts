import type { Breaker } from './breaker.js';
import type { Control, Store } from './store.js';
import type { CacheEvent } from './types.js';

/**
 * A store that lost its state lost the announcements of writes under way with it: what is loaded now may miss a write that
 * is about to be committed, and no tag says so. So the new generation is fenced, in the store, for all processes; any of
 * them lifts the fence once it has seen every write of the time before come to its end.
 */
export interface Fence {
  /** To be told of every look, so that a fence is lifted even when the process that raised it has died. */
  noticed(look: Control): void;
}

export interface FenceDeps {
  readonly store: Store;
  readonly breaker: Breaker;
  /** Resolves when every announced write that was under way at the call has ended. */
  readonly settled: () => Promise<void>;
  readonly emit: (event: CacheEvent) => void;
}

export function createFence({ store, breaker, settled, emit }: FenceDeps): Fence {
  let isLifting = false;

  async function lift(generation: string): Promise<void> {
    try {
      await settled();
    } catch (error) {
      emit({ kind: 'fence-kept', error });
      return;
    }
    // When it fails the store is lost, which the breaker has announced.
    await breaker.run(() => store.lift(generation)).catch(() => undefined);
  }

  return {
    noticed({ generation, fenced }) {
      if (!fenced || generation === undefined || isLifting) return;
      isLifting = true;
      void lift(generation).finally(() => (isLifting = false));
    },
  };
}
