import { operatorOf, type CacheAdmin, type Operator } from '../../admin/index.js';
import { AppError, type Viewer } from '../../kernel/index.js';
import type { TenantService } from '../../modules/tenants/index.js';

/** What operating the cache takes: the same behind GraphQL and REST. */
export interface CacheOperating {
  readonly admin: CacheAdmin;
  /** @throws AppError UNAUTHENTICATED, FORBIDDEN */
  operatorOf(viewer: Viewer): Promise<Operator>;
}

export interface CacheOperatingDeps {
  readonly admin: CacheAdmin;
  readonly tenants: Pick<TenantService, 'bySlug'>;
  /** Slug of the market whose admins act on all markets; undefined: there is none. */
  readonly platformTenant: string | undefined;
}

export function createCacheOperating({ admin, tenants, platformTenant }: CacheOperatingDeps): CacheOperating {
  return {
    admin,
    async operatorOf(viewer) {
      // Refused before the database is asked for anything.
      const operator = operatorOf(viewer, undefined);
      if (platformTenant === undefined) return operator;
      const platform = await tenants.bySlug(platformTenant).catch(noneYet);
      return operatorOf(viewer, platform?.id);
    },
  };
}

/** A platform market that is not opened yet has no admins. */
function noneYet(error: unknown): undefined {
  if (!(error instanceof AppError) || error.code !== 'NOT_FOUND') throw error;
}
