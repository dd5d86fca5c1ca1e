import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCache, createShadow } from '../../src/cache/index.js';
import type { Cache, CacheEvent } from '../../src/cache/index.js';
import { createRemoteStore, createWorld, items } from './cache-world.js';
import type { Item } from './cache-world.js';
import { createForgetfulStore, createWriters, fates } from './cache-writers.js';

const numRuns = Number(process.env['CACHE_PROPERTY_RUNS'] ?? 250);
/** A wrong way is found sooner or later: within so many runs. */
const runsUntilCaughtMax = 20_000;
/** What each of several clients does, one after the other. */
const scriptsOn = (keys: readonly (Item | 'list')[]) => {
  const place = { cache: fc.nat({ max: 1 }), key: fc.constantFrom(...keys) };
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('acked', 'strict'), ...place }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('write', 'write', 'tell'), ...place }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom(...fates), ...place }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('reap', 'reap', 'forget', 'clear', 'fail'), ...place }) },
  );
  return fc.array(fc.array(step, { minLength: 3, maxLength: 8 }), { minLength: 2, maxLength: 4 });
};

interface Step {
  readonly kind: string;
  readonly cache: number;
  readonly key: Item | 'list';
}

/** Ways to judge wrongly, each of which the property must notice. */
type Fault = 'doesNotWait' | 'doesNotLookAgain';

/** Which writes that began by now may still be told of lawfully. */
function createDelays() {
  const untold = new Set<Promise<unknown>>();
  const dead: (() => void)[] = [];
  const late: (() => void)[] = [];
  const add = <T>(work: Promise<T>): Promise<T> => {
    untold.add(work);
    // Whoever began it hears of its failure; this only has to know that it is over.
    void work.catch(() => {}).finally(() => untold.delete(work));
    return work;
  };
  return {
    add,
    /** Resolves at the next `tell`. */
    told: () => new Promise<void>((resolve) => late.push(resolve)),
    tell: () => late.splice(0).forEach((resolve) => resolve()),
    /** A writer that died is told of when it is reaped. */
    died: () => void add(new Promise<void>((resolve) => dead.push(resolve))),
    async reaping(work: () => Promise<void>): Promise<void> {
      const reaped = dead.splice(0);
      await work();
      for (const resolve of reaped) resolve();
    },
    over: async (): Promise<void> => void (await Promise.allSettled(untold)),
  };
}

function verdictsAreTrue(totals: Record<string, number>, fault?: Fault) {
  // What is wrong is found sooner where everybody is after one row.
  const scripts = scriptsOn(fault ? ['a'] : [...items, 'list', 'list', 'list']);
  return fc.asyncProperty(fc.scheduler(), scripts, async (scheduler, clients) => {
    const world = createWorld(scheduler);
    const writers = createWriters(world);
    const delays = createDelays();
    const { settled } = writers;
    const store = createForgetfulStore();
    const pause = (_ms: number, signal: AbortSignal): Promise<void> =>
      new Promise((resolve, reject) => {
        const stop = (): void => reject(new Error('stopped'));
        if (signal.aborted) stop();
        signal.addEventListener('abort', stop);
        void (fault === 'doesNotWait' ? Promise.resolve() : delays.over()).then(resolve);
      });
    const wolves: CacheEvent[] = [];
    const caches = [0, 1].map(() => {
      const cache = createCache({ store: createRemoteStore(store, world.turn), prefix: 'test', hintsMax: 2, settled });
      const seen = fault === 'doesNotLookAgain' ? timeless(cache) : cache;
      const shadow = createShadow({ cache: seen, share: 1, runningMax: 100, pause, random: () => 0 });
      shadow.on((event) => {
        if (event.kind !== 'shadow-checked') return;
        totals[event.verdict] = (totals[event.verdict] ?? 0) + 1;
        if (event.verdict === 'stale') wolves.push(event);
      });
      return shadow;
    });
    const act = async ({ kind, cache: index, key: tag }: Step): Promise<void> => {
      const cache = caches[index] as Cache;
      if (kind === 'acked' || kind === 'strict') return world.read(cache, tag, false, kind);
      if (kind === 'fail') return world.read(cache, tag, true);
      if (kind === 'clear') return cache.clearAll();
      if (kind === 'forget') return store.forget();
      if (kind === 'reap') return delays.reaping(() => writers.reap(cache));
      if (kind === 'tell') return delays.tell();
      if (kind === 'write')
        return void delays.add(world.write(tag, (tags) => delays.told().then(() => cache.bump(tags))));
      await delays.add(writers.transact(cache, tag, kind as (typeof fates)[number]));
      if (kind === 'diesAfter') delays.died();
    };
    const play = async (script: readonly Step[]): Promise<void> => {
      for (const next of script) await act(next);
    };
    // Of strict reads only their own property speaks; here `acked` writes are told late to them too.
    await scheduler.waitFor(Promise.all(clients.map((script) => play(script).catch(ignoreOlderStrict))));
    delays.tell();
    await scheduler.waitFor(Promise.all(caches.map((cache) => cache.close())));
    if (wolves.length > 0) throw new Error('cried wolf');
  });
}

function ignoreOlderStrict(error: unknown): void {
  if (!String(error).includes('was there before')) throw error;
}

/** A cache whose hits do not say how old they are. */
function timeless(cache: Cache): Cache {
  const nowhere = { generation: 'any', seq: 0 };
  return {
    ...cache,
    async read(request) {
      const { value, outcome } = await cache.read(request);
      return { value, outcome: outcome.asOf ? { ...outcome, asOf: nowhere } : outcome };
    },
  };
}

describe('the shadow verifier', () => {
  it('never calls an entry stale while every write is told of in time, whoever writes, dies and forgets meanwhile', async () => {
    const totals: Record<string, number> = {};
    await fc.assert(verdictsAreTrue(totals), { numRuns });
    expect(totals['same']).toBeGreaterThan(0);
    expect(totals['overtaken']).toBeGreaterThan(0);
    expect(totals['stale']).toBeUndefined();
  }, 600_000);

  it.each<Fault>(['doesNotWait', 'doesNotLookAgain'])(
    'is caught crying wolf when it %s',
    async (fault) => {
      const { failed, errorInstance } = await fc.check(verdictsAreTrue({}, fault), {
        numRuns: runsUntilCaughtMax,
        endOnFailure: true,
      });
      expect(failed).toBe(true);
      expect(String(errorInstance)).toContain('cried wolf');
    },
    600_000,
  );
});
