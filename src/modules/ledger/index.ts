export { accounts, type AccountOwner, type AccountRef } from './account.js';
export {
  applyPostings,
  balanceOfTotals,
  emptyTotals,
  transfer,
  type AccountTotals,
  type BookedLine,
  type Booking,
  type Posting,
} from './ledger.js';
export { accountRow, journalRow, lineRows, postJournal, type JournalDraft } from './journal.js';
export { walletBalance } from './balance.js';
export { ledgerHealth, type LedgerHealth } from './health.js';
export { createLedgerService, type LedgerService } from './ledger.service.js';
