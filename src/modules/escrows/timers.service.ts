import { AppError, silentLogger, type Clock, type Logger } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import { dueErrands, type DueErrand } from './timer.due.js';
import { fireTimer, timerNames, type TimerName } from './timer.moves.js';

/** What one round did. */
export interface TimerRound {
  /** Errands moved on, or rid of offers past their time. */
  readonly fired: number;
  /** Due when they were looked up, and no longer when locked: a person or another process came first. */
  readonly skipped: number;
  /** Left as they are for the next round; each is logged. */
  readonly failed: number;
}

/** The moves that nobody makes: without them money would stay in escrow for ever. */
export interface TimerService {
  /**
   * Fires what is due by the clock, each errand in a transaction of its own that locks it and looks again, so an errand
   * moves on once, however many processes try, and however late. One that fails is logged and holds up no other.
   * @param limit how many errands to move on at most; default 100
   * @throws AppError UNAVAILABLE (retryable) when the database is away
   */
  fireDue(limit?: number): Promise<TimerRound>;
}

export interface TimerServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  readonly logger?: Logger;
}

export const timersPerRound = 100;

export function createTimerService({ db, clock, logger = silentLogger }: TimerServiceDeps): TimerService {
  async function fire(name: TimerName, { id, tenantId }: DueErrand): Promise<keyof TimerRound> {
    try {
      await db.write((tx) => fireTimer(tx, name, { id, tenantId }, clock));
      return 'fired';
    } catch (error) {
      if (isCode(error, 'ILLEGAL_TRANSITION')) return 'skipped';
      // A row that many want at once is one thing, a database that is away another: that ends the round.
      if (isCode(error, 'UNAVAILABLE')) await db.read.$queryRaw`SELECT 1`;
      logger.error({ err: error, timer: name, errandId: id, tenantId }, 'a timer failed; it is tried again');
      return 'failed';
    }
  }

  return {
    async fireDue(limit = timersPerRound) {
      const round = { fired: 0, skipped: 0, failed: 0 };
      for (const name of timerNames) {
        for await (const errand of allDue(db.read, name, clock.now(), limit)) {
          if (round.fired >= limit) return round;
          round[await fire(name, errand)] += 1;
        }
      }
      return round;
    },
  };
}

/** Page by page behind the last one seen, so that errands which fail every time never hide those behind them. */
async function* allDue(
  reader: Db['read'],
  name: TimerName,
  now: Date,
  pageSize: number,
): AsyncGenerator<DueErrand, void, void> {
  let last: DueErrand | undefined;
  for (;;) {
    const page = await dueErrands(reader, name, now, last, pageSize);
    yield* page;
    last = page.at(-1);
    if (page.length < pageSize) return;
  }
}

function isCode(error: unknown, code: AppError['code']): boolean {
  return error instanceof AppError && error.code === code;
}
