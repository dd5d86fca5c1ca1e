import type { Logger } from '../../kernel/index.js';
import { timersPerRound, type TimerService } from './timers.service.js';

export interface OverdueOptions {
  readonly timers: Pick<TimerService, 'fireDue'>;
  readonly logger: Logger;
}

/** A round that fires the timers that are due, the whole backlog of them unless it is told to stop. */
export function createOverdueRound({ timers, logger }: OverdueOptions): (goesOn: () => boolean) => Promise<void> {
  return async function workOff(goesOn): Promise<void> {
    const { fired } = await timers.fireDue(timersPerRound);
    if (fired > 0) logger.info({ errands: fired }, 'timers moved errands on');
    if (fired === timersPerRound && goesOn()) await workOff(goesOn);
  };
}
