import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, it } from 'vitest';
import type { Cache, CacheOptions } from '../../src/cache/index.js';
import { deferred, eventsOf, eventually, heldLoad, neverLoads, readOf, value, withCaches } from './cache.fixtures.js';
import type { StoreFixture } from './cache.fixtures.js';

const soft = { softTtlMs: 20_000 };
const isTransient = (error: unknown): boolean => String(error).includes('no database');
const grace = { staleIfErrorMs: 60_000, isTransient };
const away = (): Promise<never> => Promise.reject(new Error('no database'));

/** A clock for one test; the entries of the store live by their own. */
function createTimes() {
  const time = { wallMs: Date.now(), monotonicMs: 0 };
  const options: Partial<CacheOptions> = {
    now: () => time.wallMs,
    timing: { nowMs: () => time.monotonicMs, pause: () => new Promise((resolve) => setImmediate(resolve)) },
    jitter: 0,
  };
  const pass = (ms: number): void => {
    time.wallMs += ms;
    time.monotonicMs += ms;
  };
  return { options, pass };
}

/** Reads until the refresh has been stored. */
const shows = (cache: Cache, expected: string): Promise<void> =>
  eventually(async () => (await cache.read(readOf(neverLoads))).value === expected);

/** What keeps being shown while it is loaded anew, or when it cannot be. */
export function describeRefreshes(create: () => StoreFixture): void {
  it('answers at once from an entry past its soft time to live, and loads it anew once in the background', () =>
    withCaches(create(), async (open) => {
      const { options, pass } = createTimes();
      const [cache, other] = [open(options), open(options)];
      await cache.read(readOf(value('old'), soft));
      pass(19_000);
      expect((await cache.read(readOf(neverLoads, soft))).outcome.refresh).toBeUndefined();
      pass(1000);
      const slow = heldLoad<string>();
      const first = await cache.read(readOf(slow.load, soft));
      expect(first).toMatchObject({ value: 'old', outcome: { kind: 'hit', refresh: 'started' } });
      await slow.begun;
      for (const reader of [cache, other])
        expect((await reader.read(readOf(neverLoads, soft))).value, 'while it is loaded').toBe('old');
      slow.finish('new');
      await shows(cache, 'new');
      expect((await other.read(readOf(neverLoads))).value).toBe('new');
    }));

  it('never shows what a background load brought when a bump landed after it began', () =>
    withCaches(create(), async (open) => {
      const { options, pass } = createTimes();
      const cache = open(options);
      await cache.read(readOf(value('old'), soft));
      pass(20_000);
      const slow = heldLoad<string>();
      await cache.read(readOf(slow.load, soft));
      await slow.begun;
      await cache.bump(['errand:1']);
      const late = cache.read(readOf(value('new'), soft));
      expect((await late).value).toBe('new');
      slow.finish('stale');
      expect((await cache.read(readOf(value('new')))).value).toBe('new');
    }));

  it('goes on with hits when a background load fails, tells of it, and does not try again at once', () =>
    withCaches(create(), async (open) => {
      const { options, pass } = createTimes();
      const cache = open(options);
      const failures = eventsOf(cache, 'load-failed');
      await cache.read(readOf(value('old'), soft));
      pass(20_000);
      await cache.read(readOf(away, soft));
      await eventually(() => failures.length === 1);
      await cache.health();
      expect((await cache.read(readOf(neverLoads, soft))).outcome).toMatchObject({ kind: 'hit' });
      expect(failures).toHaveLength(1);
      pass(1000);
      expect((await cache.read(readOf(value('new'), soft))).outcome.refresh).toBe('started');
      await shows(cache, 'new');
    }));

  it('runs background loads outside the request that started them, and waits for them when it closes', () =>
    withCaches(create(), async (open) => {
      const { options, pass } = createTimes();
      const cache = open({ ...options, loadsMax: 1 });
      const request = new AsyncLocalStorage<string>();
      await cache.read(readOf(value('old'), soft));
      pass(20_000);
      const [begun, gate] = [deferred<string | undefined>(), deferred<string>()];
      const load = async (): Promise<string> => {
        begun.resolve(request.getStore());
        return gate.promise;
      };
      await request.run('a request', () => cache.read(readOf(load, soft)));
      expect(await begun.promise).toBeUndefined();
      let isClosed = false;
      const closing = cache.close().then(() => (isClosed = true));
      await new Promise((resolve) => setImmediate(resolve));
      expect(isClosed).toBe(false);
      gate.resolve('new');
      await closing;
    }));

  it('loads anew before the end what took long, the likelier the nearer the end, and never when switched off', () =>
    withCaches(create(), async (open) => {
      const { options, pass } = createTimes();
      // -ln(1 - random) is 1: an entry is due as long before its end as its load took.
      const unlucky = { ...options, random: () => 1 - 1 / Math.E };
      const caches = { eager: open(unlucky), off: open({ ...unlucky, earlyRefreshBeta: 0 }) };
      const costly = async (): Promise<string> => (pass(5000), 'v');
      for (const [name, cache] of Object.entries(caches)) {
        const key = { key: name, ttlMs: 60_000 };
        await cache.read(readOf(costly, key));
        pass(49_000);
        expect((await cache.read(readOf(neverLoads, key))).outcome.refresh).toBeUndefined();
        pass(1000);
        const { outcome } = await cache.read(readOf(value('new'), key));
        expect(outcome.refresh).toBe(name === 'eager' ? 'started' : undefined);
      }
    }));

  it('shortens times to live at random, never lengthens them, shows them, and takes those under ten seconds at their word', () =>
    withCaches(create(), async (open) => {
      const { options, pass } = createTimes();
      const cache = open({ ...options, jitter: 0.1, random: () => 0.5, earlyRefreshBeta: 0 });
      expect((await cache.read(readOf(value('v'), { ttlMs: 20_000 }))).outcome.ttlMs).toBe(19_000);
      pass(18_999);
      expect((await cache.read(readOf(neverLoads, { ttlMs: 20_000 }))).outcome.ttlMs).toBe(1);
      pass(1);
      expect((await cache.read(readOf(value('w'), { ttlMs: 20_000 }))).value).toBe('w');
      const brief = { key: 'brief', ttlMs: 9000 };
      expect((await cache.read(readOf(value('v'), brief))).outcome.ttlMs).toBe(9000);
    }));

  it('lets an entry past its time to live stand in for a load that failed, also for those who joined it', () =>
    withCaches(create(), async (open) => {
      const { options, pass } = createTimes();
      const cache = open(options);
      const request = { ...grace, ttlMs: 10_000 };
      await cache.read(readOf(value('old'), request));
      pass(10_000);
      const slow = heldLoad<string>();
      const reads = [cache.read(readOf(slow.load, request)), cache.read(readOf(slow.load, request))];
      await slow.begun;
      await cache.health();
      slow.fail(new Error('no database'));
      for (const answer of await Promise.all(reads))
        expect(answer).toMatchObject({ value: 'old', outcome: { kind: 'hit', reason: 'stale-if-error', ttlMs: 0 } });
      pass(60_000);
      await expect(cache.read(readOf(away, request))).rejects.toThrow('no database');
    }));

  it.each([
    ['a tag of it has moved', {}, async (cache: Cache) => cache.bump(['errand:1'])],
    ['a change of it is announced', {}, async (cache: Cache) => cache.begin('w', ['errand:1'])],
    ['everything was cleared', {}, async (cache: Cache) => cache.clearAll()],
    ['the source said no', { isTransient: () => false }, async () => {}],
    ['the type promises nothing but its time to live', { tier: 'ttl' as const }, async () => {}],
  ])('lets nothing stand in when %s, even while the load was under way', (_, more, meanwhile) =>
    withCaches(create(), async (open) => {
      const { options, pass } = createTimes();
      const cache = open(options);
      const request = { ...grace, ttlMs: 10_000, ...more };
      await cache.read(readOf(value('old'), request));
      pass(10_000);
      const slow = heldLoad<string>();
      const read = cache.read(readOf(slow.load, request));
      await slow.begun;
      await meanwhile(cache);
      slow.fail(new Error('no database'));
      await expect(read).rejects.toThrow('no database');
    }),
  );
}
