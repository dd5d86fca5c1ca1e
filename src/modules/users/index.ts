export { createPasswords, type Passwords } from './passwords.js';
export { createTokens, type AccessIdentity, type Tokens, type TokensOptions } from './tokens.js';
export { createAccountService, type AccountService, type AccountServiceDeps } from './account.service.js';
export { insertAdmin, revokeSessions, type NewAdmin } from './account.repo.js';
export { revokedReasons } from './session.js';
export { findPermissions, findUsers, lockAdmins } from './user.repo.js';
export { createSessionForgetting, type SessionForgettingDeps } from './session.forgetting.js';
export { createSignInGuard, type SignInGuard, type SignInGuardOptions } from './sign-in.guard.js';
export type { SessionTokens, SignedIn } from './session.issue.js';
export { createUserService, type UserService, type UserServiceDeps } from './user.service.js';
export {
  canSeeContact,
  requireLiveSession,
  viewerOf,
  visibleRoles,
  type Permissions,
  type SessionState,
  type UserRecord,
} from './user.js';
export {
  parseAdmin,
  selfServiceRoles,
  type AdminInput,
  type ProfilePatch,
  type SelfServiceRole,
  type SignUpInput,
} from './user.input.js';
