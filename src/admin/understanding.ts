import { badInput, isUuid } from '../kernel/index.js';
import type { Audited } from './audit.js';
import type { CacheAdmin, CacheAdminDeps } from './cache-admin.type.js';
import { checkTypes } from './checks.js';
import type { Operator } from './operator.js';

/** The id of the market that an operator may and wants to act on; undefined: all. */
export type TenantOf = (by: Operator, wanted: string | undefined) => Promise<string | undefined>;

/** What takes more than the store: queries of the house's own, and what was seen of reads. */
export function createUnderstanding(
  { warmers, warming, explain, advisor }: CacheAdminDeps,
  audited: Audited,
  tenantOf: TenantOf,
): Pick<CacheAdmin, 'warm' | 'explain' | 'advise'> {
  return {
    warm: (by, input = {}, onProgress) =>
      audited(by, 'warm', input, async () => {
        const types = checkTypes(input.types);
        const steps = await warmers(await tenantOf(by, input.tenant));
        const warmable = new Set<string>(steps.map(({ type }) => type));
        const missing = types?.find((type) => !warmable.has(type));
        if (missing !== undefined)
          throw badInput('types', `${missing} cannot be warmed; takes ${[...warmable].join(', ')}`);
        return warming.run(
          steps.filter(({ type }) => types === undefined || types.includes(type)),
          onProgress,
        );
      }),
    explain: (by, input) =>
      audited(by, 'explain', { asUser: input.asUser, tenant: input.tenant }, async () => {
        if (input.query.trim() === '') throw badInput('query', 'is empty; takes a GraphQL query');
        const asUser = input.asUser?.toLowerCase();
        if (asUser !== undefined && !isUuid(asUser)) throw badInput('asUser', 'takes the id of a user');
        const within = await tenantOf(by, input.tenant);
        const isElsewhere = input.tenant !== undefined && by.tenant === undefined;
        const userId = asUser ?? (isElsewhere ? undefined : by.userId);
        return { fields: await explain(input, { tenant: within, userId, within }) };
      }),
    advise: (by, { types } = {}) => audited(by, 'advise', { types }, async () => advisor.advise(checkTypes(types))),
  };
}
