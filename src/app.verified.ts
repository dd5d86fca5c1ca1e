import { createShadow, type Cache } from './cache/index.js';
import type { Config } from './config/index.js';
import { AppError } from './kernel/index.js';

/** Until the sweeper of some process has told what a process that died did not. */
const sweptWithinMs = 2_500;

/**
 * The cache with a verifier behind it, when the configuration wants one. Some loads look at the clock (an offer lapses by
 * itself), and the timers write that down a round later; so long the two may differ without a fault.
 */
export function verified(cache: Cache, { cache: { shadowShare } }: Config, timersEveryMs: number): Cache {
  if (shadowShare === 0) return cache;
  const isAnswer = (error: unknown): boolean => error instanceof AppError && error.code === 'NOT_FOUND';
  return createShadow({ cache, share: shadowShare, lateMs: sweptWithinMs + 2 * timersEveryMs, isAnswer });
}
