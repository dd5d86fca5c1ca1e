import type { Tx } from '../../db/index.js';
import type { JobKinds, JobOf } from './job.js';
import { addJobs } from './queue.repo.js';

/** Where work is put that somebody is to do later. */
export interface Queue<Kinds extends JobKinds> {
  /**
   * Puts jobs into the queue, in the transaction of whatever makes them necessary: they are there when it commits, and never
   * were when it rolls back. No two of one call have the same key.
   */
  enqueue(tx: Pick<Tx, '$queryRaw'>, jobs: readonly JobOf<Kinds>[]): Promise<void>;
}

export function createQueue<Kinds extends JobKinds>(kinds: Kinds): Queue<Kinds> {
  return {
    async enqueue(tx, jobs) {
      const rows = jobs.map(({ name, payload, runAt, key }) => {
        const attemptsMax = kinds[name]?.attemptsMax ?? null;
        return { name, payload, runAt: runAt.toISOString(), key, attemptsMax, queue: null };
      });
      await addJobs(tx, rows, 'replace');
    },
  };
}
