import { EntryRefused, leaseText } from '../store.js';
import type { Leases } from '../store.js';
import type { RedisLink } from './redis-link.js';

/** Leases as keys with a time to live, each beside its entry; every command and script touches that one key only. */
export function createRedisLeases({ redis, bounded }: RedisLink): Leases {
  return {
    async claim(entryKey, lease, leastS0, forMs) {
      const given = [leaseText(lease), lease.generation, leastS0, Math.ceil(forMs)];
      return String(await refusable(bounded(redis.eval(claimScript, 1, leaseKey(entryKey), ...given))));
    },
    standing: async (entryKey) => (await bounded(redis.get(leaseKey(entryKey)))) ?? undefined,
    release: async (entryKey, lease) => {
      await bounded(redis.eval(releaseScript, 1, leaseKey(entryKey), leaseText(lease)));
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
 * On the cluster slot of its entry, so that the entry and the end of its lease arrive in this order. A key with a hash tag
 * of its own keeps it; one with braces that are none may get another slot, which costs a load now and then.
 */
function leaseKey(entryKey: string): string {
  return /\{[^}]+\}/.test(entryKey) ? `${entryKey}:lease` : `{${entryKey}}:lease`;
}

/** KEYS lease · ARGV lease as text, generation, least s0, ms · Returns the lease that stands. */
const claimScript = `
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
