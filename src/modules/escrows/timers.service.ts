import { AppError, invariant, silentLogger, type Clock, type Logger } from '../../kernel/index.js';
import { Prisma, type Db, type Reader, type Tx } from '../../db/index.js';
import type { ErrandState } from '../errands/index.js';
import { dueErrands, stateOfTimer, waitingErrands, type DueErrand } from './timer.due.js';
import { fireTimer, timerNames } from './timer.moves.js';

/** What one round did. */
export interface TimerRound {
  /** Errands moved on, or rid of offers past their time. */
  readonly fired: number;
  /** Due when they were looked up, and no longer when locked: a person or another process came first. */
  readonly skipped: number;
  /** Left as they are for the next round; each is logged. */
  readonly failed: number;
}

/** One reason why errands move on by themselves. */
export interface TimerKind {
  readonly name: string;
  /** The errand's own state that sets it; undefined: rows beside the errand do. */
  readonly setIn: ErrandState | undefined;
  /** Errands whose time has come by `now`, the longest overdue first, behind `after`. */
  due(
    reader: Pick<Reader, '$queryRaw'>,
    now: Date,
    after: DueErrand | undefined,
    limit: number,
  ): Promise<readonly DueErrand[]>;
  /** When it goes off for each of the errands that wait for it: a query of errand_id, tenant_id and at. */
  waiting(errandIds: readonly string[]): Prisma.Sql;
  /** Locks the errand, looks again and moves it on. @throws AppError ILLEGAL_TRANSITION when it is not due, or no longer */
  fire(tx: Tx, errand: { readonly tenantId: string; readonly id: string }, clock: Clock): Promise<void>;
}

/** One errand waits for one timer. */
export interface WaitingTimer {
  /** Of its kind. */
  readonly name: string;
  readonly tenantId: string;
  readonly errandId: string;
  readonly at: Date;
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
  /**
   * Fires one timer of one errand, in a transaction that locks it and looks again.
   * @returns false when it is not due, or no longer: that is no fault, and nothing happened
   * @throws AppError UNAVAILABLE (retryable), and PostgreSQL's lock_not_available while somebody holds the errand
   */
  fire(timer: Omit<WaitingTimer, 'at'>): Promise<boolean>;
  /** The timers that these errands wait for, as the transaction sees it. */
  waiting(tx: Pick<Tx, '$queryRaw'>, errandIds: readonly string[]): Promise<readonly WaitingTimer[]>;
  /** The query of that: a row for each, with the columns of `WaitingTimer`. */
  waitingQuery(errandIds: readonly string[]): Prisma.Sql;
  /** Whether an errand that comes to a state may wait for a timer by its own row. */
  areSetIn(state: string): boolean;
}

export interface TimerServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  /** Kinds that other modules know of, after those of errands and escrows. Default none. */
  readonly more?: readonly TimerKind[];
  readonly logger?: Logger;
}

export const timersPerRound = 100;

const ownKinds: readonly TimerKind[] = timerNames.map((name) => ({
  name,
  setIn: stateOfTimer(name),
  due: (reader, now, after, limit) => dueErrands(reader, name, now, after, limit),
  waiting: (errandIds) => waitingErrands(name, errandIds),
  fire: (tx, errand, clock) => fireTimer(tx, name, errand, clock),
}));

export function createTimerService({ db, clock, more = [], logger = silentLogger }: TimerServiceDeps): TimerService {
  const kinds = [...ownKinds, ...more];

  async function fireOrLog(kind: TimerKind, { id, tenantId }: DueErrand): Promise<keyof TimerRound> {
    try {
      await db.write((tx) => kind.fire(tx, { id, tenantId }, clock));
      return 'fired';
    } catch (error) {
      if (isCode(error, 'ILLEGAL_TRANSITION')) return 'skipped';
      // A row that many want at once is one thing, a database that is away another: that ends the round.
      if (isCode(error, 'UNAVAILABLE')) await db.read.$queryRaw`SELECT 1`;
      logger.error({ err: error, timer: kind.name, errandId: id, tenantId }, 'a timer failed; it is tried again');
      return 'failed';
    }
  }

  function waitingQuery(errandIds: readonly string[]): Prisma.Sql {
    const queries = kinds.map(
      (kind) => Prisma.sql`
        SELECT ${kind.name}::text AS name, w.tenant_id AS "tenantId", w.errand_id AS "errandId", w.at
        FROM (${kind.waiting(errandIds)}) AS w`,
    );
    return Prisma.join(queries, ' UNION ALL ');
  }

  return {
    async fireDue(limit = timersPerRound) {
      const round = { fired: 0, skipped: 0, failed: 0 };
      for (const kind of kinds) {
        for await (const errand of allDue(db.read, kind, clock.now(), limit)) {
          if (round.fired >= limit) return round;
          round[await fireOrLog(kind, errand)] += 1;
        }
      }
      return round;
    },
    async fire({ name, tenantId, errandId }) {
      const kind = kinds.find((one) => one.name === name);
      invariant(kind, `nobody knows a timer called ${name}`);
      try {
        await db.write((tx) => kind.fire(tx, { id: errandId, tenantId }, clock));
        return true;
      } catch (error) {
        if (isCode(error, 'ILLEGAL_TRANSITION')) return false;
        throw error;
      }
    },
    waiting: (tx, errandIds) => tx.$queryRaw<WaitingTimer[]>(waitingQuery(errandIds)),
    waitingQuery,
    areSetIn: (state) => kinds.some(({ setIn }) => setIn === state),
  };
}

/** Page by page behind the last one seen, so that errands which fail every time never hide those behind them. */
async function* allDue(
  reader: Db['read'],
  kind: TimerKind,
  now: Date,
  pageSize: number,
): AsyncGenerator<DueErrand, void, void> {
  let last: DueErrand | undefined;
  for (;;) {
    const page = await kind.due(reader, now, last, pageSize);
    yield* page;
    last = page.at(-1);
    if (page.length < pageSize) return;
  }
}

function isCode(error: unknown, code: AppError['code']): boolean {
  return error instanceof AppError && error.code === code;
}
