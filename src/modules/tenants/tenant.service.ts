import type { Reader, Tenant } from '../../db/index.js';
import { AppError, isUuid, notFound } from '../../kernel/index.js';

export interface TenantService {
  /** The market of this slug, such as `lagos`. One indexed statement. @throws AppError NOT_FOUND */
  bySlug(slug: string): Promise<Tenant>;
  /** @throws AppError NOT_FOUND */
  byId(id: string): Promise<Tenant>;
}

export interface TenantServiceDeps {
  readonly db: { readonly read: Pick<Reader, 'tenant'> };
}

export function createTenantService({ db }: TenantServiceDeps): TenantService {
  return {
    async bySlug(slug) {
      const tenant = await db.read.tenant.findUnique({ where: { slug } });
      if (!tenant) throw new AppError('NOT_FOUND', `No market named "${slug}".`);
      return tenant;
    },
    async byId(id) {
      const tenant = isUuid(id) ? await db.read.tenant.findUnique({ where: { id } }) : null;
      if (!tenant) throw notFound('tenant', id);
      return tenant;
    },
  };
}
