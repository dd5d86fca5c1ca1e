import type { CacheEvent, CacheStats, Counts, Outcome } from './types.js';

/** Counts what the observers hear. */
export interface Stats {
  observe(event: CacheEvent): void;
  snapshot(): CacheStats;
}

export function createStats(): Stats {
  const types = new Map<string, MutableCounts>();
  const total = noCounts();
  let bumps = 0;
  const add = (type: string | undefined, field: keyof Counts): void => {
    total[field] += 1;
    if (type === undefined) return;
    let counts = types.get(type);
    if (!counts) types.set(type, (counts = noCounts()));
    counts[field] += 1;
  };
  return {
    observe(event) {
      if (event.kind === 'read') {
        add(event.outcome.type, 'reads');
        add(event.outcome.type, fieldOf[event.outcome.kind]);
      } else if (event.kind === 'bump') bumps += 1;
      else if (event.kind === 'bump-failed') add(undefined, 'errors');
      else if (event.kind === 'load-failed' || event.kind === 'corrupt' || event.kind === 'not-stored')
        add(event.type, 'errors');
    },
    snapshot: () => ({
      ...total,
      bumps,
      types: Object.fromEntries([...types].map(([type, counts]) => [type, { ...counts }])),
    }),
  };
}

type MutableCounts = { -readonly [Field in keyof Counts]: number };

const fieldOf = { hit: 'hits', miss: 'misses', join: 'joins', bypass: 'bypasses' } as const satisfies Record<
  Outcome['kind'],
  keyof Counts
>;

function noCounts(): MutableCounts {
  return { reads: 0, hits: 0, misses: 0, joins: 0, bypasses: 0, errors: 0 };
}
