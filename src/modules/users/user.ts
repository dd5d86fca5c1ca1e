import type { Session, User, UserProfile, UserStatus } from '../../db/index.js';
import { AppError, isStaff, type Role, type UserViewer, type Viewer } from '../../kernel/index.js';
import type { AccessIdentity } from './tokens.js';

/** A user as the rest of the house knows one: the row without its password hash, the profile, the tenant-wide roles. */
export interface UserRecord extends Readonly<Omit<User, 'passwordHash'>> {
  readonly profile: Readonly<UserProfile>;
  /** In the order of the role list. */
  readonly roles: readonly Role[];
}

/** What a user may do, as plain data that survives JSON: made to be cached as `user:{id}:permissions`. */
export interface Permissions {
  readonly userId: string;
  readonly tenantId: string;
  readonly status: UserStatus;
  readonly roles: readonly Role[];
}

export type SessionState = Readonly<Pick<Session, 'id' | 'userId' | 'expiresAt' | 'revokedAt'>>;

/** Email, phone, status and KYC tier are for the user and for staff; name, picture, rating and home area are for the market. */
export function canSeeContact(viewer: Viewer, userId: string): boolean {
  return isSelf(viewer, userId) || isStaff(viewer);
}

/** Others see who is a customer or a runner; who works for the market is for the user and for staff. */
export function visibleRoles(viewer: Viewer, user: Pick<UserRecord, 'id' | 'roles'>): readonly Role[] {
  if (canSeeContact(viewer, user.id)) return user.roles;
  return user.roles.filter((role) => role === 'CUSTOMER' || role === 'RUNNER');
}

/**
 * The viewer an access token stands for, with the roles of now and not those of when it was signed.
 * @throws AppError UNAUTHENTICATED when the user is gone, suspended or closed
 */
export function viewerOf(identity: AccessIdentity, permissions: Permissions | undefined): UserViewer {
  const isSame = permissions?.userId === identity.userId && permissions.tenantId === identity.tenantId;
  if (!isSame) throw new AppError('UNAUTHENTICATED', 'The user of this access token does not exist: sign in again.');
  requireActive(permissions.status);
  const { userId, tenantId, sessionId } = identity;
  return { kind: 'user', userId, tenantId, sessionId, roles: new Set(permissions.roles) };
}

/** @throws AppError UNAUTHENTICATED when the session was signed out, revoked or has run out */
export function requireLiveSession(identity: AccessIdentity, session: SessionState | undefined, now: Date): void {
  const isOurs = session?.id === identity.sessionId && session.userId === identity.userId;
  if (isOurs && !session.revokedAt && session.expiresAt > now) return;
  throw new AppError('UNAUTHENTICATED', 'This session has ended: sign in again.');
}

/** @throws AppError UNAUTHENTICATED */
export function requireActive(status: UserStatus): void {
  if (status !== 'ACTIVE') throw inactiveFault(status);
}

export function inactiveFault(status: UserStatus): AppError {
  const what = status === 'SUSPENDED' ? 'is suspended: write to support to have it looked at' : 'is closed';
  return new AppError('UNAUTHENTICATED', `This account ${what}.`);
}

function isSelf(viewer: Viewer, userId: string): boolean {
  return viewer.kind === 'user' && viewer.userId === userId;
}
