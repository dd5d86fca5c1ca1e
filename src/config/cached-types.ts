/** Seconds that a value of each type lives unless the environment says otherwise; undefined: as its alias says. */
export const cachedTypeTimeoutsS = {
  USER_DATA: 3_600,
  ROLES: 3_600,
  SESSION: undefined,
  TENANT: undefined,
  USER_PROFILE: 3_600,
  USER_ERRANDS: 300,
  USER_ESCROWS: 300,
  ERRAND_LIST: 60,
  ERRAND_DETAIL: 300,
  ESCROW_DETAIL: 300,
  DISPUTE_DETAIL: 300,
  BANKS_LIST: 86_400,
  OFFERS: undefined,
} as const;

/** What can be cached, as it is called in `CACHE_TIMEOUT_<TYPE>`. */
export type CachedType = keyof typeof cachedTypeTimeoutsS;

/** Money, and who may do what: a read of these must not be older than any committed write. Everything else but `boundsMs`: `acked`. */
export const strictTypes: ReadonlySet<CachedType> = new Set([
  'USER_ESCROWS',
  'ESCROW_DETAIL',
  'DISPUTE_DETAIL',
  'ROLES',
  'SESSION',
]);

/** What may be shown from a moment ago, so that most reads need not ask Redis at all: milliseconds. */
export const boundsMs: Readonly<Partial<Record<CachedType, number>>> = { BANKS_LIST: 1_000 };

export const cachedTypes = Object.keys(cachedTypeTimeoutsS) as readonly CachedType[];
