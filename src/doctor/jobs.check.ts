import type { Db } from '../db/index.js';
import { ok, warn, type Finding } from './finding.js';

/** A worker takes up what is due within seconds; there is always something, because the books are looked after all the time. */
const overdueMsMax = 2 * 60_000;

/** @param now of the machine that looks, as workers go by their machine's */
export async function examineJobs({ read }: Pick<Db, 'read'>, now: Date): Promise<Finding> {
  const [found] = await read.$queryRaw<{ queue: boolean }[]>`
    SELECT to_regclass('graphile_worker.jobs') IS NOT NULL AND to_regclass('job_ahead') IS NOT NULL AS queue`;
  if (!found?.queue) return warn('jobs', 'no queue yet', 'It is made when the server starts.');
  const [jobs] = await read.$queryRaw<{ due: number; failed: number; oldest: Date | null }[]>`
    SELECT count(*) FILTER (WHERE attempts < max_attempts AND run_at <= ${now})::int AS due,
           count(*) FILTER (WHERE attempts >= max_attempts AND key IS NOT NULL)::int AS failed,
           min(run_at) FILTER (WHERE attempts < max_attempts AND run_at <= ${now}) AS oldest
    FROM (
      SELECT attempts, max_attempts, run_at, key FROM graphile_worker.jobs WHERE locked_at IS NULL
      UNION ALL SELECT 0, attempts_max, run_at, key FROM job_ahead) AS jobs`;
  const { due = 0, failed = 0, oldest } = jobs ?? {};
  const overdueMs = oldest ? now.getTime() - oldest.getTime() : 0;
  const detail = `${due} due, ${failed} failed for good`;
  if (overdueMs <= overdueMsMax) return ok('jobs', detail);
  return warn(
    'jobs',
    `${detail}; nobody does them: the oldest has waited for ${Math.floor(overdueMs / 60_000)} minutes`,
    'Start a server with WORKER=inside, or "npm run runam -- worker" beside servers with WORKER=none.',
  );
}
