import { describe, expect, it } from 'vitest';
import { createCache, createNullStore, EntryRefused } from '../../src/cache/index.js';
import type { Cache, CacheEvent, CacheOptions, Position } from '../../src/cache/index.js';
import { deferred, eventsOf, eventually, heldLoad, neverLoads, readOf, value } from '../contracts/cache.fixtures.js';
import { createFaultyStore } from './cache-faulty-store.js';

const bypassed = { kind: 'bypass', reason: 'store-unavailable' };

function faultyCache(options: Partial<CacheOptions> = {}) {
  const store = createFaultyStore();
  return { store, cache: createCache({ store, prefix: 'test', retryMsMax: 5, settleMs: 0, ...options }) };
}

/** One failing read, so that the engine knows. */
async function lose(cache: Cache): Promise<void> {
  expect((await cache.read(readOf(value('straight')))).outcome).toMatchObject(bypassed);
}

const recovered = (cache: Cache): Promise<void> => eventually(async () => (await cache.health()).ok);

describe('a lost store', () => {
  it('answers reads from their loads and rejects bumps', async () => {
    const { store, cache } = faultyCache();
    store.fail();
    await lose(cache);
    await expect(cache.bump(['errand:1'])).rejects.toMatchObject({ name: 'CacheUnavailable', retryable: true });
    expect(await cache.health()).toMatchObject({ ok: false, state: 'lost', latencyMs: 0 });
    await cache.close();
  });

  it('is not asked again by reads and bumps while it is lost', async () => {
    const { store, cache } = faultyCache();
    store.fail();
    await lose(cache);
    const before = { ...store.sent };
    await Promise.all([
      cache.read(readOf(value('a'))),
      cache.bump(['t']).catch(String),
      cache.clearAll().catch(String),
    ]);
    expect(store.sent).toMatchObject({ look: before.look, bump: before.bump });
    await cache.close();
  });

  it('is announced once when lost and once when back, however many reads notice', async () => {
    const { store, cache } = faultyCache();
    const events: CacheEvent['kind'][] = [];
    cache.on((event) => event.kind !== 'read' && events.push(event.kind));
    store.fail();
    await Promise.all(['a', 'b', 'c'].map((key) => cache.read(readOf(value(key), { key }))));
    store.drop();
    await lose(cache);
    store.mend();
    await recovered(cache);
    expect(events).toEqual(['store-lost', 'store-recovered']);
    await cache.close();
  });

  it('replays before anything is a hit again, and takes the bumps of the replay', async () => {
    const outbox: string[] = [];
    const gate = deferred();
    const { store, cache } = faultyCache({
      replay: async () => {
        if (outbox.length > 0) await gate.promise;
        while (outbox.length > 0) await cache.bump([outbox.shift() ?? '']);
      },
    });
    await cache.read(readOf(value('old')));
    expect((await cache.read(readOf(neverLoads))).outcome.kind).toBe('hit');
    store.fail();
    await cache.bump(['errand:1']).catch(() => outbox.push('errand:1'));
    const handshakes = store.sent.handshake;
    store.mend();
    await eventually(() => store.sent.handshake > handshakes);
    expect((await cache.read(readOf(value('straight')))).outcome).toMatchObject(bypassed);
    gate.resolve();
    await recovered(cache);
    expect(await cache.read(readOf(value('new')))).toMatchObject({ value: 'new', outcome: { reason: 'stale-tag' } });
    await cache.close();
  });

  it('empties the outbox of processes that found the store later than this one, before anything is a hit again', async () => {
    const outbox: string[] = [];
    let replays = 0;
    const { store, cache } = faultyCache({
      settleMs: 50,
      replay: async () => {
        replays += 1;
        while (outbox.length > 0) await cache.bump([outbox.shift() ?? '']);
        // Written by another process right after this one has looked.
        if (replays === 2) outbox.push('errand:1');
      },
    });
    await cache.read(readOf(value('old')));
    store.fail();
    await lose(cache);
    store.mend();
    await recovered(cache);
    expect(replays).toBe(3);
    expect(await cache.read(readOf(value('new')))).toMatchObject({ value: 'new', outcome: { reason: 'stale-tag' } });
    await cache.close();
  });

  it('tells every waiting bump that it failed before the replay begins', async () => {
    const told: string[] = [];
    const { store, cache } = faultyCache({ replay: async () => void told.push('replay') });
    const stuck = deferred<Position>();
    await cache.read(readOf(value('v')));
    told.length = 0;
    const bump = store.bump.bind(store);
    store.bump = () => stuck.promise;
    const waiting = cache.bump(['errand:1']).catch(() => told.push('bump'));
    await cache.health();
    store.bump = bump;
    store.drop();
    await eventually(() => told.includes('replay'));
    stuck.resolve({ generation: 'g', seq: 9 });
    await waiting;
    expect(told).toEqual(['bump', 'replay']);
    await cache.close();
  });

  it('keeps going past the store while the replay fails, says so once, and tries again', async () => {
    let attempts = 0;
    const { store, cache } = faultyCache({
      replay: async () => {
        attempts += 1;
        if (attempts > 1 && attempts < 5) throw new Error('no database');
      },
    });
    await cache.read(readOf(value('old')));
    const failures = eventsOf(cache, 'replay-failed');
    store.drop();
    await eventually(() => attempts >= 3);
    expect((await cache.read(readOf(value('straight')))).outcome).toMatchObject(bypassed);
    await recovered(cache);
    expect(attempts).toBe(5);
    expect(failures).toHaveLength(1);
    expect((await cache.read(readOf(neverLoads))).value).toBe('old');
    await cache.close();
  });

  it('runs one replay at a time', async () => {
    const gate = deferred();
    let [running, most, runs] = [0, 0, 0];
    const { store, cache } = faultyCache({
      replay: async () => {
        runs += 1;
        most = Math.max(most, ++running);
        if (runs === 2) await gate.promise;
        running -= 1;
      },
    });
    await cache.read(readOf(value('v')));
    store.drop();
    await eventually(() => runs === 2);
    const before = store.sent.handshake;
    store.drop();
    await eventually(() => store.sent.handshake > before);
    gate.resolve();
    await recovered(cache);
    expect({ most, runs }).toEqual({ most: 1, runs: 3 });
    await cache.close();
  });

  it('shares a load only among readers that began before it', async () => {
    const { store, cache } = faultyCache({ retryMsMax: 60_000 });
    store.fail();
    await lose(cache);
    const [first, second] = [heldLoad<string>(), heldLoad<string>()];
    const early = cache.read(readOf(first.load));
    await first.begun;
    const late = [cache.read(readOf(second.load)), cache.read(readOf(second.load)), cache.read(readOf(second.load))];
    expect(second.count()).toBe(0);
    first.finish('before');
    await second.begun;
    second.finish('after');
    expect((await early).value).toBe('before');
    expect((await Promise.all(late)).map((answer) => answer.value)).toEqual(['after', 'after', 'after']);
    expect(second.count()).toBe(1);
    await cache.close();
  });

  it('gives those who share a load values of their own', async () => {
    const { store, cache } = faultyCache({ retryMsMax: 60_000, loadsMax: 1 });
    store.fail();
    await lose(cache);
    const [busy, shared] = [heldLoad<string>(), heldLoad<{ rows: number[] }>()];
    const other = cache.read(readOf(busy.load, { key: 'busy' }));
    await busy.begun;
    const both = [cache.read(readOf(shared.load)), cache.read(readOf(shared.load))];
    busy.finish('done');
    await other;
    shared.finish({ rows: [1] });
    const [one, two] = await Promise.all(both);
    expect(one?.value).toEqual(two?.value);
    expect(one?.value).not.toBe(two?.value);
    expect(shared.count()).toBe(1);
    await cache.close();
  });

  it('serves the next reader after a shared load failed', async () => {
    const { store, cache } = faultyCache({ retryMsMax: 60_000 });
    store.fail();
    await lose(cache);
    const first = heldLoad<string>();
    const early = cache.read(readOf(first.load));
    await first.begun;
    const late = cache.read(readOf(value('well')));
    first.fail(new Error('no database'));
    await expect(early).rejects.toThrow('no database');
    expect((await late).value).toBe('well');
    await cache.close();
  });

  it('stays in use when it only refuses an entry', async () => {
    const { store, cache } = faultyCache();
    store.put = async () => Promise.reject(new EntryRefused('out of memory'));
    const refused = eventsOf(cache, 'not-stored');
    await cache.read(readOf(value('v')));
    expect((await cache.read(readOf(value('w')))).outcome).toMatchObject({ kind: 'miss' });
    expect(refused[0]).toMatchObject({ why: 'refused', detail: 'out of memory' });
    await cache.close();
  });
});

describe('an announced write', () => {
  it('keeps reads of its tag from hits and from joining, whether the tag was asked for or found in the value', async () => {
    const { store, cache } = faultyCache();
    const request = { key: 'list', tags: ['list'], tagsFound: () => ['errand:1'] };
    await cache.read(readOf(value('old'), request));
    const { look, lookTags } = store;
    for (const open of ['list', 'errand:1']) {
      store.look = async (entryKey, tags) => {
        const seen = await look(entryKey, tags);
        return { ...seen, tags: seen.tags.map((tag, index) => ({ ...tag, open: tags[index] === open ? 1 : 0 })) };
      };
      expect(await cache.read(readOf(value('true'), request))).toMatchObject({
        value: 'true',
        outcome: { kind: 'bypass', reason: 'open-write' },
      });
    }
    Object.assign(store, { look, lookTags });
    expect((await cache.read(readOf(neverLoads, request))).value).toBe('old');
    await cache.close();
  });

  it('keeps a load of its tag from being stored or shared with readers that began later', async () => {
    const { store, cache } = faultyCache();
    const slow = heldLoad<string>();
    const early = cache.read(readOf(slow.load));
    await slow.begun;
    const { look } = store;
    store.look = async (entryKey, tags) => ({
      ...(await look(entryKey, tags)),
      tags: tags.map(() => ({ seq: 0, open: 1 })),
    });
    const late = await cache.read(readOf(value('late')));
    expect(late).toMatchObject({ value: 'late', outcome: { kind: 'bypass', reason: 'open-write' } });
    expect(store.sent.put).toBe(0);
    slow.finish('early');
    expect((await early).value).toBe('early');
    await cache.close();
  });
});

describe('the null store', () => {
  it('loads every time, takes bumps, and is healthy', async () => {
    const cache = createCache({ store: createNullStore(), prefix: 'test' });
    await cache.bump(['errand:1']);
    await cache.clearAll();
    for (const fresh of ['a', 'b']) {
      const answer = await cache.read(readOf(value(fresh)));
      expect(answer).toMatchObject({ value: fresh, outcome: { kind: 'bypass', reason: 'disabled' } });
    }
    expect(await cache.health()).toMatchObject({ ok: true, store: 'null', state: 'ready' });
    await cache.close();
  });
});
