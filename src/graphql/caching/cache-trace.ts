import type { Outcome } from '../../cache/index.js';

/** What the cache did for one root field of the request. */
export interface CacheTrace {
  readonly field: string;
  readonly outcome: Outcome;
}
