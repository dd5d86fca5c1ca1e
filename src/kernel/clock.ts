/** Where the time comes from. Handed in, so tests and simulations own it; SQL never asks `now()` for business times. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
