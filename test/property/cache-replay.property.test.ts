import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCache, createMemoryStore, type Cache, type Position } from '../../src/cache/index.js';
import { createRemoteStore, createWorld, items, type Tag, type Versions } from './cache-world.js';

const key = fc.constantFrom(...items, 'list' as const);
const step = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant('read' as const) },
    { weight: 1, arbitrary: fc.constant('write' as const) },
    // Commits, and its process ends before it tells anybody.
    { weight: 2, arbitrary: fc.constant('lost' as const) },
    { weight: 2, arbitrary: fc.constant('replay' as const) },
    { weight: 2, arbitrary: fc.constant('readAtFloor' as const) },
  ),
  cache: fc.nat({ max: 2 }),
  key,
});
/** What each of several clients does, one after the other. */
const scripts = fc.array(fc.array(step, { minLength: 2, maxLength: 7 }), { minLength: 2, maxLength: 4 });
const nears = [0, 4_000, 2 ** 20];
const numRuns = Number(process.env['CACHE_PROPERTY_RUNS'] ?? 250);

/** What a client was told with the answer to a replay, and what had been committed of its row by then. */
interface Floor {
  readonly position: Position;
  readonly expected: Versions;
}

/** @param tells what a replay does before it is answered */
async function play(
  scheduler: fc.Scheduler,
  clients: readonly (readonly { kind: string; cache: number; key: Tag }[])[],
  tells: (cache: Cache, tags: readonly Tag[]) => Promise<void>,
): Promise<{ readonly hits: number; readonly floored: number }> {
  const world = createWorld(scheduler);
  const store = createMemoryStore({ tagsMax: 3 });
  const open = (nearBytesMax: number): Cache =>
    createCache({ store: createRemoteStore(store, world.turn), prefix: 'test', nearBytesMax });
  const caches = nears.map(open);
  let floored = 0;

  async function client(script: (typeof clients)[number]): Promise<void> {
    let floor: Floor | undefined;
    for (const { kind, cache: index, key: tag } of script) {
      const cache = caches[index]!;
      if (kind === 'read') await world.read(cache, tag, false);
      else if (kind === 'write') await world.write(tag, (tags) => cache.bump(tags));
      else if (kind === 'lost') world.commit(tag);
      else if (kind === 'replay') {
        const expected = { a: 0, b: 0, c: 0, list: 0, [tag]: world.versions[tag] };
        await world.replay(tag, (tags) => tells(cache, tags));
        const position = cache.position();
        if (position) floor = { position, expected };
      } else if (floor) {
        floored += 1;
        await world.readAtLeast(floor.expected, cache, tag, { tier: 'ttl', floor: floor.position });
      }
    }
  }

  await scheduler.waitFor(Promise.all(clients.map(client)));
  const hits = caches.reduce((sum, cache) => sum + cache.stats().hits, 0);
  await scheduler.waitFor(Promise.all(caches.map((cache) => cache.close())));
  return { hits, floored };
}

describe('a replay of a call that may never have told the caches', () => {
  it('is followed by nothing older, in any cache and any order of events, nor by a read at its floor', async () => {
    const totals = { hits: 0, floored: 0 };
    const run = fc.asyncProperty(fc.scheduler(), scripts, async (scheduler, clients) => {
      const { hits, floored } = await play(scheduler, clients, (cache, tags) => cache.bump(tags));
      totals.hits += hits;
      totals.floored += floored;
    });
    await fc.assert(run, { numRuns });
    expect(totals.hits).toBeGreaterThan(0);
    expect(totals.floored).toBeGreaterThan(0);
  }, 600_000);

  it('is followed by older data, and the property notices, when it only repeats the answer', async () => {
    const run = fc.asyncProperty(fc.scheduler(), scripts, async (scheduler, clients) => {
      await play(scheduler, clients, async () => {});
    });
    const { errorInstance } = await fc.check(run, { numRuns: 2_000 });
    expect(String(errorInstance)).toContain('was there before');
  }, 600_000);
});
