import type { CacheEvent } from './types.js';

/** One stretch of time without the store: announced once when it begins and once when it ends. */
export interface Outage {
  begins(error: unknown): void;
  ends(): void;
  /** Runs `replay` and announces its first failure of this outage. */
  watch(replay: () => Promise<void>): Promise<void>;
  isOn(): boolean;
  describe(): string | undefined;
}

export function createOutage(emit: (event: CacheEvent) => unknown): Outage {
  let sinceMs: number | undefined;
  let last: unknown;
  let replayFailed = false;
  return {
    begins(error) {
      last = error;
      if (sinceMs !== undefined) return;
      sinceMs = performance.now();
      emit({ kind: 'store-lost', error });
    },
    ends() {
      const downMs = sinceMs === undefined ? undefined : performance.now() - sinceMs;
      sinceMs = undefined;
      replayFailed = false;
      if (downMs !== undefined) emit({ kind: 'store-recovered', downMs });
    },
    async watch(replay) {
      try {
        await replay();
      } catch (error) {
        if (!replayFailed) emit({ kind: 'replay-failed', error });
        replayFailed = true;
        throw error;
      }
    },
    isOn: () => sinceMs !== undefined,
    describe() {
      if (sinceMs === undefined) return undefined;
      const why = last instanceof Error ? last.message : String(last);
      return `lost for ${Math.round(performance.now() - sinceMs)} ms: ${why}`;
    },
  };
}
