import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCache } from '../../src/cache/index.js';
import type { Cache } from '../../src/cache/index.js';
import { createRemoteStore, createWorld, items } from './cache-world.js';
import { createForgetfulStore, createWriters, fates, type Fault } from './cache-writers.js';

const numRuns = Number(process.env['CACHE_PROPERTY_RUNS'] ?? 250);
/** A wrong way is found sooner or later: within so many runs. */
const runsUntilCaughtMax = 20_000;
/** Where the search for what is rare begins, so that it is short while the code is as it is; else it goes on all the same. */
const seeds: Partial<Readonly<Record<Fault, number>>> = { reapsAsRolledBack: 2, forgetsTagsBeforeTheFloorRises: 3 };
const key = fc.constantFrom(...items, ...(['list', 'list', 'list'] as const));
const place = { cache: fc.nat({ max: 2 }), key };
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), ...place }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom(...fates, 'answered' as const), ...place }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('reap', 'forget', 'clear', 'truncate', 'truncateAndDie'), ...place }),
  },
);
/** What each of several clients does, one after the other. */
const scripts = fc.array(fc.array(step, { minLength: 2, maxLength: 7 }), { minLength: 2, maxLength: 4 });

interface Totals {
  hits: number;
  joins: number;
  bypasses: number;
}

function strictness(totals: Totals, fault?: Fault) {
  return fc.asyncProperty(fc.scheduler(), scripts, async (scheduler, clients) => {
    const world = createWorld(scheduler);
    const writers = createWriters(world, fault);
    const store = createForgetfulStore(fault);
    const { settled } = writers;
    const caches = [0, 4_000, 2 ** 20].map((nearBytesMax) =>
      createCache({
        store: createRemoteStore(store, world.turn),
        prefix: 'test',
        loadsMax: 3,
        hintsMax: 2,
        settled,
        nearBytesMax,
      }),
    );
    const play = async (script: (typeof clients)[number]): Promise<void> => {
      for (const { kind, cache: index, key: tag } of script) {
        const cache = caches[index] as Cache;
        if (kind === 'read') await world.read(cache, tag, false, 'strict');
        else if (kind === 'reap') await writers.reap(cache);
        else if (kind === 'clear') await cache.clearAll();
        else if (kind === 'forget') store.forget();
        else if (kind === 'truncate') await writers.truncate(cache, 'answered');
        else if (kind === 'truncateAndDie') await writers.truncate(cache, 'diesAfter');
        else await writers.transact(cache, tag, kind);
      }
    };
    await scheduler.waitFor(Promise.all(clients.map(play)));
    for (const cache of caches) {
      const { hits, joins, bypasses } = cache.stats();
      totals.hits += hits;
      totals.joins += joins;
      totals.bypasses += bypasses;
    }
    await scheduler.waitFor(Promise.all(caches.map((cache) => cache.close())));
  });
}

describe('a strict read', () => {
  it('never shows a row older than was committed before it began, whoever dies and whatever the store forgets', async () => {
    const totals = { hits: 0, joins: 0, bypasses: 0 };
    await fc.assert(strictness(totals), { numRuns });
    expect(Math.min(totals.hits, totals.joins, totals.bypasses)).toBeGreaterThan(0);
  }, 600_000);

  it.each<Fault>([
    'announcesAfterCommit',
    'endsWithoutBump',
    'ignoresAnnouncements',
    'reapsAsRolledBack',
    'forgetsTagsBeforeTheFloorRises',
    'forgetsTagsWithoutAFloor',
    'truncatesOneRowOnly',
  ])(
    'is caught falling behind when one part %s',
    async (fault) => {
      const totals = { hits: 0, joins: 0, bypasses: 0 };
      const { failed, errorInstance } = await fc.check(strictness(totals, fault), {
        numRuns: runsUntilCaughtMax,
        endOnFailure: true,
        ...(seeds[fault] !== undefined && { seed: seeds[fault] }),
      });
      expect(failed).toBe(true);
      expect(String(errorInstance)).toContain('was there before');
    },
    600_000,
  );
});
