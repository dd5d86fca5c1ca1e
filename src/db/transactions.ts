import { setTimeout as pause } from 'node:timers/promises';
import { sqlCodeOf } from './failures.js';
import type { Reader } from './client.js';

/** How a transaction went, as far as the database can say. */
export type Outcome = 'committed' | 'rolledBack' | 'running';

const outcomes: Readonly<Record<string, Outcome>> = {
  committed: 'committed',
  aborted: 'rolledBack',
  'in progress': 'running',
};
/** SQLSTATE class: data exception, such as text that is no transaction id, or the id of one that has not begun yet. */
const notOurs = /^22/;

/**
 * Asks the database how the transaction with this token went: its id (xid8), up to the first colon. Committed is said only
 * when every later statement sees what it wrote. A transaction the database does not know, because it is too old, or was
 * lost in a crash or by going back to a backup, counts as committed: the cache then forgets too much rather than too little.
 */
export async function outcomeOf(client: Pick<Reader, '$queryRaw'>, token: string): Promise<Outcome> {
  try {
    const [row] = await client.$queryRaw<{ status: string | null }[]>`
      SELECT pg_xact_status(split_part(${token}::text, ':', 1)::xid8) AS status`;
    return outcomes[row?.status ?? 'committed'] ?? 'committed';
  } catch (error) {
    if (notOurs.test(sqlCodeOf(error) ?? '')) return 'committed';
    throw error;
  }
}

const lookEveryMs = 20;

/**
 * Resolves when every transaction that had written something in this database by the time of the call has ended, or after
 * `waitMsMax`. Transactions hold a lock on their own id until the rows they wrote are seen by everybody.
 */
export async function runningTransactionsEnded(client: Pick<Reader, '$queryRaw'>, waitMsMax: number): Promise<void> {
  const deadlineMs = performance.now() + waitMsMax;
  const before = new Set(await runningIds(client));
  while (before.size > 0 && performance.now() < deadlineMs) {
    await pause(lookEveryMs);
    const now = new Set(await runningIds(client));
    for (const id of before) if (!now.has(id)) before.delete(id);
  }
}

async function runningIds(client: Pick<Reader, '$queryRaw'>): Promise<readonly string[]> {
  const rows = await client.$queryRaw<{ id: string }[]>`
    SELECT l.transactionid::text AS id FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted AND a.datname = current_database()`;
  return rows.map(({ id }) => id);
}
