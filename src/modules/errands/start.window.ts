import type { Errand } from './errand.js';
import { illegal, type Refusal } from './refusals.js';

/** A runner may start this long after `startBy`; then the errand is a no-show. */
export const noShowGraceMs = 60 * 60 * 1000;

/** Never, for an errand that names no `startBy`: it may start at any time. */
export function isTooLateToStart({ startBy }: Errand, now: Date): boolean {
  return startBy !== null && startBy.getTime() + noShowGraceMs <= now.getTime();
}

export function tooLateToStart(): Refusal {
  return illegal('The time to start, startBy and an hour, has passed.');
}
