import type { Currency, Money, UserViewer } from '../../kernel/index.js';
import type { Reader } from '../../db/index.js';
import { accounts, type AccountRef } from './account.js';
import { accountIdOf } from './journal.js';
import { balanceOfTotals } from './ledger.js';

/** What an account holds, in minor units; 0 when nothing was ever booked on it. Unfloored accounts are summed from their lines. */
export async function balanceOf(
  reader: Reader,
  tenantId: string,
  currency: Currency,
  account: AccountRef,
): Promise<bigint> {
  const id = accountIdOf(tenantId, currency, account.code);
  if (account.floored) {
    const row = await reader.ledgerAccount.findUnique({ where: { id } });
    return row ? balanceOfTotals(row, row) : 0n;
  }
  const rows = await reader.journalLine.groupBy({ by: ['side'], where: { accountId: id }, _sum: { amount: true } });
  const sumOf = (side: 'DEBIT' | 'CREDIT'): bigint => rows.find((row) => row.side === side)?._sum.amount ?? 0n;
  return balanceOfTotals(account, { debits: sumOf('DEBIT'), credits: sumOf('CREDIT'), seq: 0 });
}

/** The viewer's own spendable money in one currency. */
export async function walletBalance(reader: Reader, viewer: UserViewer, currency: Currency): Promise<Money> {
  return { minor: await balanceOf(reader, viewer.tenantId, currency, accounts.wallet(viewer.userId)), currency };
}
