import { describe, expect, it } from 'vitest';
import { createAdvisor, hitRatioAt } from '../../src/admin/index.js';
import { createCache, createMemoryStore, type CacheEvent, type Outcome } from '../../src/cache/index.js';

const miss: Outcome = { kind: 'miss', type: 'T', key: 'k', tier: 'acked', ageMs: 0, ttlMs: 0, tookMs: 0 };

function stage(options: { tier?: string; ttlMs?: number; keysMax?: number; readsMax?: number } = {}) {
  let nowMs = 0;
  let observe: (event: CacheEvent) => void = () => {};
  const { tier = 'acked', ttlMs = 60_000, ...bounds } = options;
  const advisor = createAdvisor({
    cache: { on: (observer) => ((observe = observer), () => {}) },
    policyOf: () => ({ tier, ttlMs }),
    now: () => nowMs,
    candidatesS: [10, 100, 1000],
    readsMin: 4,
    ...bounds,
  });
  return {
    advise: () => advisor.advise(['T']).types[0]!,
    pass: (ms: number) => void (nowMs += ms),
    read: (changes: Partial<Outcome> = {}) =>
      observe({ kind: 'read', outcome: { ...miss, ...changes }, tagsOf: () => [changes.key ?? 'k'] }),
    bump: (...tags: string[]) => observe({ kind: 'bump', tags, seq: 1, tookMs: 0 }),
  };
}

const ratios = ({ predictions }: { readonly predictions: readonly { readonly hitRatio: number }[] }) =>
  predictions.map(({ hitRatio }) => hitRatio);

describe('the hit ratio foretold', () => {
  it('is that of an entry that lives from its load until it is too old', () => {
    const { read, pass, advise } = stage();
    for (let reads = 0; reads < 10; reads += 1) {
      read();
      pass(40_000);
    }
    // Under 100 s a load serves the reads 40 s and 80 s after it.
    expect(ratios(advise())).toEqual([0, 0.6, 0.9]);
  });

  it('is that of an entry that no invalidation of this or another process spares', () => {
    const { read, pass, bump, advise } = stage();
    for (let reads = 0; reads < 8; reads += 1) {
      read(reads === 5 ? { reason: 'stale-tag' } : {});
      if (reads === 2) bump('k', 'other');
      if (reads === 3) bump('other');
      pass(1000);
    }
    expect(ratios(advise())[2]).toBe(5 / 8);
  });

  it('of what obeys only its time to live does not count invalidations', () => {
    const { read, pass, bump, advise } = stage({ tier: 'ttl' });
    for (let reads = 0; reads < 5; reads += 1) {
      read({ tier: 'ttl' });
      bump('k');
      pass(1000);
    }
    expect(ratios(advise())[0]).toBe(4 / 5);
  });

  it('leaves out reads that a write under way sent past the cache, and nothing else', () => {
    const { read, advise } = stage();
    for (const kind of ['hit', 'join', 'bypass', 'miss'] as const) read({ kind });
    read({ kind: 'bypass', reason: 'open-write' });
    expect(advise().reads).toBe(4);
  });

  it('weighs a key by all its reads, also those that are forgotten', () => {
    const often = { at: [0, 1, 2], spoilt: [false, false, false], reads: 100 };
    const once = { at: [0], spoilt: [false], reads: 1 };
    expect(hitRatioAt([often, once], 10)).toBeCloseTo(100 / 101);
    const whole = { at: [0, 1], spoilt: [false, false], reads: 2 };
    expect(hitRatioAt([whole], 10)).toBe(0.5);
  });
});

describe('the advice', () => {
  it('is the shortest time to live that gives nearly all the hits that any gives', () => {
    const { read, pass, advise } = stage();
    for (let reads = 0; reads < 200; reads += 1) {
      read();
      pass(500);
    }
    expect(advise()).toMatchObject({ verdict: 'caches-well', recommendedTtlS: 100, medianReuseS: 0.5 });
  });

  it('is not to cache what is never read twice before it is spoilt', () => {
    const { read, bump, advise } = stage();
    for (let reads = 0; reads < 20; reads += 1) {
      read();
      bump('k');
    }
    expect(advise()).toMatchObject({ verdict: 'loses', recommendedTtlS: 0 });
  });

  it('is not to cache what loads faster than it is looked up', () => {
    const { read, advise } = stage();
    for (let reads = 0; reads < 20; reads += 1) read(reads % 2 ? { kind: 'hit', tookMs: 2 } : { tookMs: 3 });
    expect(advise()).toMatchObject({ verdict: 'loses', why: expect.stringContaining('the look costs 2.00 ms') });
  });

  it('of data as old as its time to live never makes it older', () => {
    const { read, pass, advise } = stage({ tier: 'ttl', ttlMs: 10_000 });
    for (let reads = 0; reads < 20; reads += 1) {
      read({ tier: 'ttl' });
      pass(8000);
    }
    expect(advise()).toMatchObject({ recommendedTtlS: 10, why: expect.stringContaining('no longer one is advised') });
  });

  it('is not given from too few reads', () => {
    const { read, advise } = stage();
    read();
    expect(advise()).toMatchObject({ verdict: 'too-few-reads', recommendedTtlS: undefined });
  });
});

describe('the sample', () => {
  it('stays bounded under a hundred thousand keys, and a key in it is in it whole', () => {
    const { read, advise } = stage({ keysMax: 100, readsMax: 50 });
    for (let round = 0; round < 2; round += 1) for (let key = 0; key < 50_000; key += 1) read({ key: `errand:${key}` });
    const { keys, reads, sampled, predictions } = advise();
    expect(keys).toBeLessThanOrEqual(100);
    expect(keys).toBeGreaterThan(50);
    expect(sampled).toBeCloseTo(100 / 50_000, 2);
    expect(reads).toBe(2 * keys);
    expect(predictions[2]!.hitRatio).toBe(0.5);
  });

  it('hears an invalidation of what only the value names', async () => {
    const cache = createCache({ store: createMemoryStore(), prefix: 'p' });
    const advisor = createAdvisor({ cache, policyOf: () => undefined, candidatesS: [60], readsMin: 1 });
    const request = { type: 'T', key: 'list', tags: ['list'], tier: 'acked', ttlMs: 0 } as const;
    // Nothing is stored (no time to live), so that no outcome betrays the bump: only its tags do.
    for (const ttlMs of [60_000, 0, 0]) {
      await cache.read({ ...request, ttlMs, load: async () => 'rows', tagsFound: () => ['row:1'] });
      if (ttlMs > 0) await cache.bump(['row:1']);
    }
    expect(advisor.advise().types[0]!.predictions[0]!.hitRatio).toBeCloseTo(1 / 3);
    advisor.stop();
    await cache.close();
  });
});
