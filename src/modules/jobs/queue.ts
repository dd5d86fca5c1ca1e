import { Prisma, type Tx } from '../../db/index.js';
import type { JobKinds, JobOf } from './job.js';
import { putAhead } from './queue.repo.js';

/**
 * Where work is put that somebody is to do later, in the transaction of whatever makes it necessary: it is there when that
 * commits, and never was when it rolls back. Workers hand it to the queue of graphile-worker shortly before its time.
 */
export interface Queue<Kinds extends JobKinds> {
  /** No two of one call have the same key. */
  enqueue(tx: Pick<Tx, '$executeRaw'>, jobs: readonly JobOf<Kinds>[]): Promise<void>;
  /** Jobs of one kind that a query finds: `key`, `payload` (jsonb) and `run_at` of each, no two with the same key. */
  enqueueFound(tx: Pick<Tx, '$executeRaw'>, name: keyof Kinds & string, found: Prisma.Sql): Promise<void>;
}

/** graphile-worker's own, for kinds that say nothing. */
const attemptsMaxDefault = 25;

export function createQueue<Kinds extends JobKinds>(kinds: Kinds): Queue<Kinds> {
  const attemptsMaxOf = (name: string): number => kinds[name]?.attemptsMax ?? attemptsMaxDefault;
  return {
    async enqueue(tx, jobs) {
      if (jobs.length === 0) return;
      const rows = jobs.map(({ name, payload, runAt, key }) => {
        return { key, name, payload, run_at: runAt.toISOString(), attempts_max: attemptsMaxOf(name) };
      });
      await putAhead(
        tx,
        Prisma.sql`
          SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
            AS r (key text, name text, payload jsonb, run_at timestamptz, attempts_max smallint)`,
      );
    },
    async enqueueFound(tx, name, found) {
      await putAhead(
        tx,
        Prisma.sql`
          SELECT f.key, ${name}::text AS name, f.payload, f.run_at, ${attemptsMaxOf(name)}::smallint AS attempts_max
          FROM (${found}) AS f`,
      );
    },
  };
}
