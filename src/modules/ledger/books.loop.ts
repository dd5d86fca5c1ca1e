import { startRounds, type Clock, type Logger, type Rounds } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import { recoverReceivables } from './recovery.js';
import { createSealer } from './sealing.js';

export interface BookkeepingOptions {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Pause between two rounds. */
  readonly everyMs: number;
}

/** Recovers what users owe, and closes and seals the books, until it is stopped. */
export function startBookkeeping({ db, clock, logger, everyMs }: BookkeepingOptions): Rounds {
  const sealer = createSealer({ db, clock });
  return startRounds({
    async work(goesOn) {
      const recovered = await recoverReceivables(db, clock);
      if (recovered > 0) logger.info({ journals: recovered }, 'took what users owed from their wallets');
      const { seals, head } = await sealer.round(goesOn);
      // The head in a log that is kept elsewhere is what the chain can be held against later.
      if (seals > 0) logger.info({ seals, head }, 'sealed the books');
    },
    everyMs,
    logger,
    failing: 'the books cannot be closed and sealed now; trying on',
    mended: 'the books are closed and sealed again',
  });
}
