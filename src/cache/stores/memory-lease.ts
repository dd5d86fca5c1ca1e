import { LRUCache } from 'lru-cache';
import { leaseText, stampOf } from '../store.js';
import type { Lease, Leases } from '../store.js';

/** A lease pushed out costs a load too many. */
const leasesMax = 10_000;

/** Leases of the caches on one in-process store. @param now milliseconds */
export function createMemoryLeases(now: () => number, entryOf: (entryKey: string) => string | undefined): Leases {
  const held = new LRUCache<string, { readonly lease: Lease; readonly expiresAt: number }>({ max: leasesMax });
  const alive = (entryKey: string): Lease | undefined => {
    const found = held.get(entryKey);
    if (!found || now() < found.expiresAt) return found?.lease;
    held.delete(entryKey);
    return undefined;
  };
  return {
    async claim(entryKey, lease, { leastS0, forMs, seen }) {
      if (seen !== undefined && seen !== stampOf(entryOf(entryKey))) return '';
      const standing = alive(entryKey);
      if (standing && standing.generation === lease.generation && standing.s0 >= leastS0) return leaseText(standing);
      held.set(entryKey, { lease, expiresAt: now() + forMs });
      return leaseText(lease);
    },
    async standing(entryKey) {
      const lease = alive(entryKey);
      return lease && leaseText(lease);
    },
    async release(entryKey, { token }) {
      if (held.get(entryKey)?.lease.token === token) held.delete(entryKey);
    },
  };
}
