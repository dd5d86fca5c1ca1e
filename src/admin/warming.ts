import type { Logger } from '../kernel/index.js';
import type { WarmFailure, WarmReport, WarmStep } from './types.js';

export interface WarmingOptions {
  readonly logger: Logger;
  /** How many entries are loaded at once, of all warmings of this process together. Default 4. */
  readonly concurrency?: number;
}

export interface Warming {
  /** Runs every step; one that fails is written down and the others go on. Never rejects. */
  run(steps: readonly WarmStep[], onProgress?: (done: number, total: number) => void): Promise<WarmReport>;
  /** Begins no further step, and resolves when those under way have ended. */
  stop(): Promise<void>;
}

const errorsShownMax = 20;

/** Loads entries before anybody asks for them, a few at a time, so that readers who do ask are not kept waiting. */
export function createWarming({ logger, concurrency = 4 }: WarmingOptions): Warming {
  const underWay = new Set<Promise<unknown>>();
  const gate = createGate(concurrency);
  let isStopped = false;

  async function runAll(
    steps: readonly WarmStep[],
    onProgress: (done: number, total: number) => void,
  ): Promise<WarmReport> {
    const startedMs = performance.now();
    const counts = { hit: 0, miss: 0, join: 0, bypass: 0 };
    const errors: WarmFailure[] = [];
    let done = 0;
    const runOne = async (step: WarmStep): Promise<void> => {
      if (isStopped) return;
      try {
        counts[await step.run()] += 1;
      } catch (error) {
        logger.warn({ err: error, step: step.name }, 'an entry could not be warmed');
        errors.push({ step: step.name, message: error instanceof Error ? error.message : String(error) });
      }
      onProgress((done += 1), steps.length);
    };
    await Promise.all(steps.map((step) => gate(() => runOne(step))));
    return {
      total: steps.length,
      loaded: counts.miss + counts.join,
      warm: counts.hit,
      bypassed: counts.bypass,
      failed: errors.length,
      errors: errors.slice(0, errorsShownMax),
      tookMs: Math.round(performance.now() - startedMs),
    };
  }

  return {
    async run(steps, onProgress = () => {}) {
      const running = runAll(steps, onProgress);
      underWay.add(running);
      return running.finally(() => underWay.delete(running));
    },
    async stop() {
      isStopped = true;
      await Promise.all(underWay);
    },
  };
}

/** At most `openMax` tasks at once, the others in order of arrival. */
function createGate(openMax: number): (task: () => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = [];
  let open = 0;
  return async (task) => {
    if (open >= openMax) await new Promise<void>((resolve) => waiting.push(resolve));
    else open += 1;
    try {
      await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else open -= 1;
    }
  };
}
