import { createShadow, type Cache, type CacheControl, type CacheHealth } from './cache/index.js';
import type { Config } from './config/index.js';
import { AppError } from './kernel/index.js';

/** Until the sweeper of some process has told what a process that died did not. */
const sweptWithinMs = 2_500;

/**
 * The cache with a verifier behind it, when the configuration wants one. Some loads look at the clock (an offer lapses by
 * itself), and the timers write that down a round later; so long the two may differ without a fault.
 */
export function verified(cache: Cache, { cache: { shadowShare } }: Config, timersEveryMs: number): Cache {
  if (shadowShare === 0) return cache;
  const isAnswer = (error: unknown): boolean => error instanceof AppError && error.code === 'NOT_FOUND';
  return createShadow({ cache, share: shadowShare, lateMs: sweptWithinMs + 2 * timersEveryMs, isAnswer });
}

/** What operators see and do, and which types the verifier behind `cache` has demoted. */
export function namingDemoted(
  control: CacheControl,
  cache: Pick<Cache, 'stats'>,
  { cache: { types } }: Config,
): CacheControl {
  const demotedTypes = (): Readonly<Record<string, number>> => cache.stats().demoted ?? {};
  const named = (alias: string, health: CacheHealth): CacheHealth => {
    const places: Readonly<Record<string, { readonly alias: string }>> = types;
    const demoted = Object.keys(demotedTypes()).filter((type) => places[type]?.alias === alias);
    if (demoted.length === 0) return health;
    return { ...health, demoted, detail: `${health.detail}; read past the cache: ${demoted.join(', ')}` };
  };
  return {
    ...control,
    stats: () => ({ ...control.stats(), demoted: demotedTypes() }),
    async health() {
      const healths = Object.entries(await control.health());
      return Object.fromEntries(healths.map(([alias, health]) => [alias, named(alias, health)]));
    },
  };
}
