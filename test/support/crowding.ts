import { availableParallelism, loadavg } from 'node:os';

/**
 * How many programs share one processor now; at least 1. What is promised in seconds is promised to a machine that keeps
 * up: a test that measures it allows this many times as much.
 */
export function crowding(): number {
  return Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
}
