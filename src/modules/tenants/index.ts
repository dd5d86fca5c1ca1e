export type { Tenant } from '../../db/index.js';
export { createTenantService, type TenantService } from './tenant.service.js';
