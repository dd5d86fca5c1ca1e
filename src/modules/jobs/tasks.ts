import type { Task, TaskList } from 'graphile-worker';
import type { Logger } from '../../kernel/index.js';
import type { JobHandlers, JobKinds, JobRun } from './job.js';

export interface JobTasksOptions<Kinds extends JobKinds> {
  readonly kinds: Kinds;
  readonly handlers: JobHandlers<Kinds>;
  readonly logger: Logger;
  readonly onRun?: ((run: JobRun) => void) | undefined;
}

/** The kinds of jobs as graphile-worker takes them: what a job carries is parsed, what its run came to is told. */
export function jobTasks<Kinds extends JobKinds>({ kinds, handlers, logger, onRun }: JobTasksOptions<Kinds>): TaskList {
  return Object.fromEntries(
    Object.entries(kinds).map(([name, { payload }]) => {
      // The map of handlers is total, and each takes what its own kind parses.
      const handle = handlers[name] as (payload: unknown) => Promise<void>;
      return [name, told(name, async (given) => handle(payload.parse(given)), logger, onRun)];
    }),
  );
}

function told(
  job: string,
  work: (payload: unknown) => Promise<void>,
  logger: Logger,
  onRun: JobTasksOptions<JobKinds>['onRun'],
): Task {
  return async (payload, { job: { id, attempts, max_attempts: attemptsMax } }) => {
    const startedMs = performance.now();
    const tell = (result: JobRun['result']): void => onRun?.({ job, result, tookMs: performance.now() - startedMs });
    try {
      await work(payload);
      tell('done');
    } catch (error) {
      const fields = { err: error, job, jobId: id, attempt: attempts, attemptsMax };
      const isLast = attempts >= attemptsMax;
      if (isLast) logger.error(fields, 'a job failed for good');
      else logger.warn(fields, 'a job failed; it is tried again');
      tell(isLast ? 'failedForGood' : 'failed');
      throw error;
    }
  };
}
