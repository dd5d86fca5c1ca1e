import type { Entry } from './entry.js';
import type { ReadRequest } from './types.js';

export interface AgingOptions {
  /** By how much a time to live may be shortened at random, 0 to 1. Default 0.1. */
  readonly jitter?: number;
  /** How eagerly entries that were slow to load are loaded anew before they expire; 0: never. Default 1. */
  readonly earlyRefreshBeta?: number;
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
}

/** How long entries live, and when they are worth loading anew while they still do. */
export interface Aging {
  /** The time to live of a fresh entry, milliseconds: never more than `ttlMs`. */
  grant(ttlMs: number): number;
  /** Whether a valid entry is to be loaded anew in the background. */
  isDue(entry: Entry, request: ReadRequest<unknown>, nowMs: number): boolean;
}

/** Shorter times to live are meant to the word: neither shortened nor refreshed early unless the request says when. */
const literalTtlMsMax = 10_000;

/**
 * Entries that were filled together would expire together: their lives are of random length. Early refresh: A. Vattani, F. Chierichetti,
 * K. Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015, algorithm XFetch: the longer the load and the
 * nearer the end, the likelier.
 */
export function createAging({ jitter = 0.1, earlyRefreshBeta = 1, random = Math.random }: AgingOptions): Aging {
  const isEarly = ({ costMs }: Entry, ageMs: number, lifeMs: number): boolean =>
    earlyRefreshBeta > 0 &&
    lifeMs >= literalTtlMsMax &&
    // 1 - random() is never 0, whose logarithm would be due at any age.
    ageMs - costMs * earlyRefreshBeta * Math.log(1 - random()) >= lifeMs;
  return {
    grant: (ttlMs) => (ttlMs < literalTtlMsMax ? ttlMs : ttlMs * (1 - jitter * random())),
    isDue(entry, { ttlMs, softTtlMs }, nowMs) {
      const ageMs = nowMs - entry.loadedAt;
      if (softTtlMs !== undefined && ageMs >= softTtlMs) return true;
      return isEarly(entry, ageMs, Math.min(entry.ttlMs, ttlMs));
    },
  };
}
