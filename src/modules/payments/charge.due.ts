import type { Tx } from '../../db/index.js';
import type { Charge } from './charge.js';

/** Longer than any provider takes to answer: who has taken a charge and died leaves it for so long. */
const leaseMs = 60_000;

/** Takes charges whose time to be asked about has come, the longest overdue first, so that no other process takes them meanwhile. */
export async function dueCharges(tx: Tx, now: Date, limit: number): Promise<readonly Charge[]> {
  const taken = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM charge WHERE state = 'PENDING' AND next_check_at <= ${now}
    ORDER BY next_check_at, id LIMIT ${limit}::int FOR UPDATE SKIP LOCKED`;
  const ids = taken.map(({ id }) => id);
  if (ids.length === 0) return [];
  const charges = await tx.charge.findMany({
    where: { id: { in: ids } },
    orderBy: [{ nextCheckAt: 'asc' }, { id: 'asc' }],
  });
  const until = new Date(now.getTime() + leaseMs);
  await tx.charge.updateMany({ where: { id: { in: ids } }, data: { nextCheckAt: until } });
  return charges;
}
