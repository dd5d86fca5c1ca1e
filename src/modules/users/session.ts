import type { Session, UserStatus } from '../../db/index.js';

/** A refresh token with its session and user, as they stand under lock. */
export interface LockedRefreshToken {
  readonly id: string;
  readonly usedAt: Date | null;
  readonly expiresAt: Date;
  readonly session: Readonly<Pick<Session, 'id' | 'tenantId' | 'userId' | 'expiresAt' | 'revokedAt' | 'revokedReason'>>;
  readonly status: UserStatus;
}

/** Why a session ended, as kept in `session.revoked_reason`. */
export const revokedReasons = {
  signedOut: 'SIGNED_OUT',
  reused: 'REFRESH_TOKEN_REUSED',
  suspended: 'SUSPENDED',
  closed: 'ACCOUNT_CLOSED',
} as const;
export type RevokedReason = (typeof revokedReasons)[keyof typeof revokedReasons];

/**
 * - `rotate`: the token is spent and a new one takes its place;
 * - `overtaken`: it was fresh when this request looked and another request spent it before this one held the lock: two
 *   honest refreshes at once look like this, so the session lives on and this request gets nothing;
 * - `reused`: it was spent before this request began: somebody holds a copy, the session ends for whoever shares it
 *   (RFC 9700, section 4.14.2);
 * - `ended`: signed out or run out; `inactive`: the user may not act.
 */
export type RefreshVerdict = 'rotate' | 'overtaken' | 'reused' | 'ended' | 'inactive';

/** @param wasFresh whether the token was unspent when this request looked, before it waited for the lock */
export function decideRefresh(token: LockedRefreshToken, wasFresh: boolean, now: Date): RefreshVerdict {
  const { session } = token;
  if (session.revokedReason === revokedReasons.reused) return 'reused';
  if (session.revokedAt) return 'ended';
  if (token.usedAt) return wasFresh ? 'overtaken' : 'reused';
  if (session.expiresAt <= now || token.expiresAt <= now) return 'ended';
  return token.status === 'ACTIVE' ? 'rotate' : 'inactive';
}
