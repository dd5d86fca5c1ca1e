import type { Logger } from '../../kernel/index.js';
import { payoutsPerRound, type PayoutWorker } from './payout.worker.js';

export interface PayoutsRoundOptions {
  readonly worker: PayoutWorker;
  readonly logger: Logger;
}

/** One round: moves payouts on that are due. A backlog is worked off without pauses. */
export function createPayoutsRound({ worker, logger }: PayoutsRoundOptions): (goesOn: () => boolean) => Promise<void> {
  return async (goesOn) => {
    for (;;) {
      const { claimed, moved } = await worker.work();
      if (moved > 0) logger.info({ payouts: moved }, 'payouts moved on');
      if (claimed < payoutsPerRound || !goesOn()) return;
    }
  };
}
