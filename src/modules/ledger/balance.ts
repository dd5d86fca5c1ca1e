import type { Currency, Money, UserViewer } from '../../kernel/index.js';
import type { Reader } from '../../db/index.js';
import { accounts, type AccountRef } from './account.js';
import { accountIdOf } from './journal.js';
import { balanceOfTotals, type AccountTotals } from './ledger.js';

/**
 * How floored accounts stand, by code, without a lock; one that is missing stands at zero, and those without a floor are left
 * out. In one statement, none when nothing is asked for.
 */
export async function floorsOf(
  reader: Reader,
  asked: readonly { readonly tenantId: string; readonly currency: Currency; readonly account: AccountRef }[],
): Promise<ReadonlyMap<string, AccountTotals>> {
  const floored = asked.filter(({ account }) => account.floored);
  const ids = new Set(floored.map(({ tenantId, currency, account }) => accountIdOf(tenantId, currency, account.code)));
  if (ids.size === 0) return new Map();
  const rows = await reader.ledgerAccount.findMany({ where: { id: { in: [...ids] } } });
  return new Map(rows.map(({ code, debits, credits, seq }) => [code, { debits, credits, seq }]));
}

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
