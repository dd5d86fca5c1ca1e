import { describe, expect, it } from 'vitest';
import { deferred } from './cache.fixtures.js';
import { counter, withLibrary } from './library.fixtures.js';
import type { LibraryFixture } from './library.fixtures.js';
import { describeAliases, describeKeys, describeTenants, describeWarming } from './library-scopes.contract.js';

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

  it('shows what was set or refreshed last, also where a copy of the entry before is kept', () =>
    withLibrary(create(), async (open) => {
      const [mine, other] = [open(), open()];
      await mine.getOrSet('k', () => 'old');
      expect(await mine.get('k')).toBe('old');
      await other.set('k', 'new', { since: await other.now() });
      expect(await mine.get('k')).toBe('new');
      await other.refresh('k', () => 'newest');
      expect([await mine.get('k'), await other.get('k')]).toEqual(['newest', 'newest']);
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
