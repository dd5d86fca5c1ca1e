import type { Logger } from './logger.js';

/** Work that is done again and again, with a pause after each round. */
export interface Rounds {
  /** Resolves when the round under way has ended; no other begins. May be repeated. */
  stop(): Promise<void>;
}

export interface RoundsOptions {
  /** One round. `goesOn` turns false when the rounds are being stopped, for those that could take long. */
  readonly work: (goesOn: () => boolean) => Promise<void>;
  /** Pause between two rounds, and before the first. */
  readonly everyMs: number;
  readonly logger: Logger;
  /** Logged once when rounds begin to fail, and once when they succeed again. */
  readonly failing: string;
  readonly mended: string;
}

/** Does `work` in rounds until it is stopped. One that fails is tried again at the next; the process may end in between. */
export function startRounds({ work, everyMs, logger, failing, mended }: RoundsOptions): Rounds {
  let stopped = false;
  let isFailing = false;
  let timer: NodeJS.Timeout;
  let round: Promise<void> = Promise.resolve();

  async function go(): Promise<void> {
    try {
      await work(() => !stopped);
      if (isFailing) logger.info({}, mended);
      isFailing = false;
    } catch (error) {
      if (!isFailing) logger.warn({ err: error }, failing);
      isFailing = true;
    }
  }

  function next(): void {
    timer = setTimeout(() => {
      round = go().finally(() => {
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
