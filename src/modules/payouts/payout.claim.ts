import type { Db, Tx } from '../../db/index.js';
import type { Payout } from './payout.js';

/** A payout that one worker has in hand until `until`, or until another one's claim is newer. */
export interface Claim {
  readonly id: string;
  readonly number: number;
  readonly until: Date;
}

/**
 * Takes due payouts that nobody has in hand, the longest overdue first. Workers that ask at once get different ones; one
 * that dies gives up what it has when the lease is over.
 */
export async function claimDue(
  db: Pick<Db, 'write'>,
  now: Date,
  leaseMs: number,
  limit: number,
): Promise<readonly Claim[]> {
  const until = new Date(now.getTime() + leaseMs);
  const claimed = await db.write(
    (tx) => tx.$queryRaw<{ id: string; number: number }[]>`
      UPDATE payout SET claimed_until = ${until}, claim = claim + 1 WHERE id IN (
        SELECT id FROM payout WHERE next_check_at <= ${now} AND (claimed_until IS NULL OR claimed_until <= ${now})
        ORDER BY next_check_at, id LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING id, claim AS number`,
  );
  return claimed.map(({ id, number }) => ({ id, number, until }));
}

/** The payout, locked; undefined when another worker has claimed it since. */
export async function lockClaimed(tx: Tx, { id, number }: Claim): Promise<Payout | undefined> {
  const held = await tx.$queryRaw<unknown[]>`
    SELECT id FROM payout WHERE id = ${id}::uuid AND claim = ${number} FOR UPDATE`;
  return held.length === 0 ? undefined : tx.payout.findUniqueOrThrow({ where: { id } });
}
