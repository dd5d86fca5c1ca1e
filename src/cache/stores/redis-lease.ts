import { EntryRefused, leaseText, stampLength } from '../store.js';
import type { Leases } from '../store.js';
import type { RedisLink } from './redis-link.js';

/** Leases as keys with a time to live, each beside its entry. */
export function createRedisLeases({ entries: { commands, bounded } }: Pick<RedisLink, 'entries'>): Leases {
  return {
    async claim(entryKey, lease, { leastS0, forMs, seen }) {
      const { key, isBesideEntry } = placeOf(entryKey);
      const names = isBesideEntry && seen !== undefined ? [key, entryKey] : [key];
      const given = [leaseText(lease), lease.generation, leastS0, Math.ceil(forMs), seen ?? ''];
      return String(await refusable(bounded(commands.eval(claimScript, names.length, ...names, ...given))));
    },
    standing: async (entryKey) => (await bounded(commands.get(placeOf(entryKey).key))) ?? undefined,
    release: async (entryKey, lease) => {
      await bounded(commands.eval(releaseScript, 1, placeOf(entryKey).key, leaseText(lease)));
    },
  };
}

/** A server that is well and says no (out of memory) has no lease to give; that is no reason to do without its entries. */
async function refusable<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && cause.name === 'ReplyError') throw new EntryRefused(cause.message, { cause });
    throw error;
  }
}

/**
 * On the cluster slot of its entry, so that one script sees both, and the entry and the end of its lease arrive in this
 * order. A key with a hash tag of its own keeps it; one with braces that are none may lie elsewhere, and its lease is
 * given without a look at it.
 */
function placeOf(entryKey: string): { readonly key: string; readonly isBesideEntry: boolean } {
  const hasTag = /^[^{]*\{[^}]+\}/.test(entryKey);
  return { key: hasTag ? `${entryKey}:lease` : `{${entryKey}}:lease`, isBesideEntry: hasTag || !/[{}]/.test(entryKey) };
}

/** KEYS lease [entry] · ARGV lease as text, generation, least s0, ms, stamp seen · Returns the lease that stands, or nothing. */
const claimScript = `
if KEYS[2] and redis.call('GETRANGE', KEYS[2], 0, ${stampLength - 1}) ~= ARGV[5] then return '' end
local held = redis.call('GET', KEYS[1])
if held then
  local s0, g = string.match(held, '^(%d+) (%S+) ')
  if g == ARGV[2] and tonumber(s0) >= tonumber(ARGV[3]) then return held end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[4])
return ARGV[1]`;

/** KEYS lease · ARGV lease as text */
const releaseScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;
