import type { Currency } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import type { AccountRef } from './account.js';
import { balanceOf } from './balance.js';
import { ledgerHealth, type LedgerHealth } from './health.js';

/** Reads of the books. Bookings go through `postJournal`, inside the transaction of the business change they belong to. */
export interface LedgerService {
  /** Minor units; 0 when nothing was ever booked on the account. */
  balance(tenantId: string, currency: Currency, account: AccountRef): Promise<bigint>;
  /** Replays every line of a tenant, or of all; takes time in proportion to the books, so those who ask meanwhile share it. */
  health(tenantId: string | 'all'): Promise<LedgerHealth>;
}

export function createLedgerService({ db }: { readonly db: Pick<Db, 'read'> }): LedgerService {
  const running = new Map<string, Promise<LedgerHealth>>();
  return {
    balance: (tenantId, currency, account) => balanceOf(db.read, tenantId, currency, account),
    health(tenantId) {
      const shared = running.get(tenantId) ?? ledgerHealth(db.read, tenantId).finally(() => running.delete(tenantId));
      running.set(tenantId, shared);
      return shared;
    },
  };
}
