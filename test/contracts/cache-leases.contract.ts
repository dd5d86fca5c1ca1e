import { expect, it } from 'vitest';
import type { Cache, LeasingOptions, Store } from '../../src/cache/index.js';
import { eventsOf, eventually, heldLoad, neverLoads, readOf, value, withCaches } from './cache.fixtures.js';
import type { HeldLoad, StoreFixture } from './cache.fixtures.js';

/** Nobody loses patience here, however busy the machine. */
const patient: LeasingOptions = { leaseMs: 60_000, leaseWaitMsMax: 60_000 };
const entryKeyOf = ({ prefix }: StoreFixture): string => `${prefix}:e:errand:1`;

/** One load for many processes, and what becomes of those who wait when it goes wrong. */
export function describeLeases(create: () => StoreFixture): void {
  it('runs one load for many readers of one key in several caches', () =>
    withCaches(create(), async (open) => {
      const caches = [open(patient), open(patient), open(patient)];
      await Promise.all(caches.map((cache) => cache.health()));
      const slow = heldLoad<string>();
      const reads = caches.flatMap((cache) => Array.from({ length: 50 }, () => cache.read(readOf(slow.load))));
      await slow.begun;
      await Promise.all(caches.map((cache) => cache.health()));
      slow.finish('one');
      const answers = await Promise.all(reads);
      expect(slow.count()).toBe(1);
      expect(new Set(answers.map((answer) => answer.value))).toEqual(new Set(['one']));
      expect(answers.filter((answer) => answer.outcome.kind === 'miss')).toHaveLength(1);
    }));

  it('does not load again when the entry arrives between the look of a reader and its turn to load', async () => {
    const fixture = create();
    await withCaches(fixture, async (open) => {
      const cache = open(patient);
      const store = fixture.open();
      const late = { ...store, leases: { ...store.leases } };
      late.leases.claim = async (...given) => {
        late.leases.claim = store.leases.claim;
        await cache.read(readOf(value('theirs')));
        return store.leases.claim(...given);
      };
      const mine = open({ ...patient, store: late });
      expect(await mine.read(readOf(neverLoads))).toMatchObject({ value: 'theirs', outcome: { kind: 'hit' } });
    });
  });

  it('does not keep a reader that began after a bump waiting for a load that began before it', () =>
    withCaches(create(), async (open) => {
      const [holder, reader, third] = [open(patient), open(patient), open(patient)];
      const [before, after] = [heldLoad<string>(), heldLoad<string>()];
      const early = holder.read(readOf(before.load));
      await before.begun;
      const waiting = reader.read(readOf(after.load));
      await reader.bump(['errand:1']);
      const late = [reader, third, third].map((cache) => cache.read(readOf(after.load)));
      await after.begun;
      before.finish('old');
      expect((await early).value).toBe('old');
      after.finish('new');
      expect((await Promise.all(late)).map((answer) => answer.value)).toEqual(['new', 'new', 'new']);
      expect(['old', 'new']).toContain((await waiting).value);
      expect(after.count()).toBe(1);
      expect((await holder.read(readOf(neverLoads))).value).toBe('new');
    }));

  it('lets another load at once when a load fails, and fails none of the readers elsewhere', () =>
    withCaches(create(), async (open) => {
      const [holder, reader] = [open(patient), open(patient)];
      const failures = [eventsOf(holder, 'load-failed'), eventsOf(reader, 'load-failed')];
      const slow = heldLoad<string>();
      const failing = holder.read(readOf(slow.load));
      await slow.begun;
      const waiting = [1, 2].map(() => reader.read(readOf(value('well'))));
      await reader.health();
      slow.fail(new Error('no database'));
      await expect(failing).rejects.toThrow('no database');
      expect((await Promise.all(waiting)).map((answer) => answer.value)).toEqual(['well', 'well']);
      expect(failures.map((seen) => seen.length)).toEqual([1, 0]);
    }));

  it('lets another load when the lease of a process that died has run out', async () => {
    const fixture = create();
    await withCaches(fixture, async (open) => {
      const cache = open(patient);
      await standingLease(fixture, cache, 200);
      const waiting = cache.read(readOf(value('well')));
      await fixture.pass(200);
      expect((await waiting).outcome).toMatchObject({ kind: 'miss', reason: 'cold' });
    });
  });

  it('loads for itself when the holder takes longer than a reader waits, and nobody waits for another key', async () => {
    const fixture = create();
    await withCaches(fixture, async (open) => {
      const cache = open({ ...patient, leaseWaitMsMax: 30, loadsMax: 1 });
      await standingLease(fixture, cache, 60_000);
      const waiting = cache.read(readOf(value('own')));
      expect((await cache.read(readOf(value('other'), { key: 'errand:2' }))).value).toBe('other');
      expect((await waiting).value).toBe('own');
    });
  });

  it('waits no longer than a few times what the loads of the type took lately', async () => {
    const fixture = create();
    await withCaches(fixture, async (open) => {
      const time = { ms: 0 };
      const pause = async (ms: number): Promise<void> => void (time.ms += ms);
      const cache = open({ ...patient, timing: { nowMs: () => time.ms, pause } });
      await cache.read(readOf(async () => ((time.ms += 400), 'slow'), { key: 'errand:2' }));
      await standingLease(fixture, cache, 60_000);
      const beganMs = time.ms;
      await cache.read(readOf(value('own')));
      expect(time.ms - beganMs).toBe(2000);
    });
  });

  it('has nobody wait for a load whose result could not be stored', async () => {
    const fixture = create();
    await withCaches(fixture, async (open) => {
      const cache = open(patient);
      await cache.read(readOf(value<unknown>(undefined)));
      await standingLease(fixture, cache, 60_000);
      expect((await cache.read(readOf(value<unknown>('found')))).value).toBe('found');
    });
  });

  it('leaves no lease behind: not after a load, a failed one, nor one that could not be stored', async () => {
    const fixture = create();
    await withCaches(fixture, async (open) => {
      const cache = open({ ...patient, entryLengthMax: 500 });
      const loads: (() => Promise<unknown>)[] = [
        value('v'),
        neverLoads,
        value('x'.repeat(500)),
        value(undefined),
        value(() => 'not data'),
      ];
      const store = fixture.open();
      store.connect({ up() {}, down() {} });
      for (const [index, load] of loads.entries()) {
        const claims = claimsOf(store, `${entryKeyOf(fixture)}:${index}`);
        await eventually(async () => (await claims().catch(String)) === undefined);
        await cache.read(readOf(load, { key: `errand:1:${index}` })).catch(String);
        await expect.poll(claims).toBeUndefined();
      }
      await store.close();
    });
  });

  it('does without when leases are switched off', () =>
    withCaches(create(), async (open) => {
      const caches = [open({ leaseMs: 0 }), open({ leaseMs: 0 })];
      const loads: HeldLoad<string>[] = caches.map(() => heldLoad<string>());
      const reads = caches.map((cache, index) => cache.read(readOf(loads[index]?.load ?? neverLoads)));
      await Promise.all(loads.map((load) => load.begun));
      for (const load of loads) load.finish('v');
      expect((await Promise.all(reads)).map((answer) => answer.value)).toEqual(['v', 'v']);
    }));
}

const claimsOf = (store: Store, entryKey: string) => (): Promise<string | undefined> => store.leases.standing(entryKey);

/** The lease of a process that does not come back. */
async function standingLease(fixture: StoreFixture, cache: Cache, forMs: number): Promise<void> {
  await cache.health();
  const store = fixture.open();
  store.connect({ up() {}, down() {} });
  const claim = async (): Promise<boolean> => {
    const { generation = '', seq } = await store.look(entryKeyOf(fixture), []);
    await store.leases.claim(
      entryKeyOf(fixture),
      { generation, s0: seq, token: 'dead' },
      { leastS0: 0, forMs, seen: undefined },
    );
    return true;
  };
  await eventually(() => claim().catch(() => false));
  await store.close();
}
