import { CacheUnavailable, InvalidCacheOption } from '../cache/index.js';
import { AppError, type Logger } from '../kernel/index.js';
import type { Operator } from './operator.js';

/** Does `work`, and writes into the log who did what, how far. @throws what `work` throws, faults of the cache as AppError */
export type Audited = <T>(by: Operator, action: string, scope: object, work: () => Promise<T>) => Promise<T>;

/** What the market's log of staff keeps, beside the lines of the server's. */
export type RecordedAction = 'clearCache' | 'warmCache';

/** Keeps who did what, how far, after it was done. */
export type Recorder = (by: Operator, action: RecordedAction, scope: object) => Promise<void>;

const recorded: Readonly<Record<string, RecordedAction>> = {
  clear: 'clearCache',
  'clear all': 'clearCache',
  warm: 'warmCache',
};

/** One line for every operation, also for those that were refused or failed. */
export function createAudit(logger: Logger, record: Recorder): Audited {
  return async (by, action, scope, work) => {
    const startedMs = performance.now();
    const line = { by: by.name, reach: by.tenant ?? 'all markets', ...scope };
    try {
      const done = await work();
      logger.info({ ...line, tookMs: Math.round(performance.now() - startedMs) }, `cache ${action}, by hand`);
      const kept = recorded[action];
      if (kept) await record(by, kept, scope);
      return done;
    } catch (error) {
      logger.warn({ ...line, err: error }, `cache ${action}, by hand: not done`);
      throw asFault(error);
    }
  };
}

function asFault(error: unknown): unknown {
  if (error instanceof InvalidCacheOption) return new AppError('BAD_INPUT', error.message, { cause: error });
  if (!(error instanceof CacheUnavailable)) return error;
  const message = 'The cache store cannot be reached, so this was not done for certain; try again.';
  return new AppError('UNAVAILABLE', message, { retryable: true, cause: error });
}
