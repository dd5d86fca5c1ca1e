import { startRounds, type Logger, type Rounds } from '../../kernel/index.js';
import { payoutsPerRound, type PayoutWorker } from './payout.worker.js';

export interface PayoutsOptions {
  readonly worker: PayoutWorker;
  readonly logger: Logger;
  /** Pause between two rounds. */
  readonly everyMs: number;
}

/** Moves payouts on until it is stopped. A backlog is worked off without pauses; when the database is away it tries on. */
export function startPayouts({ worker, logger, everyMs }: PayoutsOptions): Rounds {
  return startRounds({
    async work(goesOn) {
      for (;;) {
        const { claimed, moved } = await worker.work();
        if (moved > 0) logger.info({ payouts: moved }, 'payouts moved on');
        if (claimed < payoutsPerRound || !goesOn()) return;
      }
    },
    everyMs,
    logger,
    failing: 'payouts cannot be moved on now; trying on',
    mended: 'payouts move on again',
  });
}
