import { startRounds, type Logger, type Rounds } from '../kernel/index.js';
import type { Db } from './unit-of-work.js';

export interface SweeperOptions {
  readonly db: Pick<Db, 'tellUntold'>;
  readonly logger: Logger;
  /** Pause between two rounds. */
  readonly everyMs: number;
  /** Changes younger than this are left to the process that made them. */
  readonly olderThanMs: number;
  /** As in `tellUntold`: there are several stores, of which one may be away. */
  readonly offers?: 'all' | undefined;
}

/**
 * Tells the cache of committed changes that nobody told it of: those of a process that died in between, of one that
 * could not reach the cache, and of programs that do not know of it (psql). They are seen within
 * `olderThanMs + everyMs` of their commit.
 */
export function startSweeper({ db, logger, everyMs, olderThanMs, offers }: SweeperOptions): Rounds {
  return startRounds({
    async work() {
      const told = await db.tellUntold(olderThanMs, offers);
      if (told > 0) logger.info({ changes: told }, 'told the cache of changes left untold');
    },
    everyMs,
    logger,
    failing: 'changes left untold cannot be told now; trying on',
    mended: 'changes left untold are told again',
  });
}
