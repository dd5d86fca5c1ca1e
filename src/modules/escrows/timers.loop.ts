import type { Logger } from '../../kernel/index.js';
import { timersPerRound, type TimerService } from './timers.service.js';

export interface Timers {
  /** Resolves when the round under way has ended; no other begins. May be repeated. */
  stop(): Promise<void>;
}

export interface TimersOptions {
  readonly timers: TimerService;
  readonly logger: Logger;
  /** Pause between two rounds; a timer fires this long after its time at the latest. */
  readonly everyMs: number;
}

/** Fires due timers until it is stopped. A backlog is worked off without pauses; when the database is away it tries on. */
export function startTimers({ timers, logger, everyMs }: TimersOptions): Timers {
  let stopped = false;
  let failing = false;
  let timer: NodeJS.Timeout;
  let round: Promise<void> = Promise.resolve();

  async function workOff(): Promise<void> {
    const { fired } = await timers.fireDue(timersPerRound);
    if (fired > 0) logger.info({ errands: fired }, 'timers moved errands on');
    if (fired === timersPerRound && !stopped) await workOff();
  }

  async function fire(): Promise<void> {
    try {
      await workOff();
      if (failing) logger.info({}, 'timers fire again');
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ err: error }, 'timers cannot fire now; trying on');
      failing = true;
    }
  }

  function next(): void {
    timer = setTimeout(() => {
      round = fire().finally(() => {
        if (!stopped) next();
      });
    }, everyMs);
    timer.unref();
  }

  next();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await round;
    },
  };
}
