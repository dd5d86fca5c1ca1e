import type { Db } from '../../db/index.js';
import { ledgerHealth, type LedgerHealth } from './health.js';

/** The state of the books. Bookings go through `postJournal`, inside the transaction of the business change they belong to. */
export interface LedgerService {
  /** Replays every line of a tenant, or of all; takes time in proportion to the books, so those who ask meanwhile share it. */
  health(tenantId: string | 'all'): Promise<LedgerHealth>;
}

export function createLedgerService({ db }: { readonly db: Pick<Db, 'read'> }): LedgerService {
  const running = new Map<string, Promise<LedgerHealth>>();
  return {
    health(tenantId) {
      const shared = running.get(tenantId) ?? ledgerHealth(db.read, tenantId).finally(() => running.delete(tenantId));
      running.set(tenantId, shared);
      return shared;
    },
  };
}
