import type { Outcome, Position, ReadRequest } from '../cache/index.js';
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

/** How the reads behind a viewer are made. */
export interface ViewerReading {
  /** None of them may show anything older. */
  readonly floor: Position | undefined;
  readonly seen: (outcome: Outcome) => void;
}

const unwatched: ViewerReading = { floor: undefined, seen: () => {} };

/**
 * Who asks: the token says which user and session, the cache says what they may do now, so a sign-out, a suspension or a
 * revoked role counts from the next request on. @throws AppError UNAUTHENTICATED, NOT_FOUND (no such market)
 */
export async function resolveViewer(
  deps: ViewerDeps,
  { authorization, tenant }: Credentials,
  reading: ViewerReading = unwatched,
): Promise<Viewer> {
  return authorization === undefined
    ? anonymousViewer(deps, reading, tenant)
    : signedInViewer(deps, reading, bearerOf(authorization));
}

async function anonymousViewer(
  deps: ViewerDeps,
  reading: ViewerReading,
  slug = deps.defaultTenant,
): Promise<AnonymousViewer> {
  const reader = { ...deps.caching, ...reading };
  const { id } = await read<Tenant>(reader, 'TENANT', families.tenant(slug), [tags.tenant(slug)], () =>
    deps.services.tenants.bySlug(slug),
  );
  return { kind: 'anonymous', tenantId: id, roles: new Set() };
}

async function signedInViewer(
  { caching, clock, services, tokens }: ViewerDeps,
  reading: ViewerReading,
  token: string,
): Promise<UserViewer> {
  const reader = { ...caching, ...reading };
  const identity = await tokens.verifyAccess(token);
  const { userId, sessionId } = identity;
  const permissionTags = [tags.userPermissions(userId)];
  const [permissions, session] = await Promise.all([
    read<Permissions | undefined>(reader, 'ROLES', families.userPermissions(userId), permissionTags, () =>
      services.accounts.permissionsOf(userId),
    ),
    read<SessionState | undefined>(reader, 'SESSION', families.session(sessionId), [tags.session(sessionId)], () =>
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
  { cache, policy, floor, seen }: Pick<Caching, 'cache' | 'policy'> & ViewerReading,
  type: CacheType,
  family: string,
  familyTags: readonly string[],
  load: ReadRequest<V>['load'],
): Promise<V> {
  const { value, outcome } = await cache.read<V>({
    type,
    key: family,
    tags: familyTags,
    ...termsOf(policy[type]),
    isFrozen: true,
    load,
    ...(floor && { floor }),
  });
  seen(outcome);
  return value;
}
