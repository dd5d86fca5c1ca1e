import type { Tier } from '../../cache/index.js';
import type { CacheType } from '../../invalidation/index.js';

/** How long answers of one type may live, and what is promised of them until then. */
export interface TypePolicy {
  readonly ttlMs: number;
  readonly tier: Tier;
  /** With tier `bounded`, milliseconds. */
  readonly boundMs?: number;
}

/** One policy a type, read from the environment; total, so a type without one does not compile. */
export type TtlPolicy = Readonly<Record<CacheType, TypePolicy>>;
