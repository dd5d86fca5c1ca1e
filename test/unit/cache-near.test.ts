import { describe, expect, it } from 'vitest';
import { createCache, createMemoryStore } from '../../src/cache/index.js';
import type { Cache, Store } from '../../src/cache/index.js';
import { createCodec } from '../../src/cache/codec.js';
import type { Entry } from '../../src/cache/entry.js';
import { createNear } from '../../src/cache/near.js';
import { createSpoils } from '../../src/cache/near-spoils.js';
import { deferred, eventually, neverLoads, readOf, value } from '../contracts/cache.fixtures.js';
import { createFaultyStore } from './cache-faulty-store.js';

const bounded = { tier: 'bounded', boundMs: 1000 } as const;

/** A store that looks remote, and counts how it is asked. */
function remote(inner: Store = createMemoryStore()) {
  const asked = { entries: 0, tags: 0 };
  const store: Store = {
    ...inner,
    kind: 'redis',
    look: (entryKey, tags) => ((asked.entries += 1), inner.look(entryKey, tags)),
    lookTags: (tags) => ((asked.tags += 1), inner.lookTags(tags)),
  };
  return { store, asked };
}

const open = (store: Store, tickMs = { now: 0 }): Cache =>
  createCache({ store, prefix: 'test', nearBytesMax: 2 ** 20, monotonicNow: () => tickMs.now, retryMsMax: 60_000 });

describe('the near store', () => {
  it('answers from this process after asking for tags only', async () => {
    const { store, asked } = remote();
    const cache = open(store);
    await cache.read(readOf(value('v')));
    const hit = await cache.read(readOf(neverLoads));
    expect(hit).toMatchObject({ value: 'v', outcome: { kind: 'hit', layer: 'near' } });
    expect(asked).toEqual({ entries: 1, tags: 1 });
  });

  it('looks into the store when its own entry has been spoilt, and finds what another process has put there', async () => {
    const { store } = remote();
    const [mine, theirs] = [open(store), open(store)];
    await mine.read(readOf(value('old')));
    await theirs.bump(['errand:1']);
    await theirs.read(readOf(value('new')));
    expect(await mine.read(readOf(neverLoads))).toMatchObject({ value: 'new', outcome: { layer: 'store' } });
    expect(await mine.read(readOf(neverLoads))).toMatchObject({ value: 'new', outcome: { layer: 'near' } });
  });

  it('does not believe a store whose clock went back behind an entry', async () => {
    const { store } = remote();
    const cache = open(store);
    for (let count = 0; count < 5; count += 1) await cache.bump(['other']);
    await cache.read(readOf(value('old')));
    const lookTags = store.lookTags.bind(store);
    Object.assign(store, { lookTags: async (tags: readonly string[]) => ({ ...(await lookTags(tags)), seq: 2 }) });
    expect((await cache.read(readOf(value('v')))).outcome.layer).toBe('store');
  });

  it.each([
    { isFrozen: false, bytes: 800 },
    { isFrozen: true, bytes: 2000 },
  ])('stays within its bound of bytes, decoded values included: %j', async ({ isFrozen, bytes }) => {
    const cache = createCache({ store: remote().store, prefix: 'test', nearBytesMax: 40_000 });
    const keys = Array.from({ length: 100 }, (_, index) => `key:${index}`);
    for (const key of keys) {
      await cache.read(readOf(value('x'.repeat(400)), { key }));
      await cache.read(readOf(neverLoads, { key, isFrozen }));
    }
    const layers = { near: 0, store: 0 };
    // From the youngest on, so that filling up again pushes out none that is still to be asked for.
    for (const key of keys.toReversed()) {
      const { outcome } = await cache.read(readOf(neverLoads, { key, isFrozen }));
      layers[outcome.layer ?? 'store'] += 1;
    }
    expect(layers.near).toBeGreaterThan(0);
    expect(layers.near * (bytes + 1000)).toBeLessThanOrEqual(40_000);
  });

  it('asks nobody within the bound of a bounded read, and once when it has passed', async () => {
    const { store, asked } = remote();
    const tickMs = { now: 0 };
    const cache = open(store, tickMs);
    await cache.read(readOf(value('v'), bounded));
    for (const at of [0, 500, 999]) {
      tickMs.now = at;
      await cache.read(readOf(neverLoads, bounded));
    }
    expect(asked).toEqual({ entries: 1, tags: 0 });
    for (const at of [1000, 1500, 1999]) {
      tickMs.now = at;
      await cache.read(readOf(neverLoads, bounded));
    }
    expect(asked).toEqual({ entries: 1, tags: 1 });
  });

  it('counts the time the other clock saw when the machine slept and the steady one stood still', async () => {
    const { store, asked } = remote();
    let wallMs = 1_000_000;
    const clocks = { now: () => wallMs, monotonicNow: () => 5 };
    const cache = createCache({ store, prefix: 'test', nearBytesMax: 2 ** 20, ...clocks });
    await cache.read(readOf(value('v'), bounded));
    wallMs -= 50_000;
    await cache.read(readOf(neverLoads, bounded));
    expect(asked.tags).toBe(0);
    wallMs += 51_000;
    await cache.read(readOf(neverLoads, bounded));
    expect(asked.tags).toBe(1);
  });

  it('does not take for looked at what only a ttl reader has fetched', async () => {
    const { store, asked } = remote();
    const [writer, reader] = [open(store), open(store)];
    await writer.read(readOf(value('old')));
    await writer.bump(['errand:1']);
    expect((await reader.read(readOf(neverLoads, { tier: 'ttl' }))).value).toBe('old');
    expect((await reader.read(readOf(neverLoads, { tier: 'ttl' }))).outcome.layer).toBe('near');
    asked.tags = 0;
    expect((await reader.read(readOf(value('new'), bounded))).value).toBe('new');
    expect(asked.tags).toBe(1);
  });

  it('answers bounded reads without a store until their bound has passed', async () => {
    const faulty = createFaultyStore();
    const tickMs = { now: 0 };
    const cache = open({ ...faulty, kind: 'redis' }, tickMs);
    await cache.read(readOf(value('old'), bounded));
    faulty.fail();
    await cache.read(readOf(value('other'), { key: 'other' }));
    tickMs.now = 999;
    expect(await cache.read(readOf(neverLoads, bounded))).toMatchObject({ value: 'old', outcome: { layer: 'near' } });
    expect((await cache.read(readOf(value('v')))).outcome).toMatchObject({ reason: 'store-unavailable' });
    tickMs.now = 1000;
    expect((await cache.read(readOf(value('new'), bounded))).value).toBe('new');
    await cache.close();
  });

  it('shares one frozen object among those who only read it, dates, maps and sets included', async () => {
    const cache = open(remote().store);
    const loaded = { at: new Date(5), map: new Map([['k', { n: 1 }]]), set: new Set([1]), rows: [{ id: 1n }] };
    await cache.read(readOf(value(loaded)));
    const [one, two] = [
      await cache.read(readOf<typeof loaded>(neverLoads, { isFrozen: true })),
      await cache.read(readOf<typeof loaded>(neverLoads, { isFrozen: true })),
    ];
    expect(one.value).toBe(two.value);
    expect(one.value).not.toBe(loaded);
    expect(one.value).toEqual(loaded);
    const writes = [
      () => one.value.rows.push({ id: 2n }),
      () => Object.assign(one.value.rows[0] ?? {}, { id: 2n }),
      () => one.value.at.setTime(6),
      () => one.value.at.setUTCFullYear(2000),
      () => one.value.map.set('k', { n: 2 }),
      () => one.value.map.clear(),
      () => Object.assign(one.value.map.get('k') ?? {}, { n: 2 }),
      () => one.value.set.add(2),
      () => one.value.set.delete(1),
    ];
    for (const write of writes) expect(write).toThrow(TypeError);
    expect(one.value).toEqual(loaded);
  });

  it('gives everybody their own when there are bytes or registered types inside, which cannot be frozen', async () => {
    const type = {
      name: 'url',
      test: (it: unknown) => it instanceof URL,
      encode: String,
      decode: (text: string) => new URL(text),
    };
    const { store } = remote();
    const cache = createCache({ store, prefix: 'test', nearBytesMax: 2 ** 20, registerTypes: [type] });
    const values = [{ bytes: new Uint8Array([1, 2]) }, { site: new URL('https://example.org/') }];
    for (const [index, loaded] of values.entries()) {
      const request = { key: String(index), isFrozen: true };
      await cache.read(readOf(value<unknown>(loaded), request));
      const [one, two] = [
        await cache.read(readOf<unknown>(neverLoads, request)),
        await cache.read(readOf<unknown>(neverLoads, request)),
      ];
      expect(one.value).toEqual(loaded);
      expect(one.value).not.toBe(two.value);
      expect(Object.isFrozen(one.value)).toBe(false);
    }
  });

  it('can store again what it has shared', async () => {
    const cache = open(remote().store);
    const rich = { at: new Date(5), map: new Map([['k', 1]]), set: new Set([1]) };
    await cache.read(readOf(value(rich)));
    const { value: shared } = await cache.read(readOf<typeof rich>(neverLoads, { isFrozen: true }));
    expect((await cache.read(readOf(value(shared), { key: 'again' }))).outcome.kind).toBe('miss');
    expect((await cache.read(readOf<typeof rich>(neverLoads, { key: 'again' }))).value).toStrictEqual(rich);
  });
});

describe('a position', () => {
  it('that a failed bump may be ahead of stays out of reach until the store has been caught up with', async () => {
    const faulty = createFaultyStore();
    const replayed = deferred();
    let fails = false;
    const replay = async (): Promise<void> => {
      if (!fails) return;
      await cache.bump(['other']);
      await replayed.promise;
      await cache.bump(['errand:1']);
    };
    const cache = createCache({ store: faulty, prefix: 'test', replay, retryMsMax: 5, settleMs: 0 });
    await cache.read(readOf(value('old')));
    faulty.fail();
    fails = true;
    await expect(cache.bump(['errand:1'])).rejects.toThrow();
    const before = faulty.sent.bump;
    faulty.mend();
    await eventually(() => faulty.sent.bump > before);
    await cache.bump(['another']);
    expect(cache.position()).toEqual({ generation: '', seq: 0 });
    replayed.resolve();
    await eventually(async () => (await cache.read(readOf(value('new')))).outcome.reason !== 'store-unavailable');
    const floor = cache.position();
    expect(floor?.generation).not.toBe('');
    expect((await cache.read(readOf(neverLoads, { tier: 'ttl', ...(floor && { floor }) }))).value).toBe('new');
    await cache.close();
  });
});

describe('what the near store keeps', () => {
  const near = createNear({ bytesMax: 2 ** 20, codec: createCodec([]), now: () => 0, monotonicNow: () => 0 });
  const entry = (s0: number, loadedAt = 0): Entry => ({
    generation: 'g',
    s0,
    loadedAt,
    type: 't',
    tenant: undefined,
    identity: undefined,
    tags: [],
    ttlMs: 60_000,
    costMs: 1,
    isAbsent: false,
    value: '1p1',
  });

  it('is not replaced by an older one of the same generation, whichever arrives last', () => {
    near.keep('k', entry(5), near.stamp());
    near.keep('k', entry(4), near.stamp());
    expect(near.find('k')?.entry.s0).toBe(5);
    near.keep('k', entry(5, 7), near.stamp());
    near.keep('k', entry(5, 6), near.stamp());
    expect(near.find('k')?.entry.loadedAt).toBe(7);
    near.keep('k', { ...entry(1), generation: 'h' }, near.stamp());
    expect(near.find('k')?.entry.generation).toBe('h');
  });

  it('is not dropped in the place of one that has replaced it', () => {
    const old = near.keep('k2', entry(1), near.stamp());
    near.keep('k2', entry(2), near.stamp());
    near.drop('k2', old);
    expect(near.find('k2')?.entry.s0).toBe(2);
  });
});

describe('a tag this process has spoilt', () => {
  it('counts as spoilt no earlier than it was, also when it has been forgotten', () => {
    const spoils = createSpoils(3);
    spoils.note(['first'], 10);
    for (const [index, tag] of ['a', 'b', 'c'].entries()) spoils.note([tag], 20 + index);
    expect(spoils.isAnySince(['first'], 10)).toBe(true);
    expect(spoils.isAnySince(['first'], 11)).toBe(false);
    expect(spoils.isAnySince(['a', 'never'], 20)).toBe(true);
    expect(spoils.isAnySince(['a'], 21)).toBe(false);
    spoils.noteAll(30);
    expect(spoils.isAnySince([], 30)).toBe(true);
    expect(spoils.isAnySince([], 31)).toBe(false);
  });
});
