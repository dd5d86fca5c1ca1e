import { z } from 'zod';
import type { Config } from './config/index.js';
import { Prisma, type Db, type ModelChange } from './db/index.js';
import type { Clock, Logger } from './kernel/index.js';
import { disputeTimer } from './modules/disputes/index.js';
import { createOverdueRound, createTimerService, type TimerService } from './modules/escrows/index.js';
import type { IdempotencyService } from './modules/idempotency/index.js';
import {
  createQueue,
  createWorker,
  cron,
  forgetFailed,
  recurring,
  type JobKinds,
  type JobRun,
  type Standing,
  type Worker,
} from './modules/jobs/index.js';
import { createBookkeeping } from './modules/ledger/index.js';
import type { NewsRounds } from './modules/news/index.js';
import { createSessionForgetting } from './modules/users/index.js';

export interface JobsOptions {
  readonly config: Pick<Config, 'jobs'>;
  readonly databaseUrl: string;
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly idempotency: Pick<IdempotencyService, 'forgetExpired'>;
  /** How late a timer may fire. */
  readonly timersEveryMs: number;
  readonly onRun: ((run: JobRun) => void) | undefined;
  /** Further work of the whole installation, by its name, done every `timersEveryMs`; what is undefined is not done. */
  readonly rounds: Readonly<Record<string, Standing['work'] | undefined>>;
  readonly news: NewsRounds;
}

export interface Jobs {
  readonly worker: Worker;
  /** Each round of the standing jobs once, by the clock that was handed in: for those who drive time by hand. */
  doRounds(): Promise<void>;
}

const jobKinds = {
  /** One errand waits for one timer. What fails this often is left to the round that looks for overdue ones. */
  timer: {
    payload: z.object({ name: z.string(), tenantId: z.uuid(), errandId: z.uuid() }),
    attemptsMax: 8,
  },
} satisfies JobKinds;

/** Half of the promised 5 seconds is left for whoever is in the way. */
const pollMs = 2_000;
/** News is waited for more than timers are. */
const newsPerTimer = 5;
const failedKeptMs = 7 * 24 * 60 * 60 * 1000;

/** The work that nobody asks for: what is put into the queue, and who does it. */
export function createJobs(options: JobsOptions): Jobs {
  const { config, databaseUrl, db, clock, logger, timersEveryMs, onRun } = options;
  const timers = createTimerService({ db, clock, logger, more: [disputeTimer] });
  setTimersWithTheirErrands(db, timers);
  const standing = standingJobs(options, timers);
  const worker = createWorker({
    databaseUrl,
    db,
    kinds: jobKinds,
    handlers: { timer: async (timer) => void (await timers.fire(timer)) },
    standing,
    concurrency: config.jobs.concurrency,
    pollMs: Math.min(pollMs, timersEveryMs),
    clock,
    logger,
    onRun,
  });
  return {
    worker,
    async doRounds() {
      for (const { work } of standing) await work(() => true);
    },
  };
}

/** A transition that sets a timer leaves its job behind, whoever makes it: in the same transaction, or not at all. */
function setTimersWithTheirErrands(db: Pick<Db, 'beforeCommit'>, timers: TimerService): void {
  const { enqueueFound } = createQueue(jobKinds);
  db.beforeCommit(async (tx, changes) => {
    const errandIds = [...new Set(changes.flatMap((change) => errandOf(change, timers)))];
    if (errandIds.length === 0) return;
    await enqueueFound(
      tx,
      'timer',
      Prisma.sql`
        SELECT 'timer.' || w.name || '.' || w."errandId" AS key, w.at AS run_at,
               jsonb_build_object('name', w.name, 'tenantId', w."tenantId", 'errandId', w."errandId") AS payload
        FROM (${timers.waitingQuery(errandIds)}) AS w`,
    );
  });
}

/** The errand whose timers a change may have set. */
function errandOf({ model, after }: ModelChange, timers: TimerService): readonly string[] {
  if (!after) return [];
  if (model === 'Errand') return timers.areSetIn(after.state) ? [after.id] : [];
  return model === 'Offer' || model === 'Dispute' ? [after.errandId] : [];
}

function standingJobs(options: JobsOptions, timers: TimerService) {
  const { config, db, clock, logger, idempotency, timersEveryMs, rounds, news } = options;
  const { expiredSessionsKeptDays: keptDays } = config.jobs;
  return [
    cron('timers', '* * * * *', createOverdueRound({ timers, logger })),
    recurring('books', timersEveryMs, createBookkeeping({ db, clock, logger })),
    cron('keys', '* * * * *', async (goesOn) => void (await idempotency.forgetExpired(goesOn))),
    cron('sessions', '17 3 * * *', createSessionForgetting({ db, clock, logger, keptDays })),
    cron('failures', '27 3 * * *', async () => {
      const before = new Date(clock.now().getTime() - failedKeptMs);
      await db.write((tx) => forgetFailed(tx, before));
    }),
    recurring('news', timersEveryMs / newsPerTimer, news.publish),
    recurring('webhooks', timersEveryMs / newsPerTimer, news.send),
    cron('old-news', '* * * * *', news.sweep),
    ...Object.entries(rounds).flatMap(([name, work]) => (work ? [recurring(name, timersEveryMs, work)] : [])),
  ] satisfies readonly Standing[];
}
