import type { Clock, Logger } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import { recoverReceivables } from './recovery.js';
import { createSealer } from './sealing.js';

export interface BookkeepingOptions {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A round that recovers what users owe, and closes and seals the books. */
export function createBookkeeping(options: BookkeepingOptions): (goesOn: () => boolean) => Promise<void> {
  const { db, clock, logger } = options;
  const sealer = createSealer({ db, clock });
  return async (goesOn) => {
    const recovered = await recoverReceivables(db, clock);
    if (recovered > 0) logger.info({ journals: recovered }, 'took what users owed from their wallets');
    const { seals, head } = await sealer.round(goesOn);
    // The head in a log that is kept elsewhere is what the chain can be held against later.
    if (seals > 0) logger.info({ seals, head }, 'sealed the books');
  };
}
