const baseMs = 5_000;
const pauseMsMax = 6 * 60 * 60 * 1000;

/**
 * The pause before the next attempt, in milliseconds: anything up to a bound that doubles with each attempt, from 10 seconds to
 * 6 hours ("full jitter": Brooker, Exponential Backoff And Jitter, 2015), and at least a second.
 * @param attempt the one that failed, counted from 1
 * @param random at least 0, less than 1
 */
export function pauseAfterMs(attempt: number, random: number): number {
  const boundMs = Math.min(pauseMsMax, baseMs * 2 ** Math.min(attempt, 30));
  return Math.max(1_000, Math.floor(random * boundMs));
}
