import type { Currency, Money, UserViewer } from '../../kernel/index.js';
import type { Reader } from '../../db/index.js';
import { accounts, type AccountRef } from './account.js';
import { accountIdOf } from './journal.js';
import { balanceOfTotals } from './ledger.js';

/** The viewer's own spendable money in one currency; 0 when nothing was ever booked on the wallet. */
export async function walletBalance(
  reader: Reader,
  { tenantId, userId }: UserViewer,
  currency: Currency,
): Promise<Money> {
  return balanceOf(reader, tenantId, currency, accounts.wallet(userId));
}

/** What a user owes; 0 when no charge of theirs was ever taken back. */
export async function receivableBalance(
  reader: Pick<Reader, 'ledgerAccount'>,
  { tenantId, userId }: Pick<UserViewer, 'tenantId' | 'userId'>,
  currency: Currency,
): Promise<Money> {
  return balanceOf(reader, tenantId, currency, accounts.receivable(userId));
}

async function balanceOf(
  reader: Pick<Reader, 'ledgerAccount'>,
  tenantId: string,
  currency: Currency,
  { code }: AccountRef,
): Promise<Money> {
  const row = await reader.ledgerAccount.findUnique({ where: { id: accountIdOf(tenantId, currency, code) } });
  return { minor: row ? balanceOfTotals(row, row) : 0n, currency };
}
