import { describe, expect, it } from 'vitest';
import { createCache, createMemoryStore, createShadow } from '../../src/cache/index.js';
import type { Cache, CacheEvent, CacheOptions, ShadowOptions } from '../../src/cache/index.js';
import { deferred, eventsOf, eventually, heldLoad, readOf, value } from '../contracts/cache.fixtures.js';

interface Stage {
  readonly shadow: Cache;
  readonly verdicts: () => readonly string[];
  /** Of the clock that demotions go by. */
  pass(ms: number): void;
  /** How long the verifier waited, each time. */
  readonly waits: readonly number[];
}

function stage(options: Partial<ShadowOptions> = {}, cacheOptions: Partial<CacheOptions> = {}): Stage {
  let nowMs = 0;
  const waits: number[] = [];
  const cache = createCache({ store: createMemoryStore(), prefix: 'test', ...cacheOptions });
  const pause = async (ms: number): Promise<void> => void waits.push(ms);
  const shadow = createShadow({ cache, share: 1, random: () => 0, now: () => nowMs, pause, ...options });
  const seen = eventsOf(shadow, 'shadow-checked');
  return { shadow, verdicts: () => seen.map(({ verdict }) => verdict), pass: (ms) => void (nowMs += ms), waits };
}

/** A row, as its loads see it. */
function row(version: number) {
  const state = { version, loads: 0 };
  const load = async (): Promise<{ version: number }> => {
    state.loads += 1;
    return { version: state.version };
  };
  return { state, load };
}

describe('the shadow verifier', () => {
  it('finds a write that was never told of, demotes its type, and the next read is right', async () => {
    const { shadow, verdicts } = stage();
    const demoted = eventsOf(shadow, 'demoted');
    const { state, load } = row(1);
    await shadow.read(readOf(load));
    state.version = 2;
    expect((await shadow.read(readOf(load))).value, 'nobody told the cache').toEqual({ version: 1 });
    await eventually(() => demoted.length > 0);
    expect(verdicts()).toEqual(['stale']);
    const next = await shadow.read(readOf(load));
    expect(next).toMatchObject({ value: { version: 2 }, outcome: { kind: 'bypass', reason: 'demoted' } });
    expect(await shadow.explain(readOf(load)), 'as a read of now').toMatchObject({
      wouldHit: false,
      reason: 'demoted',
    });
    await shadow.close();
  });

  it('makes what is stored of that type invalid for every process', async () => {
    const store = createMemoryStore();
    const { shadow } = stage({}, { store });
    const other = createCache({ store, prefix: 'test' });
    const { state, load } = row(1);
    await shadow.read(readOf(load));
    state.version = 2;
    await shadow.read(readOf(load));
    const seen = async () => (await other.read(readOf(load))).value.version;
    await eventually(async () => (await seen()) === 2);
    expect(await seen()).toBe(2);
    await shadow.close();
  });

  it('says in stats and health which types are demoted, and for how long, until it is over', async () => {
    const { shadow, pass } = stage({ demotedMs: 1000 });
    const { state, load } = row(1);
    expect((await shadow.health()).demoted).toBeUndefined();
    await shadow.read(readOf(load));
    state.version = 2;
    await shadow.read(readOf(load));
    await eventually(() => Object.keys(shadow.stats().demoted ?? {}).length > 0);
    pass(400);
    expect(shadow.stats().demoted).toEqual({ errand: 600 });
    expect(await shadow.health()).toMatchObject({
      ok: true,
      demoted: ['errand'],
      detail: expect.stringContaining('errand'),
    });
    pass(600);
    expect(shadow.stats().demoted).toEqual({});
    await shadow.read(readOf(load));
    expect((await shadow.read(readOf(load))).outcome.kind).toBe('hit');
    await shadow.close();
  });

  it('says of a demoted type that a read would go past the cache', async () => {
    const { shadow } = stage();
    const demoted = eventsOf(shadow, 'demoted');
    const { state, load } = row(1);
    await shadow.read(readOf(load));
    state.version = 2;
    await shadow.read(readOf(load));
    await eventually(() => demoted.length > 0);
    const { load: _, ...question } = readOf(load);
    expect(await shadow.explain(question)).toMatchObject({ wouldHit: false, reason: 'demoted' });
    expect((await shadow.read(readOf(load))).outcome.reason).toBe('demoted');
    await shadow.close();
  });

  it('demotes twice as long each further time, up to a bound, and leaves other types alone', async () => {
    const { shadow, pass } = stage({ demotedMs: 1000, demotedMsMax: 3000 });
    const demoted = eventsOf(shadow, 'demoted');
    const { state, load } = row(1);
    for (let times = 1; times <= 3; times += 1) {
      await shadow.read(readOf(load));
      state.version += 1;
      await shadow.read(readOf(load));
      await eventually(() => demoted.length === times);
      const other = await shadow.read(readOf(value('x'), { type: 'bank', key: `bank:${times}` }));
      expect(other.outcome.reason).toBe('cold');
      pass(demoted.at(-1)?.forMs ?? 0);
    }
    expect(demoted.map(({ forMs }) => forMs)).toEqual([1000, 2000, 3000]);
    await shadow.close();
  });

  it('says nothing of a write whose bump came late, or of a value that went back', async () => {
    let late: () => Promise<void> | void = () => {};
    const { shadow, verdicts } = stage({ pause: async () => late() });
    const { state, load } = row(1);
    await shadow.read(readOf(load));
    state.version = 2;
    late = () => shadow.bump(['errand:1']);
    await shadow.read(readOf(load));
    await eventually(() => verdicts().length === 1);
    await shadow.read(readOf(load));
    state.version = 3;
    late = () => void (state.version = 2);
    await eventually(async () => (await shadow.read(readOf(load))).outcome.kind === 'hit');
    await eventually(() => verdicts().filter((verdict) => verdict === 'overtaken').length === 2);
    expect(verdicts()).not.toContain('stale');
    await shadow.close();
  });

  it('says nothing of an entry that was spoilt and filled again meanwhile, although the present one is shown', async () => {
    const store = createMemoryStore();
    const other = createCache({ store, prefix: 'test' });
    const { state, load } = row(1);
    const pause = async (): Promise<void> => {
      await other.bump(['errand:1']);
      await eventually(async () => (await other.read(readOf(load))).outcome.kind === 'hit');
    };
    const { shadow, verdicts } = stage({ pause }, { store });
    await shadow.read(readOf(load));
    state.version = 2;
    await shadow.read(readOf(load));
    await eventually(() => verdicts().length > 0);
    expect(verdicts()).toEqual(['overtaken']);
    await shadow.close();
  });

  it('calls a value right that is right, also one with dates and big integers', async () => {
    const { shadow, verdicts } = stage();
    const load = value({ at: new Date(5), minor: 12n, nothing: null, gone: undefined });
    await shadow.read(readOf(load));
    await shadow.read(readOf(load));
    await eventually(() => verdicts().length > 0);
    expect(verdicts()).toEqual(['same']);
    await shadow.close();
  });

  it('waits for the longest lawful delay, and of a bounded read for its bound as well', async () => {
    const { shadow, waits } = stage({ lateMs: 700 });
    const { state, load } = row(1);
    const bounded = readOf(load, { tier: 'bounded', boundMs: 50 });
    await shadow.read(bounded);
    state.version = 2;
    await shadow.read(bounded);
    await eventually(() => waits.length > 0);
    expect(waits).toEqual([750]);
    await shadow.close();
  });

  it('does not delay the answer, takes so many at once, and lets the others go', async () => {
    const { shadow, verdicts } = stage({ runningMax: 1 });
    for (const key of ['a', 'b']) await shadow.read(readOf(value(key), { key }));
    const held = heldLoad<string>();
    expect((await shadow.read(readOf(held.load, { key: 'a' }))).value).toBe('a');
    await held.begun;
    expect((await shadow.read(readOf(value('another'), { key: 'b' }))).value).toBe('b');
    held.finish('a');
    await eventually(() => verdicts().length > 0);
    expect(verdicts()).toEqual(['same']);
    await shadow.close();
  });

  it('draws its sample by lot, and verifies no read that promises nothing', async () => {
    let lot = 0.5;
    const { shadow, verdicts } = stage({ share: 0.5, random: () => lot });
    const { state, load } = row(1);
    await shadow.read(readOf(load));
    await shadow.read(readOf(load));
    lot = 0;
    await shadow.read(readOf(load, { tier: 'ttl' }));
    expect(state.loads).toBe(1);
    lot = 0.49;
    await shadow.read(readOf(load));
    await eventually(() => verdicts().length > 0);
    expect(state.loads).toBe(2);
    await shadow.close();
  });

  it('judges nothing when its load fails, unless the failure is the answer', async () => {
    const gone = new Error('not found');
    const { shadow, verdicts } = stage({ isAnswer: (error) => error === gone });
    await shadow.read(readOf(value('here')));
    await shadow.read(readOf(() => Promise.reject(new Error('the database is away'))));
    await eventually(() => verdicts().length === 1);
    await shadow.read(readOf(() => Promise.reject(gone)));
    await eventually(() => verdicts().length === 2);
    expect(verdicts()).toEqual(['failed', 'stale']);
    await shadow.close();
  });

  it('stops at once when it is closed, without a verdict', async () => {
    const paused = deferred();
    const pause = (_ms: number, signal: AbortSignal): Promise<void> => {
      paused.resolve();
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
    };
    const { shadow, verdicts } = stage({ pause });
    const { state, load } = row(1);
    await shadow.read(readOf(load));
    state.version = 2;
    await shadow.read(readOf(load));
    await paused.promise;
    await shadow.close();
    expect(verdicts()).toEqual([]);
  });

  it('tells those who listen everything once, and nothing after they stop', async () => {
    const { shadow } = stage();
    const seen: CacheEvent['kind'][] = [];
    const stop = shadow.on(({ kind }) => seen.push(kind));
    await shadow.read(readOf(value(1)));
    await shadow.read(readOf(value(1)));
    await eventually(() => seen.includes('shadow-checked'));
    expect(seen.toSorted()).toEqual(['read', 'read', 'shadow-checked', 'stored']);
    stop();
    await shadow.read(readOf(value(1)));
    await shadow.close();
    expect(seen).toHaveLength(4);
  });
});
