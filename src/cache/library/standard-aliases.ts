/** The caches every installation has, by what is kept in them, and how long. */
export const standardAliases = {
  default: { ttlMs: 300_000 },
  session: { ttlMs: 3_600_000 },
  reports: { ttlMs: 1_800_000 },
  transactions: { ttlMs: 600_000 },
  query: { ttlMs: 900_000 },
  template: { ttlMs: 600_000 },
  api: { ttlMs: 180_000 },
} as const;
