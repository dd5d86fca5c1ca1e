import { parseCronItems, type ParsedCronItem, type TaskList } from 'graphile-worker';
import type { Clock, Logger } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import type { JobRun } from './job.js';
import { addJobs, keysWithoutJob, type JobRow } from './queue.repo.js';
import type { Standing } from './standing.js';

export interface RoundTasksOptions {
  readonly db: Pick<Db, 'write'>;
  readonly standing: readonly Standing[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly goesOn: () => boolean;
  readonly onRun?: ((run: JobRun) => void) | undefined;
}

/** Standing jobs as graphile-worker takes them. A round ends well whatever became of its work, so that the next one comes. */
export function roundTasks(options: RoundTasksOptions): TaskList {
  return Object.fromEntries(options.standing.map((one) => [nameOf(one), roundOf(one, options)]));
}

/** Puts the rounds that have got lost, or were never there, into the queue: some worker does them now. */
export async function addMissing(
  db: Pick<Db, 'read' | 'write'>,
  standing: readonly Standing[],
  now: Date,
): Promise<void> {
  const looping = standing.filter(({ schedule }) => 'everyMs' in schedule);
  const missing = new Set(await keysWithoutJob(db.read, looping.map(nameOf)));
  const jobs = looping.filter((one) => missing.has(nameOf(one))).map((one) => rowOf(one, now));
  if (jobs.length > 0) await db.write((tx) => addJobs(tx, jobs, 'keepTime'));
}

/** Those that the clock on the wall calls for. One that still waits when the next is due is not there twice. */
export function cronItemsOf(standing: readonly Standing[]): ParsedCronItem[] {
  return parseCronItems(
    standing.flatMap((one) => {
      if (!('cron' in one.schedule)) return [];
      const name = nameOf(one);
      return [{ task: name, match: one.schedule.cron, options: { jobKey: name, queueName: name } }];
    }),
  );
}

function roundOf({ name, schedule, work }: Standing, { db, clock, logger, goesOn, onRun }: RoundTasksOptions) {
  let isFailing = false;

  async function go(): Promise<JobRun['result']> {
    try {
      await work(goesOn);
      if (isFailing) logger.info({ job: name }, 'a standing job succeeds again');
      isFailing = false;
      return 'done';
    } catch (error) {
      if (!isFailing) logger.warn({ err: error, job: name }, 'a standing job fails; trying on');
      isFailing = true;
      return 'failed';
    }
  }

  return async (): Promise<void> => {
    const startedMs = performance.now();
    const result = await go();
    onRun?.({ job: name, result, tookMs: performance.now() - startedMs });
    if (!('everyMs' in schedule)) return;
    // Its queue is this round's until that has ended, so the next one cannot overtake it.
    const next = new Date(clock.now().getTime() + schedule.everyMs);
    await db.write((tx) => addJobs(tx, [rowOf({ name }, next)], 'replace'));
  };
}

function rowOf(standing: Pick<Standing, 'name'>, runAt: Date): JobRow {
  const name = nameOf(standing);
  return { name, key: name, queue: name, payload: {}, runAt: runAt.toISOString(), attemptsMax: null };
}

/** Apart from the names of kinds. */
function nameOf({ name }: Pick<Standing, 'name'>): string {
  return `round.${name}`;
}
