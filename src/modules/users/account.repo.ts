import type { Reader, Tx, UserStatus } from '../../db/index.js';
import { uuidv7 } from '../../kernel/index.js';
import type { LockedRefreshToken, RevokedReason } from './session.js';
import type { SelfServiceRole } from './user.input.js';
import type { SessionState } from './user.js';

export interface Credentials {
  readonly id: string;
  readonly tenantId: string;
  readonly status: UserStatus;
  readonly passwordHash: string;
}

export async function findCredentials(
  reader: Pick<Reader, 'user'>,
  tenantId: string,
  email: string,
): Promise<Credentials | undefined> {
  const select = { id: true, tenantId: true, status: true, passwordHash: true };
  return (await reader.user.findUnique({ where: { tenantId_email: { tenantId, email } }, select })) ?? undefined;
}

export async function emailOf(reader: Pick<Reader, 'user'>, userId: string): Promise<string | undefined> {
  return (await reader.user.findUnique({ where: { id: userId }, select: { email: true } }))?.email;
}

export interface NewUser {
  readonly id: string;
  readonly tenantId: string;
  readonly email: string;
  readonly phone: string | null;
  readonly passwordHash: string;
  readonly displayName: string;
  readonly role: SelfServiceRole;
}

export async function insertUser(tx: Tx, user: NewUser, now: Date): Promise<void> {
  const { id, tenantId, email, phone, passwordHash, displayName, role } = user;
  const times = { createdAt: now, updatedAt: now };
  await tx.user.createMany({
    data: [{ id, tenantId, email, phone, passwordHash, status: 'ACTIVE', kycTier: 0, version: 1, ...times }],
  });
  await tx.userProfile.createMany({ data: [{ userId: id, tenantId, displayName, version: 1, ...times }] });
  await tx.roleGrant.createMany({ data: [{ id: uuidv7(now.getTime()), tenantId, userId: id, role, createdAt: now }] });
}

export interface NewSession {
  readonly id: string;
  readonly tenantId: string;
  readonly userId: string;
  readonly userAgent: string | null;
  readonly expiresAt: Date;
}

export async function insertSession(tx: Tx, session: NewSession, now: Date): Promise<void> {
  await tx.session.createMany({ data: [{ ...session, createdAt: now }] });
}

export async function findSession(reader: Pick<Reader, 'session'>, id: string): Promise<SessionState | undefined> {
  const select = { id: true, userId: true, expiresAt: true, revokedAt: true };
  return (await reader.session.findUnique({ where: { id }, select })) ?? undefined;
}

export interface NewRefreshToken {
  readonly sessionId: string;
  readonly tokenHash: Uint8Array<ArrayBuffer>;
  readonly rotatedFromId: string | null;
  readonly expiresAt: Date;
}

export async function insertRefreshToken(tx: Tx, token: NewRefreshToken, now: Date): Promise<void> {
  await tx.refreshToken.createMany({ data: [{ ...token, id: uuidv7(now.getTime()), createdAt: now }] });
}

/** Whether the token is unspent, without a lock; undefined when there is no such token. */
export async function isFreshToken(
  reader: Pick<Reader, 'refreshToken'>,
  tokenHash: Uint8Array<ArrayBuffer>,
): Promise<boolean | undefined> {
  const token = await reader.refreshToken.findUnique({ where: { tokenHash }, select: { usedAt: true } });
  return token ? token.usedAt === null : undefined;
}

type LockedRow = Omit<LockedRefreshToken, 'session'> &
  Omit<LockedRefreshToken['session'], 'id' | 'expiresAt'> & {
    readonly sessionId: string;
    readonly sessionExpiresAt: Date;
  };

/** Holds the token and its session until the transaction ends. */
export async function lockRefreshToken(tx: Tx, tokenHash: Uint8Array): Promise<LockedRefreshToken | undefined> {
  const [row] = await tx.$queryRaw<LockedRow[]>`
    SELECT t.id, t.used_at AS "usedAt", t.expires_at AS "expiresAt", s.id AS "sessionId", s.tenant_id AS "tenantId",
      s.user_id AS "userId", s.expires_at AS "sessionExpiresAt", s.revoked_at AS "revokedAt",
      s.revoked_reason AS "revokedReason", u.status::text AS status
    FROM refresh_token t JOIN session s ON s.id = t.session_id JOIN app_user u ON u.id = s.user_id
    WHERE t.token_hash = ${tokenHash} FOR UPDATE OF t, s`;
  if (!row) return undefined;
  const { id, usedAt, expiresAt, status, tenantId, userId, revokedAt, revokedReason } = row;
  const session = { id: row.sessionId, tenantId, userId, expiresAt: row.sessionExpiresAt, revokedAt, revokedReason };
  return { id, usedAt, expiresAt, status, session };
}

export async function spendToken(tx: Tx, id: string, now: Date): Promise<void> {
  await tx.refreshToken.updateMany({ where: { id }, data: { usedAt: now } });
}

/** Ends the sessions that have not ended yet. @returns how many */
export async function revokeSessions(
  tx: Tx,
  which: { readonly id?: string; readonly userId: string },
  reason: RevokedReason,
  now: Date,
): Promise<number> {
  const where = { ...which, revokedAt: null };
  const { count } = await tx.session.updateMany({ where, data: { revokedAt: now, revokedReason: reason } });
  return count;
}
