import type { Outcome } from '../../cache/index.js';

/** What the cache did for one root field of the request. */
export interface CacheTrace {
  readonly field: string;
  /** As in the answer: the alias, where there is one. */
  readonly path: string;
  readonly outcome: Outcome;
  /** What the field said the value is made of. */
  readonly tags: readonly string[];
}
