import {
  AppError,
  isUuid,
  notFound,
  parseCurrency,
  requireUser,
  type Clock,
  type Currency,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import { recordAct } from '../audit/index.js';
import { parseReason, requireFinance, stillFinance } from './by-hand.js';
import { ledgerHealth, type LedgerHealth } from './health.js';
import { accountBalance, trialBalance, type AccountBalance, type AsOf, type TrialBalance } from './reports.js';
import { journalById, reverseJournal, type BookedJournal } from './reversal.js';
import { accountStatement, walletStatement, type AccountStatement, type StatementPeriod } from './statement.js';
import { verifyLedger, type LedgerVerification, type VerifyOptions } from './verify.js';

/** The books. Bookings go through `postJournal`, inside the transaction of the business change they belong to. */
export interface LedgerService {
  /** Replays every line of a tenant, or of all; takes time in proportion to the books, so those who ask meanwhile share it. */
  health(tenantId: string | 'all'): Promise<LedgerHealth>;
  /** Recomputes all there is, of every market, and checks the chain of seals; for operators, who see every market. */
  verify(options?: VerifyOptions): Promise<LedgerVerification>;
  /** An account of the viewer's market. @throws AppError FORBIDDEN unless FINANCE or ADMIN, NOT_FOUND */
  accountBalance(viewer: Viewer, code: string, currency: Currency, asOf?: AsOf): Promise<AccountBalance>;
  /** Every account of the viewer's market. @throws AppError FORBIDDEN unless FINANCE or ADMIN */
  trialBalance(viewer: Viewer, currency: Currency, asOf?: AsOf): Promise<TrialBalance>;
  /** An account of the viewer's market, line by line. @throws AppError FORBIDDEN unless FINANCE or ADMIN, NOT_FOUND, BAD_INPUT */
  accountStatement(
    viewer: Viewer,
    code: string,
    currency: Currency,
    period?: StatementPeriod,
  ): Promise<AccountStatement>;
  /** The viewer's own wallet in the currency of the market. @throws AppError UNAUTHENTICATED, BAD_INPUT */
  myStatement(viewer: Viewer, period?: StatementPeriod): Promise<AccountStatement>;
  /** @throws AppError FORBIDDEN unless FINANCE or ADMIN, NOT_FOUND */
  journal(viewer: Viewer, id: string): Promise<BookedJournal>;
  /**
   * Takes a journal back by booking its mirror, once. Who did it and why stands in the new journal, which is sealed as any.
   * @throws AppError FORBIDDEN unless FINANCE; NOT_FOUND; ALREADY_EXISTS when it was taken back; ILLEGAL_TRANSITION for
   * what an escrow or a payout holds, and for reversals; INSUFFICIENT_FUNDS when the money was spent; BAD_INPUT
   */
  reverse(viewer: Viewer, journalId: string, reason: string): Promise<BookedJournal>;
}

export interface LedgerServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
}

export function createLedgerService({ db, clock }: LedgerServiceDeps): LedgerService {
  const running = new Map<string, Promise<LedgerHealth>>();
  return {
    health(tenantId) {
      const shared = running.get(tenantId) ?? ledgerHealth(db.read, tenantId).finally(() => running.delete(tenantId));
      running.set(tenantId, shared);
      return shared;
    },
    verify: (options) => verifyLedger(db.read, options),
    async accountBalance(viewer, code, currency, asOf) {
      const { tenantId } = requireBookkeeper(viewer);
      return accountBalance(db.read, code, { ...asOf, tenantId, currency });
    },
    async trialBalance(viewer, currency, asOf) {
      const { tenantId } = requireBookkeeper(viewer);
      return trialBalance(db.read, { ...asOf, tenantId, currency });
    },
    async accountStatement(viewer, code, currency, period) {
      const { tenantId } = requireBookkeeper(viewer);
      return accountStatement(db.read, code, { ...period, tenantId, currency });
    },
    async myStatement(viewer, period) {
      const { tenantId, userId } = requireUser(viewer);
      const { currency } = await db.read.tenant.findUniqueOrThrow({ where: { id: tenantId } });
      return walletStatement(db.read, userId, { ...period, tenantId, currency: parseCurrency(currency) });
    },
    async journal(viewer, id) {
      const { tenantId } = requireBookkeeper(viewer);
      if (!isUuid(id)) throw notFound('journal', id);
      return journalById(db.read, tenantId, id);
    },
    async reverse(viewer, journalId, reason) {
      const user = requireFinance(viewer);
      if (!isUuid(journalId)) throw notFound('journal', journalId);
      const request = { journalId, reason: parseReason('reason', reason) };
      return db.write(async (tx) => {
        await stillFinance(tx, user);
        const journal = await reverseJournal(tx, user, request, clock);
        const after = { reversalId: journal.id, businessRef: journal.businessRef };
        const act = { action: 'reverseJournal', targetId: journalId, after, reason: request.reason } as const;
        await recordAct(tx, user, act, journal.effectiveAt);
        return journal;
      });
    },
  };
}

function requireBookkeeper(viewer: Viewer): UserViewer {
  const user = requireUser(viewer);
  if (user.roles.has('FINANCE') || user.roles.has('ADMIN')) return user;
  throw new AppError('FORBIDDEN', 'The books are shown to the roles FINANCE and ADMIN.');
}
