import type { TaskList } from 'graphile-worker';
import { startRounds, type Clock, type Logger, type Rounds } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import type { JobHandlers, JobKinds, JobRun } from './job.js';
import { createWorkerPresence } from './presence.js';
import { handOver, isNear } from './queue.repo.js';
import type { Standing } from './standing.js';
import { startRunner, type RunningWorker } from './runner.js';
import { addMissing, roundTasks } from './standing.tasks.js';
import { jobTasks } from './tasks.js';

/** Does the jobs of the queue, beside any number of other workers on the database. */
export interface Worker {
  /** @throws DatabaseConnectionError when the database cannot be reached */
  start(): Promise<void>;
  /** Takes no other job, and resolves when those under way have ended. May be repeated. */
  stop(): Promise<void>;
}

export interface WorkerOptions<Kinds extends JobKinds> {
  readonly databaseUrl: string;
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly kinds: Kinds;
  readonly handlers: JobHandlers<Kinds>;
  readonly standing: readonly Standing[];
  /** Jobs at once. */
  readonly concurrency: number;
  /** Pause between two looks for jobs whose time has come, and between two for those whose time is near. */
  readonly pollMs: number;
  /** Pause between two looks for workers that died, and for standing jobs that got lost. Default 5,000. */
  readonly keepEveryMs?: number;
  /** After so long a round of those with a pause is told to end. Default 10,000. */
  readonly roundMsMax?: number;
  /** The system's: the queue goes by the time of the process. */
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRun?: ((run: JobRun) => void) | undefined;
}

/** Jobs are handed to the queue as many looks ahead of their time. */
const handOverLooks = 4;
/** In one transaction. */
const handOverMax = 500;

/**
 * A worker on graphile-worker. Jobs are done at least once: those of a worker that died are taken up by another within two
 * rounds of `keepEveryMs`. A worker that gave up because the database was away begins again.
 */
export function createWorker<Kinds extends JobKinds>(options: WorkerOptions<Kinds>): Worker {
  const { databaseUrl, db, standing, clock, logger, pollMs, keepEveryMs = 5_000 } = options;
  const presence = createWorkerPresence(databaseUrl, logger);
  let running: RunningWorker | undefined;
  let keeping: Rounds | undefined;
  let handing: Rounds | undefined;
  let isStopping = false;
  const goesOn = (): boolean => !isStopping;
  const tasks: TaskList = { ...jobTasks(options), ...roundTasks({ ...options, goesOn }) };

  async function begin(): Promise<void> {
    running = await startRunner({ ...options, tasks, onBegin: presence.hold });
    void watch(running);
  }

  async function watch(begun: RunningWorker): Promise<void> {
    const error = await begun.ended;
    running = undefined;
    if (!goesOn()) return;
    logger.warn({ err: error }, 'the worker gave up; it begins again');
    // What it could not finish is free for others, and for the one that comes after it.
    await presence.leave();
  }

  async function keep(): Promise<void> {
    const died = await presence.freeDead();
    if (died > 0) logger.warn({ workers: died }, 'workers died; their jobs are free again');
    await addMissing(db, standing, clock.now());
    if (!running && goesOn()) await begin();
  }

  /** What is due before the look after next is in the queue by then, whoever looks late. */
  async function handOverNear(goesOn: () => boolean): Promise<void> {
    const until = new Date(clock.now().getTime() + handOverLooks * pollMs);
    if (!(await isNear(db.read, until))) return;
    let handed: number;
    do handed = await db.write((tx) => handOver(tx, until, handOverMax));
    while (handed === handOverMax && goesOn());
  }

  return {
    async start() {
      await keep();
      handing = startRounds({
        work: handOverNear,
        everyMs: pollMs,
        logger,
        failing: 'jobs whose time is near cannot be handed to the queue now; trying on',
        mended: 'jobs whose time is near are handed to the queue again',
      });
      keeping = startRounds({
        work: keep,
        everyMs: keepEveryMs,
        logger,
        failing: 'the queue of jobs cannot be looked after now; trying on',
        mended: 'the queue of jobs is looked after again',
      });
    },
    async stop() {
      isStopping = true;
      await Promise.all([running?.stop(), keeping?.stop(), handing?.stop()]);
      // Begun by the look that was under way.
      await running?.stop();
      await presence.leave();
    },
  };
}
