import * as fc from 'fast-check';
import type { Scheduler } from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCache } from '../../src/cache/index.js';
import type { Cache, Position } from '../../src/cache/index.js';
import type * as nearModule from '../../src/cache/near.js';
import type * as nearReadModule from '../../src/cache/near-read.js';
import { createLaggingStores } from './cache-lagging.js';
import { createRemoteStore, createWorld, items } from './cache-world.js';
import type { How, Tag, Versions, World } from './cache-world.js';
import { createForgetfulStore } from './cache-writers.js';

/** Ways to do it wrong, each of which a property must notice. */
type Fault = 'hitsWithoutAsking' | 'stampsWithTheReply' | 'ignoresFloorsWithinBound' | 'ignoresFloors';
const present = vi.hoisted(() => ({ fault: undefined as Fault | undefined, hitsWithinBound: 0 }));

vi.mock('../../src/cache/near.js', async (original) => {
  const real = await original<typeof nearModule>();
  const createNear: typeof real.createNear = (options) => {
    const near = real.createNear(options);
    if (present.fault !== 'stampsWithTheReply') return near;
    const revalidated: typeof near.revalidated = (kept) => near.revalidated(kept, near.stamp());
    const keep: typeof near.keep = (entryKey, entry) => near.keep(entryKey, entry, near.stamp());
    return { ...near, revalidated, keep };
  };
  return { ...real, createNear };
});

vi.mock('../../src/cache/near-read.js', async (original) => {
  const real = await original<typeof nearReadModule>();
  const createNearRead: typeof real.createNearRead = (deps) => {
    const nearRead = real.createNearRead(deps);
    const withoutFloor: typeof nearRead.withinBound = (visit) => {
      const { floor, ...request } = visit.request;
      return nearRead.withinBound(floor ? { ...visit, request } : visit);
    };
    const withoutAsking: typeof nearRead.look = async (visit) => {
      const kept = deps.near.find(visit.entryKey);
      const control = {
        generation: kept?.entry.generation,
        held: false,
        fenced: false,
        seq: kept?.entry.s0 ?? 0,
        tags: [],
      };
      return kept && { kind: 'hit', kept, control, lookedAt: deps.near.stamp() };
    };
    const withinBound: typeof nearRead.withinBound = (visit) => {
      const kept = present.fault === 'ignoresFloorsWithinBound' ? withoutFloor(visit) : nearRead.withinBound(visit);
      present.hitsWithinBound += kept ? 1 : 0;
      return kept;
    };
    return { look: present.fault === 'hitsWithoutAsking' ? withoutAsking : nearRead.look, withinBound };
  };
  return { ...real, createNearRead };
});

const numRuns = Number(process.env['CACHE_PROPERTY_RUNS'] ?? 250);
/** A wrong way is found sooner or later: within so many runs. */
const runsUntilCaughtMax = 20_000;
/** Short beside the time a look takes, so that which end of a look counts makes a difference. */
const boundMs = 12;
const msPerTurn = 3;

const key = fc.constantFrom(...items, ...(['list', 'list'] as const));
const place = { cache: fc.nat({ max: 2 }), key };
const scriptsOf = <Step>(step: fc.Arbitrary<Step>) =>
  fc.array(fc.array(step, { minLength: 2, maxLength: 8 }), { minLength: 2, maxLength: 4 });

/** A world whose turns take time by a clock of its own. */
function createTimedWorld(scheduler: Scheduler) {
  const clock = { ms: 0 };
  const world = createWorld({
    ...scheduler,
    schedule: (task) => {
      clock.ms += msPerTurn;
      return scheduler.schedule(task);
    },
  });
  return { world, clock };
}

interface Layers {
  near: number;
  store: number;
}

function countLayers(cache: Cache, layers: Layers): void {
  cache.on((event) => {
    if (event.kind === 'read' && event.outcome.layer) layers[event.outcome.layer] += 1;
  });
}

const boundedStep = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('bounded', 'bounded', 'acked'), ...place }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write'), ...place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('wait', 'clear', 'forget', 'fail'), ...place }) },
);

/** What had been answered by when. */
function createHistory(world: World, clock: { readonly ms: number }) {
  const moments: { readonly ms: number; readonly answered: Versions }[] = [{ ms: 0, answered: { ...world.answered } }];
  return {
    note: () => void moments.push({ ms: clock.ms, answered: { ...world.answered } }),
    asOf: (ms: number): Versions =>
      moments.findLast((moment) => moment.ms <= ms)?.answered ?? (moments[0]?.answered as Versions),
  };
}

function boundedness(layers: Layers) {
  return fc.asyncProperty(fc.scheduler(), scriptsOf(boundedStep), async (scheduler, clients) => {
    const { world, clock } = createTimedWorld(scheduler);
    const history = createHistory(world, clock);
    const store = createForgetfulStore();
    const caches = [4_000, 2 ** 20, 2 ** 20].map((nearBytesMax) =>
      createCache({
        store: { ...createRemoteStore(store, world.turn), kind: 'redis' },
        prefix: 'test',
        nearBytesMax,
        monotonicNow: () => clock.ms,
      }),
    );
    for (const cache of caches) countLayers(cache, layers);
    const play = async (script: (typeof clients)[number]): Promise<void> => {
      for (const { kind, cache: index, key: tag } of script) {
        const cache = caches[index] as Cache;
        if (kind === 'acked') await world.read(cache, tag, false);
        else if (kind === 'write') await world.write(tag, (tags) => cache.bump(tags)).then(history.note);
        else if (kind === 'clear') await cache.clearAll();
        else if (kind === 'forget') store.forget();
        else if (kind === 'wait') clock.ms += msPerTurn;
        else {
          const how: How = { tier: 'bounded', boundMs, isFrozen: tag === 'a', fails: kind === 'fail' };
          await world.readAtLeast(history.asOf(clock.ms - boundMs), cache, tag, how);
        }
      }
    };
    await scheduler.waitFor(Promise.all(clients.map(play)));
    await scheduler.waitFor(Promise.all(caches.map((cache) => cache.close())));
  });
}

const flooredStep = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('acked', 'bounded', 'ttl', 'strict'), ...place }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write'), ...place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('replicate', 'clear'), ...place }) },
);

/** Clients who carry the position of their last write to whatever node they ask next, one of them behind a stale replica. */
function readsOwnWrites(layers: Layers) {
  return fc.asyncProperty(fc.scheduler(), scriptsOf(flooredStep), async (scheduler, clients) => {
    const { world, clock } = createTimedWorld(scheduler);
    const { primary, replica, replicate } = createLaggingStores();
    const caches = [primary, primary, replica].map((store) =>
      createCache({
        store: { ...createRemoteStore(store, world.turn), kind: 'redis' },
        prefix: 'test',
        nearBytesMax: 2 ** 20,
        monotonicNow: () => clock.ms,
      }),
    );
    for (const cache of caches) countLayers(cache, layers);
    const play = async (script: (typeof clients)[number]): Promise<void> => {
      const own: Partial<Record<Tag, number>> = {};
      let floor: Position | undefined;
      for (const { kind, cache: index, key: tag } of script) {
        const writer = caches[index % 2] as Cache;
        if (kind === 'write') {
          await world.write(tag, async (tags) => {
            own[tag] = world.versions[tag];
            await writer.bump(tags);
          });
          floor = writer.position();
        } else if (kind === 'clear') await writer.clearAll();
        else if (kind === 'replicate') await replicate();
        else {
          const expected = { a: 0, b: 0, c: 0, list: 0, ...own };
          const given = present.fault === 'ignoresFloors' ? undefined : floor;
          const how: How = { tier: kind as How['tier'], boundMs: 10_000, ...(given && { floor: given }) };
          await world.readAtLeast(expected, caches[index] as Cache, tag, how);
        }
      }
    };
    await scheduler.waitFor(Promise.all(clients.map(play)));
    await scheduler.waitFor(Promise.all(caches.map((cache) => cache.close())));
  });
}

const caught = async (property: fc.IAsyncProperty<unknown>): Promise<string | undefined> => {
  const { failed, errorInstance } = await fc.check(property, { numRuns: runsUntilCaughtMax, endOnFailure: true });
  return failed ? String(errorInstance) : undefined;
};

afterEach(() => void (present.fault = undefined));

describe('a bounded read', () => {
  it('never shows a row older than was answered its bound before it began, whatever the store forgets', async () => {
    const layers = { near: 0, store: 0 };
    present.hitsWithinBound = 0;
    await fc.assert(boundedness(layers), { numRuns });
    expect(Math.min(present.hitsWithinBound, layers.near - present.hitsWithinBound, layers.store)).toBeGreaterThan(0);
  }, 600_000);

  it.each<Fault>(['hitsWithoutAsking', 'stampsWithTheReply'])(
    'is caught falling behind when the near store %s',
    async (fault) => {
      present.fault = fault;
      expect(await caught(boundedness({ near: 0, store: 0 }))).toContain('was there before');
    },
    600_000,
  );
});

describe('a read with the floor of a write', () => {
  it('shows that write on every node, of whatever type, also from a replica that has not heard of it', async () => {
    const layers = { near: 0, store: 0 };
    await fc.assert(readsOwnWrites(layers), { numRuns });
    expect(Math.min(layers.near, layers.store)).toBeGreaterThan(0);
  }, 600_000);

  it.each<Fault>(['ignoresFloorsWithinBound', 'ignoresFloors', 'hitsWithoutAsking'])(
    'is caught falling behind when it %s',
    async (fault) => {
      present.fault = fault;
      expect(await caught(readsOwnWrites({ near: 0, store: 0 }))).toContain('was there before');
    },
    600_000,
  );
});
