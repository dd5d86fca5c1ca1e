import type { Reader } from '../../db/index.js';

/** Payouts of all markets that wait for a person, and for how long the first of each kind has; in milliseconds. */
export interface WaitingPayouts {
  readonly requested: number;
  readonly doubted: number;
  readonly requestedMs: number;
  readonly doubtedMs: number;
}

/** @param now by the clock that payouts go by */
export async function readWaitingPayouts(reader: Pick<Reader, '$queryRaw'>, now: Date): Promise<WaitingPayouts> {
  const [found] = await reader.$queryRaw<WaitingPayouts[]>`
    SELECT count(*) FILTER (WHERE doubted_at IS NULL)::int AS requested, count(doubted_at)::int AS doubted,
           greatest(0, coalesce(extract(epoch FROM ${now} - min(created_at) FILTER (WHERE doubted_at IS NULL)) * 1000, 0))::float8 AS "requestedMs",
           greatest(0, coalesce(extract(epoch FROM ${now} - min(doubted_at)) * 1000, 0))::float8 AS "doubtedMs"
    FROM payout WHERE state = 'REQUESTED' OR doubted_at IS NOT NULL`;
  return found ?? { requested: 0, doubted: 0, requestedMs: 0, doubtedMs: 0 };
}
