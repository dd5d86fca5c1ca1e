import { noShowGraceMs, type ErrandState } from '../errands/index.js';
import { Prisma, type Reader } from '../../db/index.js';
import type { TimerName } from './timer.moves.js';

export interface DueErrand {
  readonly id: string;
  readonly tenantId: string;
  /** What the timer waits for: the column its look-up is sorted by. */
  readonly waitsFor: Date;
}

/**
 * Errands whose timer has run out by `now`, the longest overdue first, behind `after`. The state stands in the text of the
 * statement, because a partial index serves only a condition that the planner can read.
 */
export async function dueErrands(
  reader: Pick<Reader, '$queryRaw'>,
  name: TimerName,
  now: Date,
  after: DueErrand | undefined,
  limit: number,
): Promise<readonly DueErrand[]> {
  if (name === 'offersExpire') return withStaleOffers(reader, now, after, limit);
  const { state, column, graceMs } = timers[name];
  const at = Prisma.raw(column);
  const until = new Date(now.getTime() - graceMs);
  const behind = after ? Prisma.sql`AND (${at}, id) > (${after.waitsFor}, ${after.id}::uuid)` : Prisma.empty;
  return reader.$queryRaw<DueErrand[]>`
    SELECT id, tenant_id AS "tenantId", ${at} AS "waitsFor" FROM errand
    WHERE state = ${Prisma.raw(`'${state}'`)} AND ${at} <= ${until} ${behind}
    ORDER BY ${at}, id LIMIT ${limit}`;
}

/**
 * When the timer of each of the errands goes off, of those that have it set: a query of errand_id, tenant_id and at. It says
 * what `dueErrands` says, before it is due.
 */
export function waitingErrands(name: TimerName, errandIds: readonly string[]): Prisma.Sql {
  if (name === 'offersExpire') {
    return Prisma.sql`
      SELECT errand_id, tenant_id, min(expires_at) AS at FROM offer
      WHERE errand_id = ANY(${errandIds}::uuid[]) AND state IN ('PENDING', 'COUNTERED') GROUP BY errand_id, tenant_id`;
  }
  const { state, column, graceMs } = timers[name];
  const at = Prisma.raw(column);
  return Prisma.sql`
    SELECT id AS errand_id, tenant_id, ${at} + make_interval(secs => ${graceMs / 1000}::float8) AS at FROM errand
    WHERE id = ANY(${errandIds}::uuid[]) AND state = ${Prisma.raw(`'${state}'`)} AND ${at} IS NOT NULL`;
}

/** The state of an errand that sets the timer; undefined for the one that offers set. */
export function stateOfTimer(name: TimerName): ErrandState | undefined {
  return name === 'offersExpire' ? undefined : timers[name].state;
}

/** Errands with live offers past their time, each once, by its oldest such offer. */
async function withStaleOffers(
  reader: Pick<Reader, '$queryRaw'>,
  now: Date,
  after: DueErrand | undefined,
  limit: number,
): Promise<readonly DueErrand[]> {
  const behind = after
    ? Prisma.sql`HAVING (min(expires_at), errand_id) > (${after.waitsFor}, ${after.id}::uuid)`
    : Prisma.empty;
  return reader.$queryRaw<DueErrand[]>`
    SELECT errand_id AS id, tenant_id AS "tenantId", min(expires_at) AS "waitsFor" FROM offer
    WHERE state IN ('PENDING', 'COUNTERED') AND expires_at <= ${now}
    GROUP BY errand_id, tenant_id ${behind}
    ORDER BY min(expires_at), errand_id LIMIT ${limit}`;
}

const timers = {
  autoRelease: { state: 'DELIVERED', column: 'auto_release_at', graceMs: 0 },
  noShow: { state: 'ASSIGNED', column: 'start_by', graceMs: noShowGraceMs },
  fundingTimeout: { state: 'AWAITING_FUNDING', column: 'fund_by', graceMs: 0 },
  expire: { state: 'OPEN', column: 'expires_at', graceMs: 0 },
} as const satisfies Record<Exclude<TimerName, 'offersExpire'>, { state: string; column: string; graceMs: number }>;
