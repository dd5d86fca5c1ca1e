import type { Clock } from '../../../src/kernel/index.js';

/** Time that passes only when the simulation says so, and never back. */
export interface VirtualClock extends Clock {
  forward(ms: number): void;
}

const startsAtMs = Date.parse('2027-01-04T08:00:00.000Z');

export function createVirtualClock(): VirtualClock {
  let nowMs = startsAtMs;
  return { now: () => new Date(nowMs), forward: (ms) => void (nowMs += ms) };
}
