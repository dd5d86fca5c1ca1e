import type { Reader, Tenant } from '../../db/index.js';
import { AppError } from '../../kernel/index.js';

export interface TenantService {
  /** The market of this slug, such as `lagos`. One indexed statement. @throws AppError NOT_FOUND */
  bySlug(slug: string): Promise<Tenant>;
  /** Every market, by slug; the first 1,000. */
  all(): Promise<readonly Tenant[]>;
}

export interface TenantServiceDeps {
  readonly db: { readonly read: Pick<Reader, 'tenant'> };
}

const allMax = 1000;
/** As the database has it. */
const slugPattern = /^[a-z0-9-]{2,40}$/;

export function createTenantService({ db }: TenantServiceDeps): TenantService {
  return {
    async bySlug(slug) {
      const tenant = slugPattern.test(slug) ? await db.read.tenant.findUnique({ where: { slug } }) : null;
      if (!tenant) throw new AppError('NOT_FOUND', `No market named "${slug}".`);
      return tenant;
    },
    all: () => db.read.tenant.findMany({ orderBy: { slug: 'asc' }, take: allMax }),
  };
}
