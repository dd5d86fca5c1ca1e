import type { Tx } from '../../db/index.js';
import { invariant, uuidv7, type Clock } from '../../kernel/index.js';
import { insertRefreshToken, insertSession } from './account.repo.js';
import type { AccessIdentity, Tokens } from './tokens.js';
import { findUsers } from './user.repo.js';
import type { UserRecord } from './user.js';

export interface SessionTokens {
  /** Send as `Authorization: Bearer <accessToken>`. */
  readonly accessToken: string;
  /** Good for one use: each refresh answers with the next one. */
  readonly refreshToken: string;
  /** Seconds until the access token expires. */
  readonly expiresIn: number;
}

export interface SignedIn extends SessionTokens {
  readonly user: UserRecord;
}

export interface IssueDeps {
  readonly clock: Clock;
  readonly tokens: Tokens;
  /** How long an unused refresh token is good for. Default 30 days. */
  readonly refreshTtlSeconds?: number;
  /** How long a session lasts however often it is refreshed. Default 180 days. */
  readonly sessionTtlSeconds?: number;
}

/** A session written in the open transaction; its tokens are handed out once that has committed. */
export interface IssuedSession {
  readonly identity: AccessIdentity;
  readonly refreshToken: string;
  readonly user: UserRecord;
}

const refreshTtlSecondsDefault = 30 * 86_400;
const sessionTtlSecondsDefault = 180 * 86_400;
const userAgentLengthMax = 300;

export async function issueSession(
  deps: IssueDeps,
  tx: Tx,
  user: { readonly id: string; readonly tenantId: string },
  userAgent: string | undefined,
): Promise<IssuedSession> {
  const now = deps.clock.now();
  const session = {
    id: uuidv7(now.getTime()),
    tenantId: user.tenantId,
    userId: user.id,
    expiresAt: after(now, deps.sessionTtlSeconds ?? sessionTtlSecondsDefault),
  };
  await insertSession(tx, { ...session, userAgent: userAgent?.slice(0, userAgentLengthMax) ?? null }, now);
  return issueNextToken(deps, tx, session, null, now);
}

/** A refresh token never outlives its session. */
export async function issueNextToken(
  deps: IssueDeps,
  tx: Tx,
  session: { readonly id: string; readonly tenantId: string; readonly userId: string; readonly expiresAt: Date },
  rotatedFromId: string | null,
  now: Date,
): Promise<IssuedSession> {
  const { id: sessionId, tenantId, userId } = session;
  const { token, hash } = deps.tokens.newRefresh();
  const unusedUntil = after(now, deps.refreshTtlSeconds ?? refreshTtlSecondsDefault);
  const expiresAt = unusedUntil < session.expiresAt ? unusedUntil : session.expiresAt;
  await insertRefreshToken(tx, { sessionId, tokenHash: hash, rotatedFromId, expiresAt }, now);
  const [user] = await findUsers(tx, tenantId, [userId]);
  invariant(user, 'every account has a profile');
  return { identity: { userId, tenantId, sessionId }, refreshToken: token, user };
}

export async function toSignedIn({ tokens }: IssueDeps, issued: IssuedSession): Promise<SignedIn> {
  const accessToken = await tokens.issueAccess(issued.identity);
  return { user: issued.user, accessToken, refreshToken: issued.refreshToken, expiresIn: tokens.accessTtlSeconds };
}

function after(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
