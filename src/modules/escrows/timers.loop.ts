import { startRounds, type Logger, type Rounds } from '../../kernel/index.js';
import { timersPerRound, type TimerService } from './timers.service.js';

export interface TimersOptions {
  readonly timers: TimerService;
  readonly logger: Logger;
  /** Pause between two rounds; a timer fires this long after its time at the latest. */
  readonly everyMs: number;
}

/** Fires due timers until it is stopped. A backlog is worked off without pauses; when the database is away it tries on. */
export function startTimers({ timers, logger, everyMs }: TimersOptions): Rounds {
  async function workOff(goesOn: () => boolean): Promise<void> {
    const { fired } = await timers.fireDue(timersPerRound);
    if (fired > 0) logger.info({ errands: fired }, 'timers moved errands on');
    if (fired === timersPerRound && goesOn()) await workOff(goesOn);
  }

  return startRounds({
    work: workOff,
    everyMs,
    logger,
    failing: 'timers cannot fire now; trying on',
    mended: 'timers fire again',
  });
}
