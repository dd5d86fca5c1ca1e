import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCacheSet, createMemoryStore } from '../../src/cache/index.js';
import type { Cache, CacheSet, ReadRequest } from '../../src/cache/index.js';
import { createRemoteStore, createWorld, items } from './cache-world.js';

/**
 * Three processes with two stores each: `default` and the alias `session` with one of its own. Every request and reply takes
 * its turn, and each process may lose and find each of its connections. Nobody keeps an outbox but the sets themselves.
 */
const numRuns = Number(process.env['CACHE_PROPERTY_RUNS'] ?? 250);

const where = { set: fc.nat({ max: 1 }), alias: fc.constantFrom('default', 'session') };
const key = fc.constantFrom(...items, ...(['list', 'list'] as const));
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('read', 'by-hand'), ...where, key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write'), ...where, key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear'), ...where, key }) },
);
const scripts = fc.array(fc.array(step, { minLength: 2, maxLength: 6 }), { minLength: 2, maxLength: 4 });
const outageStep = fc.oneof(
  { weight: 8, arbitrary: step },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'join'), ...where, key }) },
);
const outageScripts = fc.array(fc.array(outageStep, { minLength: 2, maxLength: 8 }), { minLength: 2, maxLength: 4 });

interface Breakage {
  /** What `get`, `now`, `set` do when they are wrong: the time is asked for after the value was read. */
  readonly asksTheTimeAfterwards?: boolean;
  /** A bump that only reaches the store of `default`. */
  readonly bumpsOneStore?: boolean;
}

/** Reads as a program does that gets, computes and sets by hand. */
function byHand(set: CacheSet, alias: string, { asksTheTimeAfterwards = false }: Breakage): Cache {
  const { engine } = set.alias(alias);
  return {
    ...set,
    async read<V>(request: ReadRequest<V>) {
      const found = await set.read<V>({ ...request, alias, isPeek: true });
      if (found.value !== undefined) return found;
      const before = await engine.moment();
      const value = await request.load();
      const since = asksTheTimeAfterwards ? await engine.moment() : before;
      await set.put({ ...request, alias }, since, value);
      return { value, outcome: found.outcome };
    },
  };
}

const through = (set: CacheSet, alias: string): Cache => ({
  ...set,
  read: (request) => set.read({ ...request, alias }),
});

type Step = {
  readonly kind: string;
  readonly set: number;
  readonly alias: string;
  readonly key: (typeof items)[number] | 'list';
};
const totals = { hits: 0, joins: 0, bypasses: 0 };

function play(processes: number, clients: fc.Arbitrary<Step[][]>, breakage: Breakage = {}) {
  return fc.asyncProperty(fc.scheduler(), clients, async (scheduler, all) => {
    const world = createWorld(scheduler);
    const stores = { default: createMemoryStore({ tagsMax: 3 }), session: createMemoryStore({ tagsMax: 3 }) };
    const members = Array.from({ length: processes }, () => {
      const main = createRemoteStore(stores.default, world.turn);
      const own = createRemoteStore(stores.session, world.turn);
      const aliases = { session: { store: own }, reports: {} };
      const timing = { retryMsMax: 60_000, settleMs: 0, hintsMax: 2, nearBytesMax: 2 ** 20 };
      const set = createCacheSet({ store: main, aliases, prefix: 'test', ...timing });
      return { set, links: { default: main, session: own } };
    });
    const run = async (script: readonly Step[]): Promise<void> => {
      for (const { kind, set: index, alias, key: tag } of script) {
        const { set, links } = members[index % processes]!;
        const bump = breakage.bumpsOneStore ? set.alias('default').engine.bump : set.bump;
        const link = links[alias as keyof typeof links];
        if (kind === 'read') await world.read(through(set, alias), tag, false);
        else if (kind === 'by-hand') await world.read(byHand(set, alias, breakage), tag, false);
        else if (kind === 'write') await world.write(tag, (tags) => bump(tags).catch(() => undefined));
        else if (kind === 'clear') await set.control.clear({ alias }).catch(() => undefined);
        else if (kind === 'cut') link.cut();
        else link.join();
      }
    };
    await scheduler.waitFor(Promise.all(all.map(run)));
    for (const { set, links } of members) {
      const { hits, joins, bypasses } = set.stats();
      totals.hits += hits;
      totals.joins += joins;
      totals.bypasses += bypasses;
      for (const link of Object.values(links)) link.cut();
      await scheduler.waitFor(set.close());
    }
  });
}

describe('a read of any alias, through the cache or by get, now and set', () => {
  it('never shows what was loaded before an invalidation, in whatever process and store it landed', async () => {
    await fc.assert(play(2, scripts), { numRuns });
    expect(totals.hits).toBeGreaterThan(0);
    expect(totals.joins).toBeGreaterThan(0);
  }, 600_000);

  it('holds in a process that loses one store or the other, with no outbox but its memory', async () => {
    await fc.assert(play(1, outageScripts), { numRuns });
    expect(totals.bypasses).toBeGreaterThan(0);
  }, 600_000);

  it.each<[string, Breakage]>([
    ['the time is asked for after the value was read', { asksTheTimeAfterwards: true }],
    ['a bump reaches one store only', { bumpsOneStore: true }],
  ])(
    'would be caught if %s',
    async (_, breakage) => {
      const details = await fc.check(play(2, scripts, breakage), { numRuns: 2000, seed: 7, endOnFailure: true });
      expect(details.failed).toBe(true);
      expect(String((details as { errorInstance?: unknown }).errorInstance)).toMatch(
        /shows .* at \d+, \d+ was there before/,
      );
    },
    600_000,
  );
});
