import { startRounds, type Logger, type Rounds } from '../../kernel/index.js';
import type { IdempotencyService } from './idempotency.service.js';

export interface ForgettingOptions {
  readonly idempotency: Pick<IdempotencyService, 'forgetExpired'>;
  readonly logger: Logger;
  /** Pause between two rounds. An expired key counts as forgotten at once; this only takes its row away. */
  readonly everyMs: number;
}

/** Deletes expired idempotency keys until it is stopped, whichever process made them. */
export function startForgetting({ idempotency, logger, everyMs }: ForgettingOptions): Rounds {
  return startRounds({
    work: async (goesOn) => void (await idempotency.forgetExpired(goesOn)),
    everyMs,
    logger,
    failing: 'expired idempotency keys cannot be deleted now; trying on',
    mended: 'expired idempotency keys are deleted again',
  });
}
