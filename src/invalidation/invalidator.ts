import type { Cache } from '../cache/index.js';
import type { ChangeListener, ModelChange } from '../db/index.js';
import { AppError, type Logger } from '../kernel/index.js';
import type { CacheType } from './families.js';
import { tagsSpoiledBy, typesShowing } from './spoils.js';

export interface InvalidatorOptions {
  readonly cache: Pick<Cache, 'bump' | 'begin' | 'end'>;
  /** Types of which a read is never older than any committed write. Their writes are announced before they are committed. */
  readonly strictTypes: ReadonlySet<CacheType>;
  /** What becomes of a write that cannot be announced. */
  readonly onLoss: 'commit' | 'abort';
  readonly logger: Logger;
}

/** The bell-board: hears which rows changed and tells the cache which tags that spoils. */
export type Invalidator = ChangeListener;

export function createInvalidator({ cache, strictTypes, onLoss, logger }: InvalidatorOptions): Invalidator {
  const isStrict = ({ model }: ModelChange): boolean => typesShowing[model].some((type) => strictTypes.has(type));
  return {
    async prepare(changes, token) {
      const announced = tagsSpoiledBy(changes.filter(isStrict));
      if (announced.length === 0) return;
      try {
        await cache.begin(token, announced);
      } catch (error) {
        if (onLoss === 'abort') throw refusal(error);
        logger.debug({ err: error, token }, 'a change is made without having been announced');
      }
    },
    async settle(changes, token, outcome) {
      await cache.end(token, outcome, outcome === 'committed' ? tagsSpoiledBy(changes) : []);
    },
    async tell(changes) {
      const spoiled = tagsSpoiledBy(changes);
      if (spoiled.length > 0) await cache.bump(spoiled);
    },
  };
}

function refusal(cause: unknown): AppError {
  const message = 'This change cannot be announced to all servers right now, so it was not made; try again.';
  return new AppError('UNAVAILABLE', message, { retryable: true, cause });
}
