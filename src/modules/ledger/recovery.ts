import { uuidOf, type Clock, type Currency } from '../../kernel/index.js';
import type { Db, Reader, Tx } from '../../db/index.js';
import { accounts } from './account.js';
import { openAndLock, postJournal } from './journal.js';
import { balanceOfTotals, emptyTotals, transfer, type AccountTotals } from './ledger.js';

interface Debtor {
  readonly tenantId: string;
  readonly userId: string;
  readonly currency: Currency;
}

/**
 * Takes what users owe from what has come into their wallets since. Safe in any number of processes at once: the amount is
 * decided under the locks of both accounts.
 * @returns how many bookings were made
 */
export async function recoverReceivables(db: Pick<Db, 'read' | 'write'>, clock: Clock): Promise<number> {
  let booked = 0;
  for (const debtor of await debtorsWithMoney(db.read)) {
    if (await db.write((tx) => recover(tx, debtor, clock.now()))) booked += 1;
  }
  return booked;
}

const debtorsMax = 100;

async function debtorsWithMoney(reader: Pick<Reader, '$queryRaw'>): Promise<readonly Debtor[]> {
  return reader.$queryRaw<Debtor[]>`
    SELECT r.tenant_id AS "tenantId", r.owner_id AS "userId", r.currency
    FROM ledger_account r
    JOIN ledger_account w ON w.tenant_id = r.tenant_id AND w.currency = r.currency AND w.code = 'user:' || r.owner_id || ':wallet'
    WHERE r.type = 'ASSET' AND r.floored AND r.code = 'user:' || r.owner_id || ':receivable' AND r.debits > r.credits AND w.credits > w.debits
    ORDER BY r.id LIMIT ${debtorsMax}`;
}

/** @returns false when there is nothing to take any more */
async function recover(tx: Tx, { tenantId, userId, currency }: Debtor, now: Date): Promise<boolean> {
  const [wallet, receivable] = [accounts.wallet(userId), accounts.receivable(userId)];
  const totals = await openAndLock(tx, { tenantId, currency, recordedAt: now }, [wallet, receivable]);
  const of = (code: string): AccountTotals => totals.get(code) ?? emptyTotals;
  const [held, owed] = [balanceOfTotals(wallet, of(wallet.code)), balanceOfTotals(receivable, of(receivable.code))];
  const amount = held < owed ? held : owed;
  if (amount === 0n) return false;
  await postJournal(tx, {
    id: uuidOf(`journal:recovery:${tenantId}:${currency}:${userId}:${of(receivable.code).seq}`),
    tenantId,
    kind: 'receivable.recovery',
    businessRef: `user:${userId}`,
    currency,
    effectiveAt: now,
    recordedAt: now,
    actorId: null,
    postings: transfer(wallet, receivable, amount),
  });
  return true;
}
