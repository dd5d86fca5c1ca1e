import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCache, createMemoryStore, typeTag } from '../../src/cache/index.js';
import type { Cache, CacheStats } from '../../src/cache/index.js';
import { createRemoteStore, createWorld, items } from './cache-world.js';
import type { Tag } from './cache-world.js';

/** The list more often than a row: only its value names the rows it shows. */
const key = fc.constantFrom(...items, ...(['list', 'list', 'list'] as const));
const cacheIndex = fc.nat({ max: 2 });

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), cache: cacheIndex, key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write' as const), cache: cacheIndex, key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('fail', 'clear', 'clear-type'), cache: cacheIndex, key }) },
);
/** What each of several clients does, one after the other. */
const scripts = fc.array(fc.array(step, { minLength: 2, maxLength: 6 }), { minLength: 2, maxLength: 4 });

const outageStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'join'), key }) },
);
const outageScripts = fc.array(fc.array(outageStep, { minLength: 2, maxLength: 8 }), { minLength: 2, maxLength: 4 });

/** One that keeps nothing near, one with room for a few entries, one with room for all. */
const nears = [0, 4_000, 2 ** 20];
const numRuns = Number(process.env['CACHE_PROPERTY_RUNS'] ?? 250);
const totals = { hits: 0, joins: 0, misses: 0, bypasses: 0 };
const count = ({ hits, joins, misses, bypasses }: CacheStats): void => {
  totals.hits += hits;
  totals.joins += joins;
  totals.misses += misses;
  totals.bypasses += bypasses;
};

describe('a read that began after a bump resolved', () => {
  it('never shows what was loaded before that bump, in any cache on the store and any order of events', async () => {
    const run = fc.asyncProperty(fc.scheduler(), scripts, async (scheduler, clients) => {
      const world = createWorld(scheduler);
      const store = createMemoryStore({ tagsMax: 3 });
      const caches = nears.map((nearBytesMax) =>
        createCache({
          store: createRemoteStore(store, world.turn),
          prefix: 'test',
          loadsMax: 3,
          hintsMax: 2,
          nearBytesMax,
        }),
      );
      const play = async (script: (typeof clients)[number]): Promise<void> => {
        for (const { kind, cache: index, key: tag } of script) {
          const cache = caches[index] as Cache;
          if (kind === 'read' || kind === 'fail') await world.read(cache, tag, kind === 'fail');
          else if (kind === 'write') await world.write(tag, (tags) => cache.bump(tags));
          else if (kind === 'clear') await cache.clearAll();
          else await cache.bump([typeTag('row')]);
        }
      };
      await scheduler.waitFor(Promise.all(clients.map(play)));
      for (const cache of caches) count(cache.stats());
      await scheduler.waitFor(Promise.all(caches.map((cache) => cache.close())));
    });
    await fc.assert(run, { numRuns });
    expect(totals.hits).toBeGreaterThan(0);
    expect(totals.joins).toBeGreaterThan(0);
  }, 600_000);

  it('holds through lost requests, lost replies and reconnects when the replay bumps what was not acknowledged', async () => {
    Object.assign(totals, { hits: 0, joins: 0, misses: 0, bypasses: 0 });
    const run = fc.asyncProperty(fc.scheduler(), outageScripts, async (scheduler, clients) => {
      const world = createWorld(scheduler);
      const remote = createRemoteStore(createMemoryStore(), world.turn);
      const outbox: Tag[] = [];
      const replay = async (): Promise<void> => {
        for (const tag of new Set(outbox.splice(0))) await cache.bump([tag]).catch(() => outbox.push(tag));
        if (outbox.length > 0) throw new Error('not all bumped');
      };
      const cache = createCache({
        store: remote,
        prefix: 'test',
        replay,
        retryMsMax: 60_000,
        settleMs: 0,
        nearBytesMax: 2 ** 20,
      });
      const play = async (script: (typeof clients)[number]): Promise<void> => {
        for (const { kind, key: tag } of script) {
          if (kind === 'read') await world.read(cache, tag, false);
          else if (kind === 'write')
            await world.write(tag, (tags) => cache.bump(tags).catch(() => void outbox.push(...(tags as Tag[]))));
          else if (kind === 'cut') remote.cut();
          else remote.join();
        }
      };
      await scheduler.waitFor(Promise.all(clients.map(play)));
      count(cache.stats());
      remote.cut();
      await scheduler.waitFor(cache.close());
    });
    await fc.assert(run, { numRuns });
    expect(totals.hits).toBeGreaterThan(0);
    expect(totals.bypasses).toBeGreaterThan(0);
  }, 600_000);
});
