import type { Prisma, Reader, Tx } from '../../db/index.js';

/** A job as graphile_worker takes it. */
export interface JobRow {
  readonly name: string;
  readonly payload: unknown;
  /** ISO 8601. */
  readonly runAt: string;
  readonly key: string;
  /** Null: 25. */
  readonly attemptsMax: number | null;
  /** Of the jobs of one queue one runs at a time. Null: it waits for no other. */
  readonly queue: string | null;
}

/** What waits, in the queue or put aside for it. */
export interface QueueFacts {
  /** Could run now. */
  readonly due: number;
  /** Their time is to come. */
  readonly waiting: number;
  readonly running: number;
  /** Tried as often as they may be; nobody tries them again. */
  readonly failed: number;
  /** How long the one that has waited longest could have run. 0: none waits. */
  readonly overdueMs: number;
}

/**
 * Puts jobs aside until their time is near, those of a query of key, name, payload (jsonb), run_at and attempts_max, each key
 * once. The last one under a key counts. Nobody is notified: PostgreSQL commits transactions that notify one after another.
 */
export async function putAhead(tx: Pick<Tx, '$executeRaw'>, jobs: Prisma.Sql): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO job_ahead AS a (key, name, payload, run_at, attempts_max)
    SELECT key, name, payload, run_at, attempts_max FROM (${jobs}) AS j ORDER BY key
    ON CONFLICT (key) DO UPDATE
    SET name = excluded.name, payload = excluded.payload, run_at = excluded.run_at, attempts_max = excluded.attempts_max
    WHERE (a.name, a.payload, a.run_at, a.attempts_max)
      IS DISTINCT FROM (excluded.name, excluded.payload, excluded.run_at, excluded.attempts_max)`;
}

/** Whether a job that was put aside runs before `until`. */
export async function isNear(reader: Pick<Reader, '$queryRaw'>, until: Date): Promise<boolean> {
  const [row] = await reader.$queryRaw<{ near: boolean }[]>`
    SELECT EXISTS (SELECT 1 FROM job_ahead WHERE run_at < ${until}) AS near`;
  return row?.near ?? false;
}

/**
 * Hands jobs that run before `until` to the queue, the most urgent first, `limit` at most; what another process is handing over
 * is left to it. @returns how many
 */
export async function handOver(tx: Pick<Tx, '$queryRaw'>, until: Date, limit: number): Promise<number> {
  const rows = await tx.$queryRaw<(Omit<JobRow, 'runAt' | 'queue'> & { runAt: Date })[]>`
    DELETE FROM job_ahead WHERE key IN (
      SELECT key FROM job_ahead WHERE run_at < ${until} ORDER BY run_at, key LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)
    RETURNING key, name, payload, run_at AS "runAt", attempts_max AS "attemptsMax"`;
  const jobs = rows.map(({ runAt, ...row }) => ({ ...row, runAt: runAt.toISOString(), queue: null }));
  await addJobs(tx, jobs, 'replace');
  return rows.length;
}

/**
 * Adds jobs with keys of their own to the queue, and notifies the workers. One that waits under the same key is replaced;
 * `keepTime`: except that it runs when it would have. One that runs under it is left to end, and the new one comes after it.
 */
export async function addJobs(
  tx: Pick<Tx, '$queryRaw'>,
  jobs: readonly JobRow[],
  mode: 'replace' | 'keepTime',
): Promise<void> {
  if (jobs.length === 0) return;
  await tx.$queryRaw`
    SELECT count(*)::int AS added
    FROM (
      SELECT array_agg((j.name, j.payload, j.queue, j."runAt", j."attemptsMax", j.key, NULL, NULL)::graphile_worker.job_spec) AS specs
      FROM json_to_recordset(${JSON.stringify(jobs)}::json)
        AS j (name text, payload json, queue text, "runAt" timestamptz, "attemptsMax" smallint, key text)
    ) AS given, LATERAL graphile_worker.add_jobs(given.specs, ${mode === 'keepTime'}::boolean)`;
}

/** Which of the keys no job stands under that runs or will. */
export async function keysWithoutJob(
  reader: Pick<Reader, '$queryRaw'>,
  keys: readonly string[],
): Promise<readonly string[]> {
  const rows = await reader.$queryRaw<{ key: string }[]>`
    SELECT key FROM unnest(${keys}::text[]) AS wanted (key)
    WHERE NOT EXISTS (
      SELECT 1 FROM graphile_worker.jobs j
      WHERE j.key = wanted.key AND (j.locked_at IS NOT NULL OR j.attempts < j.max_attempts))`;
  return rows.map(({ key }) => key);
}

/** Deletes jobs that failed for good before `before`, or were left over by a worker that died. @returns how many */
export async function forgetFailed(tx: Pick<Tx, '$queryRaw'>, before: Date): Promise<number> {
  const [row] = await tx.$queryRaw<{ forgotten: number }[]>`
    SELECT count(*)::int AS forgotten
    FROM (
      SELECT array_agg(id) AS ids FROM graphile_worker.jobs
      WHERE attempts >= max_attempts AND locked_at IS NULL AND updated_at < ${before}
    ) AS failed, LATERAL graphile_worker.complete_jobs(failed.ids)`;
  return row?.forgotten ?? 0;
}

/** @param now by the clock that workers go by */
export async function readQueue(reader: Pick<Reader, '$queryRaw'>, now: Date): Promise<QueueFacts> {
  const [facts] = await reader.$queryRaw<QueueFacts[]>`
    SELECT count(*) FILTER (WHERE is_ready AND run_at <= ${now})::int AS due,
           count(*) FILTER (WHERE is_ready AND run_at > ${now})::int AS waiting,
           count(*) FILTER (WHERE is_running)::int AS running,
           count(*) FILTER (WHERE NOT is_running AND NOT is_ready)::int AS failed,
           greatest(0, coalesce(extract(epoch FROM ${now} - min(run_at) FILTER (WHERE is_ready)) * 1000, 0))::float8 AS "overdueMs"
    FROM (
      SELECT run_at, locked_at IS NOT NULL AS is_running, locked_at IS NULL AND attempts < max_attempts AS is_ready
      FROM graphile_worker.jobs
      UNION ALL SELECT run_at, false, true FROM job_ahead) AS j`;
  return facts ?? { due: 0, waiting: 0, running: 0, failed: 0, overdueMs: 0 };
}
