import type { Cache } from '../cache/index.js';
import type { Db } from '../db/index.js';
import type { Logger } from '../kernel/index.js';

export interface Reaper {
  stop(): Promise<void>;
}

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
export function startReaper(options: ReaperOptions): Reaper {
  const { logger, everyMs } = options;
  let stopped = false;
  let timer: NodeJS.Timeout;
  let round: Promise<void> = Promise.resolve();

  function next(): void {
    timer = setTimeout(() => {
      round = reap(options)
        // A lost cache and a lost database are announced where they are noticed; the next round tries again.
        .catch((error: unknown) => logger.debug({ err: error }, 'announced writes cannot be looked after now'))
        .finally(() => {
          if (!stopped) next();
        });
    }, everyMs);
    timer.unref();
  }

  next();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await round;
    },
  };
}

async function reap({ cache, db, logger, olderThanMs, roundMax = 100 }: ReaperOptions): Promise<void> {
  for (const { token, ageMs } of await cache.openIntents(olderThanMs, roundMax)) {
    const outcome = await db.outcomeOf(token);
    if (outcome === 'running') continue;
    const wasOpen = await cache.end(token, outcome, []);
    if (wasOpen) logger.info({ token, outcome, ageMs: Math.round(ageMs) }, 'ended an announced write left open');
  }
}
