import type { ReadRequest } from '../cache/index.js';
import { families, tags, type CacheType } from '../invalidation/index.js';
import { AppError, type AnonymousViewer, type Clock, type UserViewer, type Viewer } from '../kernel/index.js';
import type { TenantService } from '../modules/tenants/index.js';
import {
  requireLiveSession,
  viewerOf,
  type Permissions,
  type SessionState,
  type Tokens,
} from '../modules/users/index.js';
import { termsOf } from './caching/ttl-policy.js';
import type { Caching } from './context.js';
import type { Services } from './services.js';

type Tenant = Awaited<ReturnType<TenantService['bySlug']>>;

export interface ViewerDeps {
  readonly caching: Caching;
  readonly clock: Clock;
  readonly services: Pick<Services, 'accounts' | 'tenants'>;
  readonly tokens: Tokens;
  /** The market of requests that name none. */
  readonly defaultTenant: string;
}

export interface Credentials {
  readonly authorization: string | undefined;
  /** The `X-RunAm-Tenant` header: the slug of a market. A signed-in viewer is in the market of their account. */
  readonly tenant: string | undefined;
}

/**
 * Who asks: the token says which user and session, the cache says what they may do now, so a sign-out, a suspension or a
 * revoked role counts from the next request on. @throws AppError UNAUTHENTICATED, NOT_FOUND (no such market)
 */
export async function resolveViewer(deps: ViewerDeps, { authorization, tenant }: Credentials): Promise<Viewer> {
  return authorization === undefined ? anonymousViewer(deps, tenant) : signedInViewer(deps, bearerOf(authorization));
}

async function anonymousViewer(deps: ViewerDeps, slug = deps.defaultTenant): Promise<AnonymousViewer> {
  const { id } = await read<Tenant>(deps.caching, 'TENANT', families.tenant(slug), [tags.tenant(slug)], () =>
    deps.services.tenants.bySlug(slug),
  );
  return { kind: 'anonymous', tenantId: id, roles: new Set() };
}

async function signedInViewer({ caching, clock, services, tokens }: ViewerDeps, token: string): Promise<UserViewer> {
  const identity = await tokens.verifyAccess(token);
  const { userId, sessionId } = identity;
  const permissionTags = [tags.userPermissions(userId)];
  const [permissions, session] = await Promise.all([
    read<Permissions | undefined>(caching, 'ROLES', families.userPermissions(userId), permissionTags, () =>
      services.accounts.permissionsOf(userId),
    ),
    read<SessionState | undefined>(caching, 'SESSION', families.session(sessionId), [tags.session(sessionId)], () =>
      services.accounts.sessionOf(sessionId),
    ),
  ]);
  const viewer = viewerOf(identity, permissions);
  requireLiveSession(identity, session, clock.now());
  return viewer;
}

/** The token of an Authorization header. @throws AppError UNAUTHENTICATED */
export function bearerOf(authorization: string): string {
  const [scheme, token, ...rest] = authorization.trim().split(/\s+/);
  if (scheme?.toLowerCase() === 'bearer' && token && rest.length === 0) return token;
  throw new AppError('UNAUTHENTICATED', 'The Authorization header must be "Bearer <accessToken>".');
}

async function read<V>(
  { cache, policy }: Caching,
  type: CacheType,
  family: string,
  familyTags: readonly string[],
  load: ReadRequest<V>['load'],
): Promise<V> {
  const terms = termsOf(policy[type]);
  const { value } = await cache.read<V>({ type, key: family, tags: familyTags, ...terms, isFrozen: true, load });
  return value;
}
