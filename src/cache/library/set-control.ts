import { globLiteral, nearTag } from '../direct.js';
import type { Engine } from '../direct.js';
import type { Cache, CacheHealth, Counts } from '../types.js';
import { tenantTag, typeTag } from '../visit.js';
import type { CacheControl, ClearScope, KeyScope, StoredKey } from './control.js';
import { InvalidCacheOption } from './faults.js';
import { scopes, tenantPrefix } from './scopes.js';

/** Names taken from the store in one go. */
const pageLength = 5000;
export const keysMax = 10_000;

interface Member {
  readonly name: string;
  readonly engine: Engine;
}

export interface ControlledCaches extends Pick<Cache, 'bump' | 'clearAll' | 'stats'> {
  readonly aliases: ReadonlyMap<string, Member>;
  readonly engines: readonly Engine[];
  /** @throws UnknownAlias */
  alias(name: string): Member;
}

/** The operator's port of a set. */
export function createSetControl(
  set: ControlledCaches,
  aliasCounts: () => Readonly<Record<string, Counts>>,
): CacheControl {
  const namesOf = (alias: string | undefined): readonly Member[] =>
    alias === undefined ? [...set.aliases.values()] : [set.alias(alias)];
  return {
    aliases: [...set.aliases.keys()],
    stats: () => ({ ...set.stats(), aliases: aliasCounts() }),
    async health() {
      const healths = new Map<unknown, CacheHealth>();
      for (const engine of set.engines) healths.set(engine, await engine.health());
      return Object.fromEntries(
        [...set.aliases].flatMap(([name, { engine }]) => {
          const health = healths.get(engine);
          return health ? [[name, health]] : [];
        }),
      );
    },
    async keys(pattern, { alias, tenant, limit }) {
      checkPattern(pattern);
      if (!Number.isInteger(limit) || limit < 1 || limit > keysMax)
        throw new InvalidCacheOption('limit', limit, `a whole number from 1 to ${keysMax}`);
      const found: StoredKey[] = [];
      for (const member of namesOf(alias)) {
        if (found.length < limit) found.push(...(await keysOf(member, pattern, tenant, limit - found.length)));
      }
      return found;
    },
    clear: (scope) => clear(set, scope),
    async clearPattern(pattern, { alias, tenant }: KeyScope = {}) {
      checkPattern(pattern);
      let removed = 0;
      for (const member of namesOf(alias)) removed += await removeMatching(member, pattern, tenant);
      return removed;
    },
    clearAll: set.clearAll,
  };
}

async function keysOf(
  { name, engine }: Member,
  pattern: string,
  tenant: string | undefined,
  limit: number,
): Promise<readonly StoredKey[]> {
  const prefix = tenant === undefined ? '' : tenantPrefix(tenant);
  const keys = await engine.scan(name, globLiteral(prefix) + pattern, limit);
  const infos = await engine.inspect(name, keys);
  return infos.map(({ key, ttlMs, bytes }) => ({ key: key.slice(prefix.length), alias: name, ttlMs, bytes }));
}

/**
 * Takes what matches out of the store, then makes copies that processes keep nearer invalid: one that was taken before has
 * seen a smaller clock, whenever it comes to stand there. A load under way may still be stored; it was no entry.
 */
async function removeMatching({ name, engine }: Member, pattern: string, tenant: string | undefined): Promise<number> {
  const whole = (tenant === undefined ? '' : globLiteral(tenantPrefix(tenant))) + pattern;
  let removed = 0;
  for (;;) {
    const keys = await engine.scan(name, whole, pageLength);
    removed += await engine.unlink(name, keys);
    if (keys.length < pageLength) break;
  }
  await engine.bump([nearTag]);
  return removed;
}

/** One bump for whatever is named, because every entry carries its scopes as tags. */
async function clear(set: ControlledCaches, scope: ClearScope): Promise<void> {
  const { alias, tenant, type, tags } = scope;
  if (tags !== undefined) {
    if (alias !== undefined || tenant !== undefined || type !== undefined)
      throw new InvalidCacheOption(
        'scope',
        scope,
        'tags alone, or alias or type, each with or without tenant, or tenant',
      );
    return set.bump(tags);
  }
  if (alias !== undefined && type !== undefined)
    throw new InvalidCacheOption('scope', scope, 'an alias or a type, not both: a type stands in one alias');
  if (alias !== undefined)
    return set
      .alias(alias)
      .engine.bump([tenant === undefined ? scopes.alias(alias) : scopes.tenantAlias(tenant, alias)]);
  if (type !== undefined) return set.bump([tenant === undefined ? typeTag(type) : scopes.tenantType(tenant, type)]);
  if (tenant !== undefined) return set.bump([tenantTag(tenant)]);
  throw new InvalidCacheOption(
    'scope',
    scope,
    'at least one of alias, tenant, type and tags; clearAll clears everything',
  );
}

function checkPattern(pattern: unknown): void {
  if (typeof pattern !== 'string' || pattern === '' || pattern.length > 500)
    throw new InvalidCacheOption('pattern', pattern, 'a glob of 1 to 500 characters, such as "errand_list:*"');
}
