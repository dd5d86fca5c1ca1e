import type { Currency } from '../../kernel/index.js';
import type { Reader } from '../../db/index.js';
import { accountIdOf, accounts } from '../ledger/index.js';
import type { WalletHold } from './payout.rule.js';

/**
 * What charges brought into a wallet within the last `clearingMs` and was not taken back since, soonest free first. It is
 * looked at by where it came from and not by where it is: what was spent meanwhile and came back (an escrow that was given
 * back) is held as before, and what is held is made up by whatever else is in the wallet.
 */
export async function walletHolds(
  reader: Pick<Reader, '$queryRaw'>,
  { tenantId, userId }: { readonly tenantId: string; readonly userId: string },
  currency: Currency,
  clearingMs: number,
  now: Date,
): Promise<readonly WalletHold[]> {
  if (clearingMs === 0) return [];
  const idOf = ({ code }: { readonly code: string }): string => accountIdOf(tenantId, currency, code);
  // What was taken back of it and is owed, because it was spent by then, is held no more either.
  const own = [accounts.wallet(userId), accounts.receivable(userId)].map(idOf);
  const since = new Date(now.getTime() - clearingMs);
  const rows = await reader.$queryRaw<{ at: Date; minor: bigint }[]>`
    SELECT c.updated_at AS at, sum(CASE l.side WHEN 'CREDIT' THEN l.amount ELSE -l.amount END)::bigint AS minor
    FROM charge c
    JOIN journal j ON j.tenant_id = c.tenant_id AND j.business_ref = 'charge:' || c.id
    JOIN journal_line l ON l.journal_id = j.id AND l.account_id = ANY(${own}::uuid[])
    WHERE c.user_id = ${userId}::uuid AND c.state = 'SUCCEEDED' AND c.updated_at > ${since}
    GROUP BY c.id ORDER BY c.updated_at, c.id`;
  return rows
    .filter(({ minor }) => minor > 0n)
    .map(({ at, minor }) => ({ minor, until: new Date(at.getTime() + clearingMs) }));
}
