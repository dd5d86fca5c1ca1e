import { expect, it } from 'vitest';
import { eventsOf, eventually, heldLoad, neverLoads, readOf, value, withCaches } from './cache.fixtures.js';
import type { StoreFixture } from './cache.fixtures.js';

/** What is kept, for whom, and what damaged entries do. */
export function describeEntries(create: () => StoreFixture): void {
  it.each([null, [], 0, false, '', Number.NaN])('caches %j', (stored) =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value<unknown>(stored)));
      expect(await cache.read(readOf<unknown>(neverLoads))).toMatchObject({ value: stored, outcome: { kind: 'hit' } });
    }),
  );

  it('does not cache undefined', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value<unknown>(undefined)));
      expect((await cache.read(readOf(value<unknown>('found')))).value).toBe('found');
    }));

  it('gives back dates, big integers, bytes, maps and sets as they were', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const rich = {
        at: new Date(5),
        minor: 7n,
        bytes: new Uint8Array([1, 2]),
        map: new Map([[1n, new Set(['x'])]]),
        gone: undefined,
      };
      await cache.read(readOf(value<unknown>(rich)));
      expect((await cache.read(readOf<unknown>(neverLoads))).value).toStrictEqual(rich);
    }));

  it('gives back instances of a registered type', () =>
    withCaches(create(), async (open) => {
      const type = {
        name: 'url',
        test: (it: unknown) => it instanceof URL,
        encode: String,
        decode: (text: string) => new URL(text),
      };
      const cache = open({ registerTypes: [type] });
      await cache.read(readOf(value({ site: new URL('https://example.org/a') })));
      const { value: back } = await cache.read(readOf<{ site: URL }>(neverLoads));
      expect(back.site).toBeInstanceOf(URL);
      expect(back.site.href).toBe('https://example.org/a');
    }));

  it('returns a value it cannot store as it is, and says so', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const refused = eventsOf(cache, 'not-stored');
      const live = { run: () => 'works' };
      const answer = await cache.read(readOf(value(live)));
      expect(answer.value).toBe(live);
      expect(answer.outcome).toMatchObject({ kind: 'bypass', reason: 'unserializable' });
      expect(refused).toMatchObject([{ why: 'unserializable', key: 'errand:1' }]);
      expect((await cache.read(readOf(value('next')))).outcome.reason).toBe('cold');
    }));

  it('does not store what is larger than allowed, and says so', () =>
    withCaches(create(), async (open) => {
      const cache = open({ entryLengthMax: 1000 });
      const refused = eventsOf(cache, 'not-stored');
      await cache.read(readOf(value('x'.repeat(1000))));
      expect(refused).toMatchObject([{ why: 'too-large' }]);
      expect((await cache.read(readOf(value('small')))).outcome.reason).toBe('cold');
    }));

  it('keeps what readers do to their values from each other', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const slow = heldLoad<{ tags: string[] }>();
      const leader = cache.read(readOf(slow.load)).then(({ value: mine }) => mine.tags.push('leader'));
      await slow.begun;
      const joiner = cache.read(readOf(slow.load));
      await cache.health();
      slow.finish({ tags: [] });
      await leader;
      const joined = (await joiner).value;
      expect(joined.tags).toEqual([]);
      joined.tags.push('joiner');
      const hit = (await cache.read(readOf<{ tags: string[] }>(neverLoads))).value;
      expect(hit.tags).toEqual([]);
      hit.tags.push('hit');
      expect((await cache.read(readOf<{ tags: string[] }>(neverLoads))).value.tags).toEqual([]);
    }));

  it.each([
    ['identity', { identity: '{"page":1}' }, { identity: '{"page":2}' }],
    ['tenant', { tenant: 'lagos' }, { tenant: 'abuja' }],
    ['type', { type: 'errand' }, { type: 'escrow' }],
  ])('never answers from an entry of another %s under the same key', (_, mine, theirs) =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value('mine'), mine));
      const other = await cache.read(readOf(value('theirs'), theirs));
      expect(other).toMatchObject({ value: 'theirs', outcome: { kind: 'miss', reason: 'identity' } });
      expect((await cache.read(readOf(neverLoads, theirs))).value).toBe('theirs');
    }),
  );

  it('never joins a load of another identity under the same key', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const slow = heldLoad<string>();
      const first = cache.read(readOf(slow.load, { identity: 'a' }));
      await slow.begun;
      expect((await cache.read(readOf(value('b'), { identity: 'b' }))).value).toBe('b');
      slow.finish('a');
      expect((await first).value).toBe('a');
    }));

  it.each([
    ['foreign', () => 'not one of ours'],
    ['empty', () => ''],
    ['of another version', (entry: string) => `E9${entry.slice(2)}`],
    ['cut short', (entry: string) => entry.slice(0, -3)],
    ['cut to its head', (entry: string) => entry.slice(0, 12)],
    ['changed in its value', (entry: string) => entry.replace('genuine', 'genuinE')],
    ['changed in its head', (entry: string) => entry.replace('errand:1', 'errand:2')],
  ])('takes an entry that is %s for a miss, says so once, and replaces it', (_, damage) => {
    const fixture = create();
    return withCaches(fixture, async (open) => {
      // A near store would not read what stands in the store.
      const cache = open({ nearBytesMax: 0 });
      const store = fixture.open();
      const entryKey = `${fixture.prefix}:e:errand:1`;
      store.connect({ up() {}, down() {} });
      const corrupt = eventsOf(cache, 'corrupt');
      // Servers that are still being found keep nothing.
      let entry = '';
      await eventually(async () => {
        await cache.read(readOf(value('genuine')));
        ({ entry = '' } = await ready(() => store.look(entryKey, [])));
        return entry !== '';
      }, 30_000);
      await store.put(entryKey, damage(entry), 60_000);
      expect(await cache.read(readOf(value('again')))).toMatchObject({
        value: 'again',
        outcome: { kind: 'miss', reason: 'corrupt' },
      });
      expect(corrupt).toHaveLength(1);
      expect((await cache.read(readOf(neverLoads))).outcome.kind).toBe('hit');
      await store.close();
    });
  });
}

/** The store is used bare here, so its connection may still be under way. */
async function ready<T>(command: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 45_000;
  for (;;) {
    try {
      return await command();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
