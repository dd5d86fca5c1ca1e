import type { Db } from '../db/index.js';
import { ok, warn, type Finding } from './finding.js';

/** FINANCE looks at what waits for them once a working day. */
const waitedMsMax = 24 * 3_600_000;

/** Payouts that wait for a person. @param now of the machine that looks */
export async function examinePayouts({ read }: Pick<Db, 'read'>, now: Date): Promise<Finding> {
  const [found] = await read.$queryRaw<{ payouts: boolean }[]>`
    SELECT count(*) > 0 AS payouts FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = 'payout' AND column_name = 'doubted_at'`;
  if (!found?.payouts)
    return warn('payouts', 'not counted: the tables are older', 'They are changed when the server starts.');
  const [payouts] = await read.$queryRaw<{ requested: number; doubted: number; oldest: Date | null }[]>`
    SELECT count(*) FILTER (WHERE doubted_at IS NULL)::int AS requested, count(doubted_at)::int AS doubted,
           min(coalesce(doubted_at, created_at)) AS oldest
    FROM payout WHERE state = 'REQUESTED' OR doubted_at IS NOT NULL`;
  const { requested = 0, doubted = 0, oldest } = payouts ?? {};
  const detail = `${requested} wait for FINANCE, ${doubted} are told of by another amount`;
  const waitedMs = oldest ? now.getTime() - oldest.getTime() : 0;
  if (doubted === 0 && waitedMs <= waitedMsMax) return ok('payouts', detail);
  const advice =
    'Somebody of FINANCE: payouts(state: REQUESTED) to approve or reject, payouts(doubted: true) to settle.';
  return warn('payouts', `${detail}; the first has waited for ${Math.floor(waitedMs / 3_600_000)} hours`, advice);
}
