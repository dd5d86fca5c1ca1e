import type { Db } from '../../db/index.js';
import {
  AppError,
  isStorable,
  isUuid,
  notFound,
  requireUser,
  uuidv7,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import { refreshFault, sessionEnded, signUpFault } from './account.faults.js';
import * as repo from './account.repo.js';
import type { Passwords } from './passwords.js';
import { issueNextToken, issueSession, toSignedIn, type IssueDeps, type SignedIn } from './session.issue.js';
import { decideRefresh, revokedReasons } from './session.js';
import { createSignInGuard, type SignInGuard } from './sign-in.guard.js';
import { normaliseEmail, parseSignUp, type SignUpInput } from './user.input.js';
import { findPermissions } from './user.repo.js';
import { requireActive, type Permissions, type SessionState } from './user.js';

export interface AccountService {
  /** @throws AppError BAD_INPUT (every fault), ALREADY_EXISTS (email or phone, in `fields`), NOT_FOUND (tenant) */
  signUp(tenantId: string, input: SignUpInput, userAgent?: string): Promise<SignedIn>;
  /**
   * Unknown address and wrong password are one error and one amount of work, and both count for the sign-in guard.
   * @throws AppError INVALID_CREDENTIALS; RATE_LIMITED (retryable) after too many of those; UNAUTHENTICATED when the password is right and the account suspended or closed
   */
  signIn(tenantId: string, email: string, password: string, userAgent?: string): Promise<SignedIn>;
  /**
   * Spends the token and answers with the next one. A token that was spent before ends its whole session. Of requests that
   * carry one token at the same time exactly one wins; the others get VERSION_CONFLICT, which costs the session nothing:
   * they go on with the tokens the winner got, and do not send the spent one again. A client with several tabs refreshes
   * in one of them: a request that begins after the winner is done is not told apart from a thief's.
   * @throws AppError UNAUTHENTICATED (unknown, run out, signed out, suspended), SESSION_REUSED, VERSION_CONFLICT
   */
  refresh(refreshToken: string): Promise<SignedIn>;
  /** Ends the viewer's session, or with `all` every session of the user. @returns how many ended */
  signOut(viewer: Viewer, options?: { readonly all?: boolean }): Promise<number>;
  /**
   * Asks somebody who is signed in for the password again, before what must not be done by whoever finds their phone.
   * Counts for the sign-in guard. @throws AppError INVALID_CREDENTIALS, RATE_LIMITED (retryable), UNAUTHENTICATED
   */
  confirmPassword(viewer: Viewer, password: string): Promise<void>;
  /** What the user may do, as plain data for a cache; undefined when there is no such user. One statement. */
  permissionsOf(userId: string): Promise<Permissions | undefined>;
  /** How the session stands, for `requireLiveSession`; undefined when there is none. One statement. */
  sessionOf(sessionId: string): Promise<SessionState | undefined>;
}

export interface AccountServiceDeps extends IssueDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly passwords: Passwords;
  /** Default: one of this service's own, with its default limits. */
  readonly guard?: SignInGuard;
}

type Deps = AccountServiceDeps & Required<Pick<AccountServiceDeps, 'guard'>>;

export function createAccountService(given: AccountServiceDeps): AccountService {
  const { db, clock, guard = createSignInGuard({ clock }) } = given;
  const deps = { ...given, guard };
  return {
    signUp: (tenantId, input, userAgent) => signUp(deps, tenantId, input, userAgent),
    signIn: (tenantId, email, password, userAgent) => signIn(deps, tenantId, { email, password }, userAgent),
    refresh: (refreshToken) => refresh(deps, refreshToken),
    signOut: async (viewer, options) => signOut(deps, requireUser(viewer), options?.all ?? false),
    confirmPassword: (viewer, password) => confirmPassword(deps, requireUser(viewer), password),
    permissionsOf: (userId) => findPermissions(db.read, userId),
    sessionOf: async (sessionId) => (isUuid(sessionId) ? repo.findSession(db.read, sessionId) : undefined),
  };
}

async function signUp(
  deps: AccountServiceDeps,
  tenantId: string,
  input: SignUpInput,
  userAgent: string | undefined,
): Promise<SignedIn> {
  const { password, ...person } = parseSignUp(input);
  if (!isUuid(tenantId)) throw notFound('tenant', tenantId);
  const passwordHash = await deps.passwords.hash(password);
  const now = deps.clock.now();
  const user = { id: uuidv7(now.getTime()), tenantId, passwordHash, ...person };
  try {
    const issued = await deps.db.write(async (tx) => {
      await repo.insertUser(tx, user, now);
      return issueSession(deps, tx, user, userAgent);
    });
    return await toSignedIn(deps, issued);
  } catch (error) {
    throw signUpFault(error, tenantId);
  }
}

async function signIn(
  deps: Deps,
  tenantId: string,
  given: { readonly email: string; readonly password: string },
  userAgent: string | undefined,
): Promise<SignedIn> {
  const email = normaliseEmail(given.email);
  const known = await deps.guard.attempt(tenantId, email, () => verified(deps, tenantId, email, given.password));
  if (!known) {
    throw new AppError('INVALID_CREDENTIALS', 'No account of this market has this email address and password.');
  }
  requireActive(known.status);
  const issued = await deps.db.write((tx) => issueSession(deps, tx, known, userAgent));
  return toSignedIn(deps, issued);
}

async function confirmPassword(deps: Deps, { tenantId, userId }: UserViewer, password: string): Promise<void> {
  const email = await repo.emailOf(deps.db.read, userId);
  if (email === undefined) throw new AppError('UNAUTHENTICATED', 'This account is gone.');
  const known = await deps.guard.attempt(tenantId, email, () => verified(deps, tenantId, email, password));
  if (!known) throw new AppError('INVALID_CREDENTIALS', 'The password is not the one of your account.');
  requireActive(known.status);
}

/** The account that address and password are right for. Each call takes one statement and one hash, whatever is wrong. */
async function verified(
  { db, passwords }: Pick<AccountServiceDeps, 'db' | 'passwords'>,
  tenantId: string,
  email: string,
  password: string,
): Promise<repo.Credentials | undefined> {
  const canExist = isUuid(tenantId) && isStorable(email);
  const known = canExist ? await repo.findCredentials(db.read, tenantId, email) : undefined;
  return (await passwords.verify(known?.passwordHash, password)) ? known : undefined;
}

/** The verdict leaves the transaction as a value: thrown inside, it would roll back the revocation it brings. */
async function refresh(deps: AccountServiceDeps, refreshToken: string): Promise<SignedIn> {
  const hash = deps.tokens.hashRefresh(refreshToken);
  const wasFresh = await repo.isFreshToken(deps.db.read, hash);
  if (wasFresh === undefined) throw sessionEnded();
  const outcome = await deps.db.write(async (tx) => {
    const token = await repo.lockRefreshToken(tx, hash);
    if (!token) return { refused: sessionEnded() };
    const now = deps.clock.now();
    const verdict = decideRefresh(token, wasFresh, now);
    if (verdict !== 'rotate') {
      const { id, userId } = token.session;
      if (verdict === 'reused') await repo.revokeSessions(tx, { id, userId }, revokedReasons.reused, now);
      return { refused: refreshFault(verdict, token.status) };
    }
    await repo.spendToken(tx, token.id, now);
    return { issued: await issueNextToken(deps, tx, token.session, token.id, now) };
  });
  if (outcome.refused) throw outcome.refused;
  return toSignedIn(deps, outcome.issued);
}

async function signOut(deps: AccountServiceDeps, viewer: UserViewer, all: boolean): Promise<number> {
  const { userId, sessionId } = viewer;
  const which = all ? { userId } : { userId, id: sessionId };
  return deps.db.write((tx) => repo.revokeSessions(tx, which, revokedReasons.signedOut, deps.clock.now()));
}
