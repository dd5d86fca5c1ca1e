import { createHash } from 'node:crypto';

/** The kinds of answers the cache keeps, each with its own TTL (`CACHE_TIMEOUT_<TYPE>`) and guarantee (`CACHE_CONSISTENCY_<TYPE>`). */
export const cacheTypes = [
  'USER_DATA',
  'ROLES',
  'SESSION',
  'TENANT',
  'USER_PROFILE',
  'USER_ERRANDS',
  'USER_ESCROWS',
  'ERRAND_LIST',
  'ERRAND_DETAIL',
  'ESCROW_DETAIL',
  'DISPUTE_DETAIL',
  'BANKS_LIST',
  'OFFERS',
] as const;
export type CacheType = (typeof cacheTypes)[number];

/** The key families, as operators see them in Redis. Lists end in a hash of their canonical arguments. */
export const families = {
  userData: (userId: string) => `user:${userId}:data`,
  userPermissions: (userId: string) => `user:${userId}:permissions`,
  userProfile: (userId: string) => `user_profile:${userId}`,
  session: (sessionId: string) => `session:${sessionId}`,
  tenant: (slug: string) => `tenant_slug:${slug}`,
  userErrands: (userId: string, args: unknown) => `user_errands:${userId}:${hashOf(args)}`,
  userEscrows: (userId: string, args: unknown) => `user_escrows:${userId}:${hashOf(args)}`,
  errand: (errandId: string) => `errand:${errandId}`,
  errandList: (args: unknown) => `errand_list:${hashOf(args)}`,
  escrow: (escrowId: string) => `escrow:${escrowId}`,
  dispute: (disputeId: string) => `dispute:${disputeId}`,
  offers: (errandId: string) => `offers:${errandId}`,
  banksList: (country: string, args: unknown) => `banks_list:${country}:${hashOf(args)}`,
} as const;

/** Arguments as one text that does not depend on the order they were written in. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(
      Object.entries(part)
        .filter(([, inner]) => inner !== undefined)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  });
}

function hashOf(args: unknown): string {
  return createHash('sha256').update(canonicalJson(args)).digest('base64url').slice(0, 22);
}
