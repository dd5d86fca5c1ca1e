import type { PresenceOptions } from './db/index.js';
import type { Logger } from './kernel/index.js';

/** A place on the database that is taken again after the database was away, and what is said of it. */
export function retakingWith(logger: Logger): NonNullable<PresenceOptions['retaking']> {
  return {
    onBroken: (reason) =>
      logger.error({ err: reason }, 'the database connection that holds our place broke; it is made again'),
    onTaken: () => logger.info({}, 'our place on the database is taken again'),
  };
}
