import { randomUUID } from 'node:crypto';
import { AppError, requireUser, type Clock, type UserViewer, type Viewer } from '../../kernel/index.js';
import type { Db, Tx } from '../../db/index.js';
import { currencyOf, endLiveOffers, lockErrandsBidOn } from '../errands/index.js';
import { receivableBalance, walletBalance } from '../ledger/index.js';
import { lockAdmins, revokedReasons, type AccountService, type Passwords } from '../users/index.js';
import { newPseudonym, requireNothingLeft, type Obligations } from './closing.js';
import { lockPersonWhole } from './person.lock.js';
import { requireStatus } from './standing.js';

export interface ClosingService {
  /**
   * Closes the viewer's own account for good: sessions end, live offers are withdrawn, payout accounts are removed, and what
   * tells who they were is erased; their deeds, the books and what others read of them stay under a pseudonym. The address is
   * free for a new account.
   * @throws AppError UNAUTHENTICATED, INVALID_CREDENTIALS, RATE_LIMITED; ILLEGAL_TRANSITION while anything is left, with each
   * obstacle in `fields` (errands, disputes, charges, payouts, receivable, wallet); FORBIDDEN to the last admin of a market
   */
  close(viewer: Viewer, password: string): Promise<{ readonly closedAt: Date }>;
}

export interface ClosingServiceDeps {
  readonly db: Pick<Db, 'write'>;
  readonly clock: Clock;
  readonly confirmPassword: AccountService['confirmPassword'];
  readonly passwords: Pick<Passwords, 'hash'>;
}

export function createClosingService({ db, clock, confirmPassword, passwords }: ClosingServiceDeps): ClosingService {
  return {
    async close(viewer, password) {
      const owner = requireUser(viewer);
      await confirmPassword(viewer, password);
      // Of a password that nobody knows.
      const passwordHash = await passwords.hash(randomUUID());
      return db.write(async (tx) => {
        await hold(tx, owner);
        requireNothingLeft(await obligationsOf(tx, owner));
        const closedAt = clock.now();
        await leave(tx, owner, closedAt);
        await erase(tx, owner, passwordHash, closedAt);
        return { closedAt };
      });
    },
  };
}

/** In the order of `StandingService`; rows that refer to the account wait, so that what is counted is all there is. */
async function hold(tx: Tx, { tenantId, userId }: UserViewer): Promise<void> {
  const admins = await lockAdmins(tx, tenantId);
  if (admins.has(userId) && admins.size === 1)
    throw new AppError('FORBIDDEN', 'You are the last admin of this market: make someone else an admin first.');
  const bids = { tenantId, runnerId: userId };
  await lockErrandsBidOn(tx, bids);
  requireStatus(await lockPersonWhole(tx, tenantId, userId), 'ACTIVE');
  await lockErrandsBidOn(tx, bids);
}

const endedStates = ['COMPLETED', 'CANCELLED', 'EXPIRED'] as const;
const paidStates = ['PAID', 'FAILED', 'REJECTED', 'REVERSED'] as const;
const overStates = ['FINAL', 'WITHDRAWN'] as const;

/**
 * The wallet is read last: what brings money into it ends what was counted before in the same transaction, so each is seen as
 * still to come or as money that is there.
 */
async function obligationsOf(tx: Tx, owner: UserViewer): Promise<Obligations> {
  const { tenantId, userId } = owner;
  const party = { tenantId, OR: [{ customerId: userId }, { runnerId: userId }] };
  const own = { tenantId, userId };
  const currency = await currencyOf(tx, tenantId);
  const liveErrands = await tx.errand.count({ where: { ...party, state: { notIn: [...endedStates] } } });
  const openDisputes = await tx.dispute.count({ where: { ...party, state: { notIn: [...overStates] } } });
  const pendingCharges = await tx.charge.count({ where: { ...own, state: 'PENDING' } });
  const openPayouts = await tx.payout.count({ where: { ...own, state: { notIn: [...paidStates] } } });
  const { minor: owed } = await receivableBalance(tx, owner, currency);
  const { minor: wallet } = await walletBalance(tx, owner, currency);
  return { currency, liveErrands, openDisputes, openPayouts, pendingCharges, owed, wallet };
}

async function leave(tx: Tx, { tenantId, userId }: UserViewer, now: Date): Promise<void> {
  await endLiveOffers(tx, { tenantId, runnerId: userId }, 'WITHDRAWN', now);
  const ended = { revokedAt: now, revokedReason: revokedReasons.closed };
  await tx.session.updateMany({ where: { userId, revokedAt: null }, data: ended });
  // Whom no money went to is nobody's business any longer; whom it went to is part of the books.
  await tx.payoutAccount.deleteMany({ where: { tenantId, userId, payouts: { none: {} } } });
  await tx.payoutAccount.updateMany({
    where: { tenantId, userId, status: 'ACTIVE' },
    data: { status: 'REMOVED', version: { increment: 1 }, updatedAt: now },
  });
  await tx.roleGrant.deleteMany({ where: { tenantId, userId } });
  await tx.userBlock.deleteMany({ where: { tenantId, OR: [{ blockerId: userId }, { blockedId: userId }] } });
}

async function erase(tx: Tx, { tenantId, userId }: UserViewer, passwordHash: string, now: Date): Promise<void> {
  const { user, profile } = newPseudonym();
  const next = { version: { increment: 1 }, updatedAt: now };
  await tx.user.update({ where: { id: userId }, data: { ...user, passwordHash, status: 'CLOSED', ...next } });
  await tx.userProfile.update({ where: { userId, tenantId }, data: { ...profile, ...next } });
  await tx.session.updateMany({ where: { userId }, data: { userAgent: null } });
  await tx.notification.deleteMany({ where: { tenantId, userId } });
  await tx.idempotencyRecord.deleteMany({ where: { tenantId, actorId: userId } });
}
