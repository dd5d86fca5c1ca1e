import { expect, it } from 'vitest';
import { deferred, eventsOf, heldLoad, neverLoads, readOf, value, withCaches } from './cache.fixtures.js';
import type { StoreFixture } from './cache.fixtures.js';

/** Who runs a load, who shares it, and what a failed one leaves behind. */
export function describeLoads(create: () => StoreFixture): void {
  it('runs one load for many readers of one key', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const slow = heldLoad<string>();
      const leader = cache.read(readOf(slow.load));
      await slow.begun;
      const others = Array.from({ length: 20 }, () => cache.read(readOf(slow.load)));
      // A look of the same cache that began after theirs has ended, so theirs have ended as well.
      await cache.health();
      slow.finish('one');
      const answers = await Promise.all([leader, ...others]);
      expect(slow.count()).toBe(1);
      expect(answers.map((answer) => answer.value)).toEqual(Array.from({ length: 21 }, () => 'one'));
      expect(answers.slice(1).every((answer) => answer.outcome.kind === 'join' || answer.outcome.kind === 'hit')).toBe(
        true,
      );
    }));

  it('fails those who joined a failed load, and nobody after them', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const failures = eventsOf(cache, 'load-failed');
      const slow = heldLoad<string>();
      const leader = cache.read(readOf(slow.load));
      await slow.begun;
      const joiner = cache.read(readOf(slow.load));
      await cache.health();
      slow.fail(new Error('no database'));
      await expect(leader).rejects.toThrow('no database');
      await expect(joiner).rejects.toThrow('no database');
      expect(slow.count()).toBe(1);
      expect(failures).toHaveLength(1);
      expect((await cache.read(readOf(value('well')))).outcome).toMatchObject({ kind: 'miss', reason: 'cold' });
    }));

  it('runs no more loads at once than allowed', () =>
    withCaches(create(), async (open) => {
      const cache = open({ loadsMax: 2 });
      const gate = deferred();
      const full = deferred();
      let [running, most] = [0, 0];
      const load = async (): Promise<string> => {
        running += 1;
        most = Math.max(most, running);
        if (running === 2) full.resolve();
        await gate.promise;
        running -= 1;
        return 'done';
      };
      const reads = ['a', 'b', 'c', 'd', 'e'].map((key) => cache.read(readOf(load, { key })));
      await full.promise;
      await cache.health();
      gate.resolve();
      await Promise.all(reads);
      expect(most).toBe(2);
    }));

  it('never waits for a turn inside a load', () =>
    withCaches(create(), async (open) => {
      const cache = open({ loadsMax: 1 });
      const inner = (key: string) => async () => (await cache.read(readOf(value(key), { key }))).value;
      const [a, b] = await Promise.all([
        cache.read(readOf(inner('inner-a'), { key: 'a' })),
        cache.read(readOf(inner('inner-b'), { key: 'b' })),
      ]);
      expect([a.value, b.value]).toEqual(['inner-a', 'inner-b']);
    }));

  it.each([
    ['', {}],
    [' past the cache', { bypass: 'demoted' as const }],
  ])('never lets a load wait for one that waits for its turn%s', (_, past) =>
    withCaches(create(), async (open) => {
      const cache = open({ loadsMax: 1 });
      const inner = readOf(value('inner'), { key: 'inner', tags: ['inner'], ...past });
      const begun = deferred();
      const goesOn = deferred();
      const outer = cache.read(
        readOf(async () => {
          begun.resolve();
          await goesOn.promise;
          return (await cache.read(inner)).value;
        }),
      );
      await begun.promise;
      const queued = cache.read(inner);
      // By the third round trip what it looked for has come back, and it waits for the turn that the outer load has.
      for (let trips = 0; trips < 3; trips += 1) await cache.bump(['unrelated']);
      goesOn.resolve();
      expect((await outer).value).toBe('inner');
      expect((await queued).value).toBe('inner');
    }),
  );

  it('fails a load that reads its own key instead of letting it wait for itself', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const own = async (): Promise<string> => (await cache.read(readOf(value('inner')))).value;
      await expect(cache.read(readOf(own))).rejects.toThrow('reads its own key');
    }));

  it('goes past the store when the time to live is zero', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      for (const fresh of [1, 2]) {
        const answer = await cache.read(readOf(value(fresh), { ttlMs: 0 }));
        expect(answer).toMatchObject({ value: fresh, outcome: { kind: 'bypass', reason: 'ttl-zero' } });
      }
    }));

  it('counts reads by outcome and type, and loads that failed', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value('v')));
      await cache.read(readOf(neverLoads));
      await cache.read(readOf(value('v'), { type: 'bank', key: 'bank', ttlMs: 0 }));
      await expect(cache.read(readOf(neverLoads, { key: 'other' }))).rejects.toThrow('without its load');
      await cache.bump(['errand:1']);
      const { types, ...totals } = cache.stats();
      expect(totals).toEqual({ reads: 3, hits: 1, misses: 1, joins: 0, bypasses: 1, bumps: 1, errors: 1 });
      expect(types['bank']).toMatchObject({ reads: 1, bypasses: 1 });
    }));

  it('answers although an observer throws, and tells the others', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      cache.on(() => {
        throw new Error('a faulty observer, on purpose');
      });
      const seen = eventsOf(cache, 'read');
      expect((await cache.read(readOf(value('v')))).value).toBe('v');
      expect(seen).toHaveLength(1);
    }));

  it('answers from loads and rejects bumps once closed', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value('v')));
      await cache.close();
      expect((await cache.read(readOf(value('new')))).outcome).toMatchObject({
        kind: 'bypass',
        reason: 'store-unavailable',
      });
      await expect(cache.bump(['t'])).rejects.toMatchObject({ name: 'CacheUnavailable' });
      expect((await cache.health()).ok).toBe(false);
    }));

  it('is healthy and says what it runs on', () =>
    withCaches(create(), async (open) => {
      expect(await open().health()).toMatchObject({ ok: true, state: 'ready' });
    }));
}
