import { run, type TaskList } from 'graphile-worker';
import { Pool } from 'pg';
import type { Logger } from '../../kernel/index.js';
import type { Standing } from './standing.js';
import { cronItemsOf } from './standing.tasks.js';
import { graphileLogger } from './graphile.logger.js';

/** A worker of graphile-worker at work. */
export interface RunningWorker {
  /** Resolves when it has ended and let go of its connections, with what made it give up, if it did. Never rejects. */
  readonly ended: Promise<unknown>;
  /** Takes no other job, and resolves when it has ended. May be repeated. */
  stop(): Promise<void>;
}

export interface RunnerOptions {
  readonly databaseUrl: string;
  readonly tasks: TaskList;
  readonly standing: readonly Standing[];
  readonly concurrency: number;
  readonly pollMs: number;
  readonly logger: Logger;
  /** Told the worker's id before it takes its first job. */
  readonly onBegin: (workerId: string) => Promise<void>;
}

/** For what the queue needs beside the jobs that begin and end: to listen, and to write down the cron's. */
const connectionsBeside = 2;

export async function startRunner(options: RunnerOptions): Promise<RunningWorker> {
  const { tasks, standing, concurrency, pollMs, logger } = options;
  const pool = createPool(options);
  const runner = await run({
    pgPool: pool,
    taskList: tasks,
    parsedCronItems: cronItemsOf(standing),
    concurrency,
    pollInterval: pollMs,
    // A timer is due by the clock that its handler looks at again: by another's it might fire early, and be thrown away.
    useNodeTime: true,
    noHandleSignals: true,
    logger: graphileLogger(logger),
    preset: presetOf(options),
  }).catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  const ended = runner.promise
    .then(
      () => undefined,
      (error: unknown) => error,
    )
    .finally(() => pool.end());
  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    // It refuses when it has begun to end by itself: then that is waited for.
    await runner.stop().catch((error: unknown) => logger.debug({ err: error }, 'the worker was ending already'));
    await ended;
  }
  return { ended, stop: () => (stopping ??= stop()) };
}

/** Connections that may break at any time: whoever uses one hears of it from the statement that fails. */
function createPool({ databaseUrl, concurrency, logger }: RunnerOptions): Pool {
  const pool = new Pool({ connectionString: databaseUrl, max: concurrency + connectionsBeside, keepAlive: true });
  const onError = (error: Error): void => logger.debug({ err: error }, 'a connection of the worker broke');
  pool.on('error', onError);
  pool.on('connect', (client) => void client.on('error', onError));
  return pool;
}

function presetOf({ onBegin }: RunnerOptions): GraphileConfig.Preset {
  return {
    // Without a batch nobody waits for the end of a job to be written down, and nobody hears when that fails.
    worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 },
    plugins: [
      {
        name: 'presence',
        version: '1.0.0',
        worker: { hooks: { startWorker: (_context, { worker }) => onBegin(worker.workerPool.id) } },
      },
    ],
  };
}
