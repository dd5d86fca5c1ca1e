import type { Observers } from '../observers.js';
import { createStats } from '../stats.js';
import type { CacheEvent, CacheStats, Counts } from '../types.js';

/** What happened in a set of caches, as a whole and per alias. */
export interface AliasCounts {
  readonly stats: () => CacheStats;
  readonly aliases: () => Readonly<Record<string, Counts>>;
}

/** @param typeAliases where a type stands that nobody has read yet */
export function createAliasCounts(
  observers: Pick<Observers, 'add'>,
  names: readonly string[],
  typeAliases: Readonly<Record<string, string>>,
): AliasCounts {
  const whole = createStats();
  const byAlias = new Map(names.map((name) => [name, createStats()]));
  // Events other than reads name only the type.
  const aliasOfType = new Map(Object.entries(typeAliases));
  const aliasOf = (event: CacheEvent): string | undefined => {
    if (event.kind === 'read') {
      const { alias = 'default', type } = event.outcome;
      aliasOfType.set(type, alias);
      return alias;
    }
    return 'type' in event ? (aliasOfType.get(event.type) ?? 'default') : undefined;
  };
  observers.add((event) => {
    whole.observe(event);
    const alias = aliasOf(event);
    if (alias !== undefined) byAlias.get(alias)?.observe(event);
  });
  return {
    stats: whole.snapshot,
    aliases: () => Object.fromEntries([...byAlias].map(([name, stats]) => [name, countsOf(stats.snapshot())])),
  };
}

function countsOf({ reads, hits, misses, joins, bypasses, errors }: CacheStats): Counts {
  return { reads, hits, misses, joins, bypasses, errors };
}
