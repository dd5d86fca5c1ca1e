import { expect, it } from 'vitest';
import type { Store } from '../../src/cache/index.js';
import { eventually } from './cache.fixtures.js';
import type { StoreFixture } from './cache.fixtures.js';

/** What operators ask of a store: which entries there are, how large, and to drop some. */
export function describeOperations(create: () => StoreFixture): void {
  it('lists the entries that match a pattern, as many as asked for, and never a control key', () =>
    withStore(create(), async (store, prefix) => {
      const keys = ['user:1', 'user:2', 'user:10', 'escrow:1', 'odd[1]*', 'odd1'].map((name) => `${prefix}:e:${name}`);
      for (const key of keys) await store.put(key, 'x', 60_000);
      await store.bump(['user:1']);
      const found = async (pattern: string, limit = 100) =>
        (await store.scan(`${prefix}:e:${pattern}`, limit)).map((key) => key.slice(prefix.length + 3)).toSorted();
      expect(await found('*')).toEqual(['escrow:1', 'odd1', 'odd[1]*', 'user:1', 'user:10', 'user:2']);
      expect(await found('user:*')).toEqual(['user:1', 'user:10', 'user:2']);
      expect(await found('user:?')).toEqual(['user:1', 'user:2']);
      expect(await found('user:[2-9]')).toEqual(['user:2']);
      expect(await found('user:[^2]')).toEqual(['user:1']);
      expect(await found(String.raw`odd\[1\]\*`)).toEqual(['odd[1]*']);
      expect(await found('user:*', 2)).toHaveLength(2);
      expect(await found('user:*', 0)).toEqual([]);
      expect((await store.scan('*', 10_000)).filter((key) => key.includes('t:user:1'))).toEqual([]);
    }));

  it('lists each of many entries once', () =>
    withStore(create(), async (store, prefix) => {
      const keys = Array.from({ length: 3000 }, (_, index) => `${prefix}:e:${index}`);
      await Promise.all(keys.map((key) => store.put(key, 'x', 60_000)));
      expect((await store.scan(`${prefix}:e:*`, 5000)).toSorted()).toEqual(keys.toSorted());
      expect(await store.unlink(keys)).toBe(3000);
      expect(await store.scan(`${prefix}:e:*`, 5000)).toEqual([]);
    }));

  it('removes the entries named and says how many there were', () =>
    withStore(create(), async (store, prefix) => {
      for (const name of ['a', 'b', 'c']) await store.put(`${prefix}:e:${name}`, 'x', 60_000);
      expect(await store.unlink([`${prefix}:e:a`, `${prefix}:e:c`, `${prefix}:e:absent`])).toBe(2);
      expect(await store.unlink([])).toBe(0);
      expect(await store.scan(`${prefix}:e:*`, 10)).toEqual([`${prefix}:e:b`]);
    }));

  it('tells size and time to live of the entries that are there', () =>
    withStore(create(), async (store, prefix) => {
      const [small, large] = [`${prefix}:e:small`, `${prefix}:e:large`];
      await store.put(small, 'x', 60_000);
      await store.put(large, 'x'.repeat(1000), 5_000);
      const infos = await store.inspect([large, `${prefix}:e:absent`, small]);
      expect(infos.map(({ key }) => key)).toEqual([large, small]);
      const [first, second] = infos;
      expect(first?.ttlMs).toBeGreaterThan(0);
      expect(first?.ttlMs).toBeLessThanOrEqual(5_000);
      expect(first?.bytes).toBeGreaterThanOrEqual(1000 + large.length);
      expect(second?.bytes).toBeLessThan(first?.bytes ?? 0);
    }));
}

async function withStore(fixture: StoreFixture, body: (store: Store, prefix: string) => Promise<void>): Promise<void> {
  const store = fixture.open();
  let isUp = false;
  store.connect({ up: () => void (isUp = true), down() {} });
  try {
    await eventually(() => isUp);
    await store.handshake('connected');
    await body(store, fixture.prefix);
  } finally {
    await store.close();
  }
}
