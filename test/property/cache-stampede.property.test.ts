import * as fc from 'fast-check';
import type { Scheduler } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCache } from '../../src/cache/index.js';
import type { Cache, Negative, Store } from '../../src/cache/index.js';
import { asReader, createBlindStore, transience } from './cache-blind.js';
import type { Blindness } from './cache-blind.js';
import { Absence, createRemoteStore, createWorld, items } from './cache-world.js';
import type { Shown } from './cache-world.js';
import { createForgetfulStore, createWriters, fates } from './cache-writers.js';

const numRuns = Number(process.env['CACHE_PROPERTY_RUNS'] ?? 250);
/** A wrong way is found sooner or later: within so many runs. */
const runsUntilCaughtMax = 20_000;
const key = fc.constantFrom(...items, 'list' as const, 'list' as const);
const place = { cache: fc.nat({ max: 2 }), key };
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('read' as const), ...place }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('fail' as const), ...place }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write' as const), ...place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom(...fates, 'answered' as const), ...place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('age', 'outlive'), ...place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('reap', 'forget', 'clear'), ...place }) },
);
/** What each of several clients does, one after the other. */
const scripts = fc.array(fc.array(step, { minLength: 2, maxLength: 8 }), { minLength: 2, maxLength: 4 });

const ttlMs = 60_000;
const negative: Negative = {
  ttlMs,
  capture: (error) => (error instanceof Absence ? JSON.stringify(error.shown) : undefined),
  revive: (note) => new Absence(JSON.parse(note) as Shown),
};

interface Totals {
  waits: number;
  refreshes: number;
  standIns: number;
  absences: number;
}

/** The times of one run: both move only when told. */
function createTimes(turn: () => Promise<void>) {
  let wallMs = 1_700_000_000_000;
  let monotonicMs = 0;
  return {
    now: (): number => wallMs,
    /** Past the soft time to live; past the hard one. */
    age: (): void => void (wallMs += 0.6 * ttlMs),
    outlive: (): void => void (wallMs += 1.1 * ttlMs),
    timing: {
      nowMs: (): number => monotonicMs,
      async pause(ms: number) {
        monotonicMs += ms;
        await turn();
      },
    },
  };
}

/** One world in which everything that spares loads is on. */
function createHouse(scheduler: Scheduler, totals: Totals, fault?: Blindness) {
  const world = createWorld(scheduler);
  const writers = createWriters(world);
  const times = createTimes(world.turn);
  const store = createForgetfulStore();
  const open = (): Cache =>
    createCache({
      store: counting(createBlindStore(createRemoteStore(store, world.turn), fault), totals),
      prefix: 'test',
      loadsMax: 3,
      hintsMax: 2,
      settled: writers.settled,
      leaseWaitMsMax: 200,
      now: times.now,
      timing: times.timing,
      random: () => 0.5,
    });
  const caches = [0, 1, 2].map(open);
  for (const cache of caches)
    cache.on((event) => {
      if (event.kind !== 'read') return;
      totals.refreshes += event.outcome.refresh ? 1 : 0;
      totals.standIns += event.outcome.reason === 'stale-if-error' ? 1 : 0;
      totals.absences += event.outcome.isAbsent ? 1 : 0;
    });
  const keeping = { softTtlMs: ttlMs / 2, staleIfErrorMs: 10 * ttlMs, negative, ...transience(fault) };
  return { world, writers, times, store, caches, keeping };
}

function counting(store: Store, totals: Totals): Store {
  const standing = (entryKey: string) => {
    totals.waits += 1;
    return store.leases.standing(entryKey);
  };
  return { ...store, leases: { ...store.leases, standing } };
}

function freshness(tier: 'strict' | 'acked', totals: Totals, fault?: Blindness) {
  return fc.asyncProperty(fc.scheduler(), scripts, async (scheduler, clients) => {
    const { world, writers, times, store, caches, keeping } = createHouse(scheduler, totals, fault);
    const play = async (script: (typeof clients)[number]): Promise<void> => {
      for (const { kind, cache: index, key: tag } of script) {
        const cache = caches[index] as Cache;
        if (kind === 'read' || kind === 'fail')
          await asReader(() => world.read(cache, tag, kind === 'fail', tier, keeping));
        else if (kind === 'age' || kind === 'outlive') times[kind]();
        else if (kind === 'reap') await writers.reap(cache);
        else if (kind === 'clear') await cache.clearAll();
        else if (kind === 'forget') store.forget();
        else if (kind !== 'write') await writers.transact(cache, tag, kind);
        // A write that announces nothing is one of acked values.
        else if (tier === 'acked') await world.write(tag, (tags) => cache.bump(tags));
        else await writers.transact(cache, tag, 'answered');
      }
    };
    await scheduler.waitFor(Promise.all(clients.map(play)));
    await scheduler.waitFor(Promise.all(caches.map((cache) => cache.close())));
  });
}

const none = (): Totals => ({ waits: 0, refreshes: 0, standIns: 0, absences: 0 });

describe('waiting for others, refreshing, standing in and remembering absences', () => {
  it.each(['strict', 'acked'] as const)(
    'never make a read of tier %s show a row older than its guarantee, in any order of events',
    async (tier) => {
      const totals = none();
      await fc.assert(freshness(tier, totals), { numRuns });
      for (const [what, count] of Object.entries(totals)) expect(count, what).toBeGreaterThan(0);
    },
    600_000,
  );

  it.each<Blindness>(['standsInUnseen', 'waiterTakesUnseen'])(
    'are caught showing old rows when one part %s',
    async (fault) => {
      const { failed, errorInstance } = await fc.check(freshness('acked', none(), fault), {
        numRuns: runsUntilCaughtMax,
        endOnFailure: true,
      });
      expect(failed).toBe(true);
      expect(String(errorInstance)).toContain('was there before');
    },
    600_000,
  );
});
