import { Logger as GraphileLogger } from 'graphile-worker';
import type { Logger } from '../../kernel/index.js';

/** What graphile-worker says, in our log. Failed jobs are told of by the tasks themselves, once, with their payload left out. */
export function graphileLogger(logger: Logger): GraphileLogger {
  return new GraphileLogger(() => (level, message, meta) => {
    if (meta?.['failure'] === true) return;
    const error: unknown = meta?.['error'];
    const fields = error === undefined ? {} : { err: error };
    if (level === 'error' || level === 'warning') logger.warn(fields, message);
    else logger.debug(fields, message);
  });
}
