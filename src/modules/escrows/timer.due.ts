import { noShowGraceMs } from '../errands/index.js';
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
  const { state, column, graceMs } = timers[name];
  const at = Prisma.raw(column);
  const until = new Date(now.getTime() - graceMs);
  const behind = after ? Prisma.sql`AND (${at}, id) > (${after.waitsFor}, ${after.id}::uuid)` : Prisma.empty;
  return reader.$queryRaw<DueErrand[]>`
    SELECT id, tenant_id AS "tenantId", ${at} AS "waitsFor" FROM errand
    WHERE state = ${Prisma.raw(`'${state}'`)} AND ${at} <= ${until} ${behind}
    ORDER BY ${at}, id LIMIT ${limit}`;
}

const timers = {
  autoRelease: { state: 'DELIVERED', column: 'auto_release_at', graceMs: 0 },
  noShow: { state: 'ASSIGNED', column: 'start_by', graceMs: noShowGraceMs },
  fundingTimeout: { state: 'AWAITING_FUNDING', column: 'fund_by', graceMs: 0 },
  expire: { state: 'OPEN', column: 'expires_at', graceMs: 0 },
} as const satisfies Record<TimerName, { state: string; column: string; graceMs: number }>;
