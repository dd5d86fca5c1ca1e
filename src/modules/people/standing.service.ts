import {
  AppError,
  invariant,
  isUuid,
  requireUser,
  type Clock,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { Db, Prisma, Tx } from '../../db/index.js';
import { recordAct, type AdminAction, type AuditFacts } from '../audit/index.js';
import { endLiveOffers, endOffersAboveTier, lockErrandsBidOn, requireVersion } from '../errands/index.js';
import {
  findPermissions,
  findUsers,
  lockAdmins,
  revokedReasons,
  revokeSessions,
  type UserRecord,
} from '../users/index.js';
import { lockPerson, type HeldPerson } from './person.lock.js';
import { parseNote, parseTier, requireCare, requireSay, requireStatus } from './standing.js';

/**
 * What staff decides about an account. Each is an entry of the audit log, needs SUPPORT or ADMIN, and is never about oneself;
 * about staff an admin decides, so that the last admin of a market stays. Versions are those of the account.
 * @throws AppError UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, BAD_INPUT, VERSION_CONFLICT, ILLEGAL_TRANSITION
 */
export interface StandingService {
  /** Ends the sessions and withdraws the live offers of somebody who is ACTIVE, in the same transaction. */
  suspend(viewer: Viewer, userId: string, reason: string, expectedVersion?: number | null): Promise<UserRecord>;
  /** Lets somebody who is SUSPENDED sign in again. */
  reinstate(viewer: Viewer, userId: string, reason: string, expectedVersion?: number | null): Promise<UserRecord>;
  /**
   * Taking a tier back withdraws the live offers that need it, in the same transaction.
   * @param tier 0 (not at all) to 3: how far their identity is checked
   */
  verify(
    viewer: Viewer,
    userId: string,
    tier: number,
    note: string,
    expectedVersion?: number | null,
  ): Promise<UserRecord>;
}

export interface StandingServiceDeps {
  readonly db: Pick<Db, 'write'>;
  readonly clock: Clock;
}

export function createStandingService(deps: StandingServiceDeps): StandingService {
  return {
    async suspend(viewer, userId, reason, expectedVersion) {
      const why = parseNote('reason', reason);
      return change(deps, viewer, { userId, expectedVersion, action: 'suspendUser', reason: why }, suspend);
    },
    async reinstate(viewer, userId, reason, expectedVersion) {
      const why = parseNote('reason', reason);
      return change(deps, viewer, { userId, expectedVersion, action: 'reinstateUser', reason: why }, async (person) => {
        requireStatus(person, 'SUSPENDED');
        return { status: 'ACTIVE' };
      });
    },
    async verify(viewer, userId, tier, note, expectedVersion) {
      const kycTier = parseTier(tier);
      const why = parseNote('note', note);
      const asked = { userId, expectedVersion, action: 'setVerification', reason: why } as const;
      return change(deps, viewer, asked, (person, tx, by, now) => verify(person, tx, by, now, kycTier));
    },
  };
}

interface Asked {
  readonly userId: string;
  readonly expectedVersion: number | null | undefined;
  readonly action: AdminAction;
  readonly reason: string;
}

type Standing = Pick<Prisma.UserUncheckedUpdateInput, 'status' | 'kycTier'> & AuditFacts;
type Work = (person: HeldPerson, tx: Tx, by: UserViewer, now: Date) => Promise<Standing>;

/**
 * The admins of the market are held first: of two who suspend each other one comes second, and finds that they may not. Then
 * the errands that the user bids on, then the account.
 */
async function change({ db, clock }: StandingServiceDeps, viewer: Viewer, asked: Asked, work: Work) {
  const by = requireUser(viewer);
  requireCare(by);
  const { userId, expectedVersion, action, reason } = asked;
  return db.write(async (tx) => {
    await lockAdmins(tx, by.tenantId);
    const person = await holdWithOffers(tx, by.tenantId, userId);
    const [staff, subject] = [await findPermissions(tx, by.userId), await findPermissions(tx, userId)];
    invariant(staff && subject, 'who acts and whom it is about are there');
    requireSay(staff, subject);
    requireVersion(person, expectedVersion, 'account');
    const now = clock.now();
    const after = await work(person, tx, by, now);
    const before = { status: person.status, kycTier: person.kycTier };
    const data = { ...after, version: person.version + 1, updatedAt: now };
    await tx.user.update({ where: { id: userId }, data });
    await recordAct(tx, by, { action, targetId: userId, before, after, reason }, now);
    return recordOf(tx, by.tenantId, userId);
  });
}

/** Whoever bids holds the errand and then their account: looked at again once both are held, no offer is missed. */
async function holdWithOffers(tx: Tx, tenantId: string, userId: string): Promise<HeldPerson> {
  const bids = { tenantId, runnerId: userId };
  if (isUuid(userId)) await lockErrandsBidOn(tx, bids);
  const person = await lockPerson(tx, tenantId, userId);
  await lockErrandsBidOn(tx, bids);
  return person;
}

async function suspend(person: HeldPerson, tx: Tx, { tenantId }: UserViewer, now: Date): Promise<Standing> {
  requireStatus(person, 'ACTIVE');
  await endLiveOffers(tx, { tenantId, runnerId: person.id }, 'WITHDRAWN', now);
  await revokeSessions(tx, { userId: person.id }, revokedReasons.suspended, now);
  return { status: 'SUSPENDED' };
}

/** Whoever is trusted less than before keeps no offer that they could not make now. */
async function verify(
  person: HeldPerson,
  tx: Tx,
  { tenantId }: UserViewer,
  now: Date,
  kycTier: number,
): Promise<Standing> {
  if (person.status === 'CLOSED') throw new AppError('ILLEGAL_TRANSITION', 'The account is CLOSED.');
  if (kycTier < person.kycTier) await endOffersAboveTier(tx, { tenantId, runnerId: person.id }, kycTier, now);
  return { kycTier };
}

async function recordOf(tx: Tx, tenantId: string, id: string): Promise<UserRecord> {
  const [user] = await findUsers(tx, tenantId, [id]);
  invariant(user, 'every account has a profile');
  return user;
}
