import type { Currency, Money, UserViewer } from '../../kernel/index.js';
import type { Reader } from '../../db/index.js';
import { accounts } from './account.js';
import { accountIdOf } from './journal.js';
import { balanceOfTotals } from './ledger.js';

/** The viewer's own spendable money in one currency; 0 when nothing was ever booked on the wallet. */
export async function walletBalance(
  reader: Reader,
  { tenantId, userId }: UserViewer,
  currency: Currency,
): Promise<Money> {
  const id = accountIdOf(tenantId, currency, accounts.wallet(userId).code);
  const row = await reader.ledgerAccount.findUnique({ where: { id } });
  return { minor: row ? balanceOfTotals(row, row) : 0n, currency };
}
