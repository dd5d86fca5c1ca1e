import type { StoredKey } from '../cache/index.js';
import { badInput, isUuid } from '../kernel/index.js';
import { createAudit } from './audit.js';
import type { CacheAdmin, CacheAdminDeps } from './cache-admin.type.js';
import { checkClear, checkLimit, checkPattern, patternsOf, scopeInWords } from './checks.js';
import { given } from './given.js';
import { reachOf, requireWholeInstallation } from './operator.js';
import { entriesMax, heldOf, statsOf } from './reports.js';
import { createUnderstanding, type TenantOf } from './understanding.js';

export function createCacheAdmin(deps: CacheAdminDeps): CacheAdmin {
  const { control, logger } = deps;
  const audited = createAudit(logger, deps.record);
  const aliasOf = (alias: string | undefined): string | undefined => {
    if (alias === undefined || control.aliases.includes(alias)) return alias;
    throw badInput('alias', `no such alias; takes ${control.aliases.join(', ')}`);
  };
  const tenantOf: TenantOf = async (by, wanted) => {
    const name = wanted?.toLowerCase();
    return reachOf(by, name === undefined || isUuid(name) ? name : await deps.tenantIdOf(name));
  };

  const admin: CacheAdmin = {
    stats: (by, { alias } = {}) => audited(by, 'stats', { alias }, async () => statsOf(control, aliasOf(alias))),
    entries: (by, { alias } = {}) =>
      audited(by, 'entries', { alias }, async () => {
        const scope = given({ alias: aliasOf(alias), tenant: by.tenant });
        return heldOf(await control.keys('*', { ...scope, limit: entriesMax }));
      }),
    health: (by, { alias } = {}) =>
      audited(by, 'health', { alias }, async () => {
        const wanted = aliasOf(alias);
        const all = Object.entries(await control.health());
        const aliases = Object.fromEntries(all.filter(([name]) => wanted === undefined || name === wanted));
        return { ok: Object.values(aliases).every(({ ok }) => ok), aliases };
      }),
    keys: (by, query = {}) =>
      audited(by, 'keys', query, async () => {
        const limit = checkLimit(query.limit);
        const pattern = checkPattern(query.pattern ?? '*');
        const scope = given({ alias: aliasOf(query.alias), tenant: await tenantOf(by, query.tenant) });
        const found = new Map<string, StoredKey>();
        for (const way of patternsOf(pattern))
          for (const key of await control.keys(way, { ...scope, limit })) found.set(`${key.alias} ${key.key}`, key);
        const keys = [...found.values()].slice(0, limit);
        return { keys, isTruncated: keys.length >= limit };
      }),
    clear: (by, input) =>
      audited(by, 'clear', input, async () => {
        const { type, tags, pattern } = checkClear(input);
        if (tags !== undefined) requireWholeInstallation(by, 'Tags are');
        const scope = given({ alias: aliasOf(input.alias), tenant: await tenantOf(by, input.tenant) });
        const named = { ...scope, ...given({ type, tags }) };
        if (pattern !== undefined) {
          let entries = 0;
          for (const way of patternsOf(pattern)) entries += await control.clearPattern(way, scope);
          return { scope: scopeInWords({ ...scope, pattern }), entries };
        }
        await control.clear(named);
        return { scope: scopeInWords(named), entries: null };
      }),
    clearAll: (by) =>
      audited(by, 'clear all', { tenant: by.tenant }, async () => {
        await (by.tenant === undefined ? control.clearAll() : control.clear({ tenant: by.tenant }));
        return { scope: scopeInWords(given({ tenant: by.tenant })), entries: null };
      }),
    ...createUnderstanding(deps, audited, tenantOf),
  };
  return admin;
}
