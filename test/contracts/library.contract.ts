import { describe, expect, it } from 'vitest';
import { deferred } from './cache.fixtures.js';
import { counter, withLibrary } from './library.fixtures.js';
import type { LibraryFixture } from './library.fixtures.js';

/** What the library face keeps on every store. @param create called once per test; its state starts empty */
export function describeLibraryContract(name: string, create: () => LibraryFixture): void {
  describe(`library face on the ${name} store`, () => {
    describeValues(create);
    if (create().keeps) {
      describeSet(create);
      describeRemoval(create);
      describeTenants(create);
      describeAliases(create);
      describeKeys(create);
    } else describeNothingKept(create);
    describeWarming(create);
  });
}

function describeValues(create: () => LibraryFixture): void {
  it('answers with what was loaded, of the same types', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      const rich = { at: new Date(5), minor: 7n, rows: [null, 0, ''] };
      for (let times = 0; times < 2; times += 1) expect(await cache.getOrSet('k', () => rich)).toStrictEqual(rich);
    }));

  it('rejects with what the load threw, and keeps nothing of it', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      const failure = new Error('the database is away');
      await expect(cache.getOrSet('k', () => Promise.reject(failure))).rejects.toBe(failure);
      expect(await cache.getOrSet('k', () => 'fine')).toBe('fine');
    }));

  it('runs an invalidation, a deletion and a clearing without an error', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      await cache.invalidate('a', 'b');
      await cache.invalidate();
      await cache.delete('k');
      await cache.clear();
      await cache.clearAll();
      expect(await cache.clearPattern('*')).toBe(0);
      expect((await cache.health())['default']).toMatchObject({ ok: true });
    }));
}

function describeNothingKept(create: () => LibraryFixture): void {
  it('loads at every call, finds nothing, and says that nothing was kept', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      const { load } = counter();
      expect([await cache.getOrSet('k', load), await cache.getOrSet('k', load)]).toEqual([1, 2]);
      expect(await cache.set('k', 'v', { since: await cache.now() })).toBe(false);
      expect(await cache.get('k')).toBeUndefined();
      expect(await cache.keys('*')).toEqual([]);
    }));
}

function describeSet(create: () => LibraryFixture): void {
  it.each([null, 0, '', false, []])('finds %j again, which is no miss', (stored) =>
    withLibrary(create(), async (open) => {
      const cache = open();
      expect(await cache.get('k')).toBeUndefined();
      expect(await cache.set('k', stored, { since: await cache.now() })).toBe(true);
      expect(await cache.get('k')).toEqual(stored);
      expect(await cache.getOrSet('k', () => Promise.reject(new Error('must not load')))).toEqual(stored);
    }),
  );

  it('never shows a value that an invalidation in another process overtook before it was set', () =>
    withLibrary(create(), async (open) => {
      const [mine, other] = [open(), open()];
      const since = await mine.now();
      await other.invalidate('user:1');
      expect(await mine.set('k', 'computed before', { since, tags: ['user:1'] })).toBe(true);
      expect(await mine.get('k')).toBeUndefined();
      expect(await other.getOrSet('k', () => 'after', { tags: ['user:1'] })).toBe('after');
    }));

  it('never shows a value set with a time from before a deletion or a clearing', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      for (const spoil of [() => cache.delete('k'), () => cache.clear(), () => cache.clearAll()]) {
        const since = await cache.now();
        await spoil();
        await cache.set('k', 'computed before', { since });
        expect(await cache.get('k')).toBeUndefined();
      }
    }));

  it('counts the time to live of a set value from its moment', async () => {
    const fixture = create();
    await withLibrary(fixture, async (open) => {
      const cache = open();
      const since = await cache.now();
      await fixture.pass(300);
      expect(await cache.set('k', 'v', { since, ttlMs: 200 })).toBe(false);
      expect(await cache.set('k', 'v', { since, ttlMs: 60_000 })).toBe(true);
      expect(await cache.get('k')).toBe('v');
    });
  });

  it('gets an entry for as long as its own time to live, whatever the alias says', async () => {
    const fixture = create();
    await withLibrary(fixture, async (open) => {
      const cache = open({ aliases: { default: { ttlMs: 100 } } });
      await cache.getOrSet('k', () => 'v', { ttlMs: 60_000 });
      await fixture.pass(150);
      expect(await cache.get('k')).toBe('v');
    });
  });

  it('does not hand a reader that looks to one that loads, nor the other way round', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      const slow = deferred<string>();
      const begun = deferred();
      const loading = cache.getOrSet('k', () => {
        begun.resolve();
        return slow.promise;
      });
      await begun.promise;
      expect(await cache.get('k')).toBeUndefined();
      slow.resolve('v');
      expect(await loading).toBe('v');
      expect(await cache.get('k')).toBe('v');
    }));

  it('refreshes whatever is stored, and does not keep what a write overtook meanwhile', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      await cache.getOrSet('k', () => 'old');
      expect(await cache.refresh('k', () => 'new')).toBe('new');
      expect(await cache.get('k')).toBe('new');
      const load = async (): Promise<string> => {
        await cache.invalidate('row');
        return 'read before the write';
      };
      expect(await cache.refresh('k', load, { tags: ['row'] })).toBe('read before the write');
      expect(await cache.get('k')).toBeUndefined();
    }));
}

function describeRemoval(create: () => LibraryFixture): void {
  it('makes entries with a tag invalid in another process, and no others', () =>
    withLibrary(create(), async (open) => {
      const [mine, other] = [open(), open()];
      await mine.getOrSet('a', () => 1, { tags: ['x'] });
      await mine.getOrSet('b', () => 2, { tagsFound: (value) => [`row:${value}`] });
      await mine.getOrSet('c', () => 3);
      await other.invalidate('x', 'row:2');
      expect([await mine.get('a'), await mine.get('b'), await mine.get('c')]).toEqual([undefined, undefined, 3]);
    }));

  it.each(['acked', 'ttl'] as const)('deletes an entry of the %s tier, with the load of it that is under way', (tier) =>
    withLibrary(create(), async (open) => {
      const [mine, other] = [open(), open()];
      await mine.getOrSet('k', () => 'stored', { tier });
      await other.delete('k');
      expect(await mine.get('k', { tier })).toBeUndefined();
      const slow = deferred<string>();
      const begun = deferred();
      const loading = mine.getOrSet('k', () => (begun.resolve(), slow.promise), { tier });
      await begun.promise;
      await other.delete('k');
      slow.resolve('read before the deletion');
      await loading;
      expect(await mine.get('k', { tier })).toBeUndefined();
    }),
  );

  it('spoils what the rows of a model name, before and after', () =>
    withLibrary(create(), async (open) => {
      const cache = open({ models: { Errand: (row: { owner: string }) => [`errands:${row.owner}`] } });
      await cache.getOrSet('a', () => 1, { tags: ['errands:ada'] });
      await cache.getOrSet('b', () => 2, { tags: ['errands:bola'] });
      await cache.getOrSet('c', () => 3, { tags: ['errands:chi'] });
      await cache.invalidateModel('Errand', { owner: 'ada' } as never, { owner: 'bola' } as never);
      expect([await cache.get('a'), await cache.get('b'), await cache.get('c')]).toEqual([undefined, undefined, 3]);
      await expect(cache.invalidateModel('Erand')).rejects.toMatchObject({
        name: 'InvalidCacheOption',
        option: 'model',
      });
    }));

  it('removes what matches a pattern from every process, counts it, and leaves the rest', () =>
    withLibrary(create(), async (open) => {
      const [mine, other] = [open(), open()];
      for (const key of ['report:1', 'report:2', 'user:1']) {
        await mine.getOrSet(key, () => key);
        await mine.get(key);
      }
      expect(await other.clearPattern('report:*')).toBe(2);
      expect(await mine.get('report:1')).toBeUndefined();
      expect(await mine.get('user:1')).toBe('user:1');
      expect(await other.clearPattern('report:*')).toBe(0);
    }));
}

function describeTenants(create: () => LibraryFixture): void {
  it('keeps keys, tags and clearing of one tenant from another, and from the rest', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      const [lagos, abuja] = [cache.tenant('lagos'), cache.tenant('abu:ja')];
      for (const [handle, value] of [
        [cache, 'all'],
        [lagos, 'l'],
        [abuja, 'a'],
      ] as const)
        expect(await handle.getOrSet('k', () => value, { tags: ['rows'] })).toBe(value);
      await lagos.invalidate('rows');
      expect([await cache.get('k'), await lagos.get('k'), await abuja.get('k')]).toEqual(['all', undefined, 'a']);
      await abuja.clear();
      expect([await cache.get('k'), await abuja.get('k')]).toEqual(['all', undefined]);
      await lagos.getOrSet('k', () => 'l');
      expect(await abuja.clearPattern('*')).toBe(1);
      expect(await lagos.get('k')).toBe('l');
    }));

  it('reaches no tenant by a key of that spelling', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      await cache.tenant('lagos').getOrSet('k', () => 'private');
      await expect(cache.get('t:lagos:k')).rejects.toMatchObject({ name: 'InvalidCacheKey' });
      await expect(cache.tenant('la').get('gos:k')).resolves.toBeUndefined();
      expect(() => cache.tenant('lagos').tenant('abuja')).toThrow('tenant: got');
    }));

  it('lets an entry of a tenant depend on tags that are not its own', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      const lagos = cache.tenant('lagos');
      await lagos.getOrSet('k', () => 'v', { sharedTags: ['rates'] });
      await cache.invalidate('rates');
      expect(await lagos.get('k')).toBeUndefined();
    }));

  it('clears a tenant in one alias or in all of them', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      const [here, there] = [cache.tenant('lagos'), cache.alias('reports').tenant('lagos')];
      const fill = async (): Promise<void> => {
        await here.getOrSet('k', () => 1);
        await there.getOrSet('k', () => 2);
        await cache.alias('reports').getOrSet('k', () => 3);
      };
      const seen = async () => [await here.get('k'), await there.get('k'), await cache.alias('reports').get('k')];
      await fill();
      await cache.control.clear({ tenant: 'lagos', alias: 'reports' });
      expect(await seen()).toEqual([1, undefined, 3]);
      await fill();
      await cache.control.clear({ tenant: 'lagos' });
      expect(await seen()).toEqual([undefined, undefined, 3]);
      await fill();
      await cache.control.clear({ tenant: 'lagos', type: 'reports' });
      expect(await seen()).toEqual([1, undefined, 3]);
    }));
}

function describeAliases(create: () => LibraryFixture): void {
  it('keeps aliases on one store apart, and clears one with everything of it', () =>
    withLibrary(create(), async (open) => {
      const [mine, other] = [open(), open()];
      await mine.getOrSet('k', () => 'default');
      await mine.alias('reports').getOrSet('k', () => 'reports', { tier: 'ttl' });
      await mine.alias('api').getOrSet('k', () => 'api');
      expect(await mine.alias('reports').get('k', { tier: 'ttl' })).toBe('reports');
      await other.control.clear({ alias: 'reports' });
      expect(await mine.alias('reports').get('k', { tier: 'ttl' })).toBeUndefined();
      expect([await mine.get('k'), await mine.alias('api').get('k')]).toEqual(['default', 'api']);
      expect(() => mine.alias('report')).toThrow('takes one of default, session, reports');
    }));

  it('lives as long as its alias says', async () => {
    const fixture = create();
    await withLibrary(fixture, async (open) => {
      const cache = open({ aliases: { default: { ttlMs: 60_000 }, api: { ttlMs: 200 } } });
      const { load } = counter();
      await cache.alias('api').getOrSet('k', load);
      await fixture.pass(250);
      expect(await cache.alias('api').getOrSet('k', load)).toBe(2);
    });
  });

  it('counts per alias and as a whole', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      await cache.getOrSet('k', () => 1);
      await cache.getOrSet('k', () => 1);
      await cache.alias('reports').getOrSet('k', () => 1);
      await cache
        .alias('reports')
        .getOrSet('bad', () => Promise.reject(new Error('no')))
        .catch(() => undefined);
      const { reads, hits, aliases } = cache.stats();
      expect({ reads, hits }).toEqual({ reads: 3, hits: 1 });
      expect(aliases['default']).toMatchObject({ reads: 2, hits: 1, misses: 1, errors: 0 });
      expect(aliases['reports']).toMatchObject({ reads: 1, hits: 0, errors: 1 });
      expect(aliases['api']).toMatchObject({ reads: 0 });
    }));

  it('makes everything invalid at once', () =>
    withLibrary(create(), async (open) => {
      const [mine, other] = [open(), open()];
      await mine.getOrSet('k', () => 1, { tier: 'ttl' });
      await mine
        .alias('reports')
        .tenant('lagos')
        .getOrSet('k', () => 1);
      await other.clearAll();
      expect(await mine.get('k', { tier: 'ttl' })).toBeUndefined();
      expect(await mine.alias('reports').tenant('lagos').get('k')).toBeUndefined();
    }));
}

function describeKeys(create: () => LibraryFixture): void {
  it('lists keys by pattern as the program named them, with what is left of their time', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      await cache.getOrSet('report:1', () => 1);
      await cache.getOrSet('report:[2]', () => 1, { ttlMs: 5000 });
      await cache.alias('api').getOrSet('report:3', () => 1);
      await cache.tenant('lagos').getOrSet('report:4', () => 1);
      const names = (found: readonly { key: string }[]) => found.map(({ key }) => key).toSorted();
      expect(names(await cache.keys('report:*'))).toEqual(['report:1', 'report:[2]']);
      const [two] = await cache.keys(String.raw`report:\[2\]`);
      expect(two).toMatchObject({ key: 'report:[2]', alias: 'default' });
      expect(two!.ttlMs).toBeGreaterThan(0);
      expect(two!.ttlMs).toBeLessThanOrEqual(5000);
      expect(two!.bytes).toBeGreaterThan(20);
      expect(await cache.tenant('lagos').keys('*')).toMatchObject([{ key: 'report:4' }]);
      expect(names(await cache.control.keys('*', { limit: 10 }))).toEqual([
        'report:1',
        'report:3',
        'report:[2]',
        't:lagos:report:4',
      ]);
      expect(await cache.control.keys('*', { limit: 2 })).toHaveLength(2);
      await expect(cache.keys('*', 0)).rejects.toThrow('limit: got 0; takes a whole number from 1 to 10000');
      await expect(cache.keys('')).rejects.toThrow('pattern: got');
    }));
}

function describeWarming(create: () => LibraryFixture): void {
  it('warms what it is given, a few at a time, and goes on after a failure', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      const failure = new Error('no such row');
      let [running, peak] = [0, 0];
      const load = async (key: string): Promise<string> => {
        peak = Math.max(peak, (running += 1));
        await cache.now();
        running -= 1;
        if (key === 'k3') throw failure;
        return key;
      };
      const keys = Array.from({ length: 12 }, (_, index) => `k${index}`);
      const seen: number[] = [];
      const result = await cache.warmUp(
        keys.map((key) => ({ key, load: () => load(key) })),
        { concurrency: 3, onProgress: ({ done, total }) => seen.push(done / (total ?? 0)) },
      );
      expect(result).toEqual({ done: 12, failures: [{ key: 'k3', error: failure }] });
      expect(seen).toEqual(keys.map((_, index) => (index + 1) / 12));
      expect(peak).toBe(3);
    }));

  it('takes entries from a generator as it needs them', () =>
    withLibrary(create(), async (open) => {
      const cache = open();
      async function* entries() {
        for (let at = 0; at < 5; at += 1) yield { key: `k${at}`, load: () => at };
      }
      expect(await cache.warmUp(entries(), { concurrency: 2 })).toEqual({ done: 5, failures: [] });
    }));
}
