import type { Negative, ReadRequest, Tier } from '../../cache/index.js';
import type { CacheType } from '../../invalidation/index.js';
import { AppError } from '../../kernel/index.js';

/** How long answers of one type may live, and what is promised of them until then. */
export interface TypePolicy {
  readonly ttlMs: number;
  readonly tier: Tier;
  /** With tier `bounded`, milliseconds. */
  readonly boundMs?: number;
  /** The age from which a shown answer is also loaded anew in the background. Default: never. */
  readonly softTtlMs?: number;
  /** How much longer than `ttlMs` an answer that nothing has changed stands in while the database is away. Default 0. */
  readonly staleIfErrorMs?: number;
  /** How long it is remembered that there is nothing under an id. Default 0: not at all. */
  readonly negativeTtlMs?: number;
}

/** One policy a type, read from the environment; total, so a type without one does not compile. */
export type TtlPolicy = Readonly<Record<CacheType, TypePolicy>>;

type Terms = Pick<ReadRequest<unknown>, 'ttlMs' | 'tier' | 'boundMs' | 'softTtlMs' | 'staleIfErrorMs' | 'isTransient'>;

/** What a read says of how its answer is kept. */
export function termsOf({ ttlMs, tier, boundMs, softTtlMs, staleIfErrorMs = 0 }: TypePolicy): Terms {
  const bound = boundMs !== undefined && { boundMs };
  const soft = softTtlMs !== undefined && { softTtlMs };
  return { ttlMs, tier, ...bound, ...soft, staleIfErrorMs, isTransient };
}

/** The database is away or too busy. A refusal is an answer, and a defect is not to be covered up. */
function isTransient(error: unknown): boolean {
  return error instanceof AppError && error.code === 'UNAVAILABLE';
}

/**
 * How a NOT_FOUND is remembered. It is told to whoever may ask for the entry: of an entry that viewers share, the load must
 * not have looked at who asks.
 */
export function absenceOf({ negativeTtlMs = 0 }: TypePolicy): Negative {
  return {
    ttlMs: negativeTtlMs,
    capture: (error) => (error instanceof AppError && error.code === 'NOT_FOUND' ? error.message : undefined),
    revive: (message) => new AppError('NOT_FOUND', message),
  };
}
