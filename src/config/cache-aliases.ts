import type { CachedType } from './cached-types.js';

/** Seconds that an entry of each alias lives unless its type or the environment says otherwise. */
export const cacheAliasTimeoutsS = {
  default: undefined,
  session: 3_600,
  reports: 1_800,
  transactions: 600,
  query: 900,
  template: 600,
  api: 180,
} as const;

/** A cache of its own time and, if wished, of its own Redis, as it is called in `CACHE_ALIAS_<NAME>_…`. */
export type CacheAlias = keyof typeof cacheAliasTimeoutsS;

export const cacheAliases = Object.keys(cacheAliasTimeoutsS) as readonly CacheAlias[];

const places: Partial<Record<CachedType, CacheAlias>> = { SESSION: 'session' };

export function aliasOfType(type: CachedType): CacheAlias {
  return places[type] ?? 'default';
}
