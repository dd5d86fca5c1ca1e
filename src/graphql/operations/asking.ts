import type { Asking } from '../../admin/index.js';
import { AppError, notFound, uuidv7, type Viewer } from '../../kernel/index.js';
import { viewerOf } from '../../modules/users/index.js';
import type { GraphqlContext } from '../context.js';
import { createLoaders } from '../loaders.js';
import type { ContextDeps } from '../request-context.js';
import { resolveViewer } from '../viewer.js';

/** A context for a query that comes from inside, in the shape of one that came by HTTP. */
export function contextFor({ caching, services, cacheAdmin }: ContextDeps, viewer: Viewer): GraphqlContext {
  return {
    viewer,
    services,
    caching,
    cacheAdmin,
    requestId: uuidv7(),
    userAgent: undefined,
    loaders: createLoaders(services, viewer),
    cacheTrace: [],
    viewerReads: [],
    isTraced: false,
    idempotencyKey: undefined,
    floor: undefined,
  };
}

/** A visitor of the market of this slug, found as every request finds it: through the cache. @throws AppError NOT_FOUND */
export async function visitorOf(deps: ContextDeps, slug: string | undefined): Promise<Viewer> {
  return resolveViewer(deps, { authorization: undefined, tenant: slug });
}

/** The roles are those of now, from the database. @throws AppError NOT_FOUND also when the user is out of reach */
export async function askerOf(deps: ContextDeps, { tenant, userId, within }: Asking): Promise<Viewer> {
  if (userId === undefined)
    return tenant === undefined
      ? visitorOf(deps, undefined)
      : { kind: 'anonymous', tenantId: tenant, roles: new Set() };
  const permissions = await deps.services.accounts.permissionsOf(userId);
  if (!permissions || (within !== undefined && permissions.tenantId !== within)) throw notFound('user', userId);
  if (permissions.status !== 'ACTIVE')
    throw new AppError('BAD_INPUT', 'asUser: this account is not active, so nothing is answered to it.');
  return viewerOf({ userId, tenantId: permissions.tenantId, sessionId: '' }, permissions);
}
