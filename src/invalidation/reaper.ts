import { CacheUnavailable, type Cache, type OpenIntent } from '../cache/index.js';
import type { Db } from '../db/index.js';
import { startRounds, type Logger, type Rounds } from '../kernel/index.js';

export interface ReaperOptions {
  readonly cache: Pick<Cache, 'openIntents' | 'end'>;
  readonly db: Pick<Db, 'outcomeOf'>;
  readonly logger: Logger;
  /** Pause between two rounds. */
  readonly everyMs: number;
  /** Younger announcements are left to the process that made them. */
  readonly olderThanMs: number;
  /** How many announcements one round looks at. Default 100. */
  readonly roundMax?: number;
}

/**
 * Ends the announced writes that their own process did not end: it died, or lost its way to the cache or the database.
 * The database says how each one went; one that still runs is left alone. Until then their tags are uncached and nothing
 * old is shown; afterwards they are cached again, within `olderThanMs + everyMs` of the end of the transaction or, when
 * it was announced longer ago than that, of one round.
 */
export function startReaper(options: ReaperOptions): Rounds {
  const { logger, everyMs } = options;
  return startRounds({
    work: () => reap(options),
    everyMs,
    logger,
    failing: 'announced writes left open cannot be looked up now; trying on',
    mended: 'announced writes left open are looked up again',
  });
}

async function reap({ cache, db, logger, olderThanMs, roundMax = 100 }: ReaperOptions): Promise<void> {
  for (const { token, ageMs } of await cache.openIntents(olderThanMs, roundMax).catch(noneWhenLost)) {
    const outcome = await db.outcomeOf(token);
    if (outcome === 'running') continue;
    const wasOpen = await cache.end(token, outcome, []);
    if (wasOpen) logger.info({ token, outcome, ageMs: Math.round(ageMs) }, 'ended an announced write left open');
  }
}

/** A lost cache is announced where it is noticed, and has nothing to look up. */
function noneWhenLost(error: unknown): readonly OpenIntent[] {
  if (error instanceof CacheUnavailable) return [];
  throw error;
}
