import { expect, it } from 'vitest';
import { counter, withLibrary } from './library.fixtures.js';
import type { LibraryFixture } from './library.fixtures.js';

export function describeTenants(create: () => LibraryFixture): void {
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

export function describeAliases(create: () => LibraryFixture): void {
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

export function describeKeys(create: () => LibraryFixture): void {
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

export function describeWarming(create: () => LibraryFixture): void {
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
