import type { CacheControl, Counts, StoredKey } from '../cache/index.js';
import type { EntriesReport, Held, Ratios, StatsReport } from './types.js';

export const entriesMax = 10_000;
const entriesNote = 'Reads and hits are counted by each server process: ask one with --url and --token.';

export function heldOf(keys: readonly StoredKey[]): EntriesReport {
  const total = { entries: keys.length, bytes: keys.reduce((sum, { bytes }) => sum + bytes, 0) };
  const aliases: Record<string, Held> = {};
  for (const { alias, bytes } of keys) {
    const held = aliases[alias] ?? { entries: 0, bytes: 0 };
    aliases[alias] = { entries: held.entries + 1, bytes: held.bytes + bytes };
  }
  return { ...total, aliases, isTruncated: keys.length >= entriesMax, note: entriesNote };
}

export function statsOf(control: CacheControl, alias: string | undefined): StatsReport {
  const { bumps, types, aliases, demoted = {}, ...total } = control.stats();
  const shown = Object.entries(aliases).filter(([name]) => alias === undefined || name === alias);
  return {
    ...withRatio((alias === undefined ? undefined : aliases[alias]) ?? total),
    bumps,
    demoted,
    aliases: Object.fromEntries(shown.map(([name, counts]) => [name, withRatio(counts)])),
    types: Object.fromEntries(Object.entries(types).map(([type, counts]) => [type, withRatio(counts)])),
  };
}

/** Joins count: they were spared their load. */
function withRatio(counts: Counts): Ratios {
  const { reads, hits, joins } = counts;
  return { ...counts, hitRatio: reads === 0 ? 0 : (hits + joins) / reads };
}
