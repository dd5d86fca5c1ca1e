import { admin, finance, support, type PlaygroundExample } from './example.js';

/** The books, and what staff look at. */
export const staffExamples: readonly PlaygroundExample[] = [
  {
    as: admin,
    query: `# THE BOOKS · Recomputed from every line: the imbalance is 0.
query Books {
  ledgerHealth { ok accounts journals imbalance negativeAccounts escrowMismatches }
}
`,
  },
  {
    as: finance,
    query: `# THE BOOKS · Every account of the market; both sides sum to the same. asOf: "…" shows any other day.
query TrialBalance {
  trialBalance(currency: NGN) {
    debits { formatted }
    credits { formatted }
    rows { code type balance { formatted } }
  }
}
`,
  },
  {
    as: support,
    query: `# STAFF · Support sees an errand as its parties do, with the dispute about it.
query Errand {
  errand(id: "f2ce8e08-7fd1-8e8a-ac7d-6b03e364f191") {
    title
    state
    customer { displayName }
    runner { displayName }
    escrow { state released { formatted } refunded { formatted } }
    dispute { state settledAt decisions { outcome reason } }
  }
}
`,
  },
  {
    as: admin,
    query: `# STAFF · What staff did, written in the transaction that did it.
query AuditLog {
  auditLog(first: 10) {
    edges { node { at action actorRole actor { displayName } targetType reason after } }
  }
}
`,
  },
  {
    as: admin,
    query: `# THE CACHE · Would this query hit now, and if not, why? Nothing of it runs.
query Explain {
  cacheExplain(query: "{ errands(first: 5, filter: { states: [OPEN] }) { edges { node { title } } } }") {
    field
    explanation { wouldHit why guarantee tier ttlMs key tags { tag } }
    error { code message }
  }
}
`,
  },
  {
    as: admin,
    query: `# THE CACHE · Hits, misses and what was spoilt since this process started.
query CacheStats {
  cacheStats { bumps total { reads hits misses hitRatio } types { name reads hits misses } }
}
`,
  },
];
