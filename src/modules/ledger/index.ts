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
export {
  accountIdOf,
  accountRow,
  journalRow,
  lineRows,
  openAndLock,
  postJournal,
  type JournalDraft,
} from './journal.js';
export { ledgerHealth, type LedgerHealth } from './health.js';
export { createLedgerService, type LedgerService, type LedgerServiceDeps } from './ledger.service.js';
export { parseReason, requireFinance, stillFinance } from './by-hand.js';
export {
  ledgerTimes,
  type AccountBalance,
  type AsOf,
  type BooksQuestion,
  type LedgerTime,
  type TrialBalance,
} from './reports.js';
export { statementCursor, type AccountStatement, type StatementLine, type StatementPeriod } from './statement.js';
export { statementCsv } from './statement.csv.js';
export { journalById, type BookedJournal } from './reversal.js';
export { recoverReceivables } from './recovery.js';
export { createSealer, type Sealer, type SealerDeps, type SealRound } from './sealing.js';
export { createBookkeeping, type BookkeepingOptions } from './books.round.js';
export { verifyLedger, type LedgerFault, type LedgerVerification, type VerifyOptions } from './verify.js';
export { floorsOf, receivableBalance, walletBalance } from './balance.js';
