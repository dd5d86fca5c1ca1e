import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCache, createMemoryStore, type Cache, type ReadRequest, type Store } from '../../src/cache/index.js';
import { createFaultyStore, type FaultyStore } from '../unit/cache-faulty-store.js';

const keys = ['a', 'b'] as const;
const tags = ['one', 'two', 'found', 'type:row', 'tenant:t'] as const;

type Step =
  | { readonly do: 'read'; readonly key: string; readonly tier: ReadRequest<unknown>['tier']; readonly ttlMs: number }
  | { readonly do: 'bump' | 'begin'; readonly tag: string }
  | { readonly do: 'end'; readonly outcome: 'committed' | 'rolledBack' }
  | { readonly do: 'clear' }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'damage'; readonly key: string; readonly text: string }
  | { readonly do: 'fail' | 'mend' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      key: fc.constantFrom(...keys),
      tier: fc.constantFrom('strict' as const, 'acked' as const, 'ttl' as const),
      ttlMs: fc.constantFrom(0, 50, 100),
    }),
  },
  fc.record({ do: fc.constantFrom('bump' as const, 'begin' as const), tag: fc.constantFrom(...tags) }),
  fc.record({ do: fc.constant('end' as const), outcome: fc.constantFrom('committed' as const, 'rolledBack' as const) }),
  fc.record({ do: fc.constant('clear' as const) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(10, 60) }) },
  fc.record({
    do: fc.constant('damage' as const),
    key: fc.constantFrom(...keys),
    text: fc.constantFrom('', 'nonsense', 'E1deadbeef000002[]'),
  }),
);

interface Stage {
  readonly cache: Cache;
  readonly store: FaultyStore;
  readonly pass: (ms: number) => void;
}

function open(inner: (now: () => number) => Store = (now) => createMemoryStore({ now })): Stage {
  let nowMs = 1_000_000;
  const now = (): number => nowMs;
  const store = createFaultyStore(inner(now));
  return { cache: createCache({ store, prefix: 'p', now }), store, pass: (ms) => void (nowMs += ms) };
}

function requestOf({ key, tier, ttlMs }: Extract<Step, { do: 'read' }>): ReadRequest<unknown> {
  const found = (): readonly string[] => (key === 'b' ? ['found'] : []);
  const load = async (): Promise<object> => ({ key });
  return { type: 'row', key, tags: ['one'], tier, ttlMs, tenant: 't', load, tagsFound: found };
}

/** Runs the steps; before each read it is explained. @returns where the two differ */
async function differences(
  steps: readonly Step[],
  { cache, store, pass }: Stage,
  seen = new Set<unknown>(),
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const one of steps) {
    if (one.do === 'bump') await cache.bump([one.tag]);
    else if (one.do === 'begin') await cache.begin('w', [one.tag]);
    else if (one.do === 'end') await cache.end('w', one.outcome, []);
    else if (one.do === 'clear') await cache.clearAll();
    else if (one.do === 'pass') pass(one.ms);
    else if (one.do === 'damage') await store.put(`p:e:${one.key}`, one.text, 1000);
    else if (one.do === 'read') {
      const request = requestOf(one);
      const { wouldHit, reason } = await cache.explain(request);
      const { outcome } = await cache.read(request);
      const [said, was] = [wouldHit ? 'hit' : reason, outcome.kind === 'hit' ? 'hit' : outcome.reason];
      seen.add(was);
      if (said !== was) found.push(`said ${said}, was ${was}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await cache.close();
  return found;
}

describe('an explanation', () => {
  it('says what the next read does, and why, after any history', { timeout: 120_000 }, async () => {
    const seen = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 40 }), async (steps) => {
        expect(await differences(steps, open(), seen)).toEqual([]);
      }),
      { numRuns: 150 },
    );
    const reasons = ['cold', 'corrupt', 'expired', 'hit', 'open-write', 'stale-tag', 'ttl-zero'];
    expect([...seen].toSorted()).toEqual(reasons);
  });

  it('is wrong about a store that answers its questions and its reads differently (the check can fail)', async () => {
    const steps: readonly Step[] = [
      { do: 'read', key: 'a', tier: 'acked', ttlMs: 100 },
      { do: 'read', key: 'a', tier: 'acked', ttlMs: 100 },
    ];
    let looks = 0;
    const forgetful = (now: () => number): Store => {
      const store = createMemoryStore({ now });
      const look: Store['look'] = async (...asked) => {
        const seen = await store.look(...asked);
        looks += 1;
        return looks % 2 === 1 ? { ...seen, entry: undefined } : seen;
      };
      return { ...store, look };
    };
    expect(await differences(steps, open(forgetful))).toEqual(['said cold, was hit']);
  });

  it('of a lost store says so, and neither rejects nor waits', async () => {
    const { cache, store } = open();
    await cache.read(requestOf({ do: 'read', key: 'a', tier: 'acked', ttlMs: 100 }));
    store.fail();
    store.drop();
    const explanation = await cache.explain(requestOf({ do: 'read', key: 'a', tier: 'acked', ttlMs: 100 }));
    expect(explanation).toMatchObject({ wouldHit: false, reason: 'store-unavailable', tags: [] });
    await cache.close();
  });

  it('changes nothing: no put, no count, no event, no load', async () => {
    const { cache, store } = open();
    const request = requestOf({ do: 'read', key: 'b', tier: 'acked', ttlMs: 100 });
    await cache.read(request);
    await cache.bump(['found']);
    const [stats, sent] = [cache.stats(), { ...store.sent }];
    const events: unknown[] = [];
    cache.on((event) => void events.push(event));
    const { reason, tags: explained } = await cache.explain(request);
    expect(reason).toBe('stale-tag');
    expect(explained.filter(({ hasMoved }) => hasMoved).map(({ tag }) => tag)).toEqual(['found']);
    expect([cache.stats(), events]).toEqual([stats, []]);
    expect({ ...store.sent, look: sent.look }).toEqual(sent);
    await cache.close();
  });
});
