import { describe, expect, it } from 'vitest';
import { CacheUnavailable, createCacheSet, createMemoryStore, type CacheSetOptions } from '../../src/cache/index.js';
import { neverLoads, readOf, value } from '../contracts/cache.fixtures.js';
import { createFaultyStore, type FaultyStore } from './cache-faulty-store.js';

function twoStores(options: Partial<CacheSetOptions> = {}) {
  const [main, own] = [createFaultyStore(), createFaultyStore()];
  const aliases = { session: { store: own }, reports: {} };
  const set = createCacheSet({
    store: main,
    aliases,
    typeAliases: { SESSION: 'session' },
    prefix: 'test',
    settleMs: 0,
    ...options,
  });
  return { set, main, own };
}

const backIn = (set: { on: ReturnType<typeof twoStores>['set']['on'] }): Promise<void> =>
  new Promise((resolve) => set.on(({ kind }) => kind === 'store-recovered' && resolve()));

async function lose(set: ReturnType<typeof twoStores>['set'], store: FaultyStore): Promise<void> {
  const lost = new Promise<void>((resolve) => set.on(({ kind }) => kind === 'store-lost' && resolve()));
  store.fail();
  store.drop();
  await lost;
}

describe('a set of caches', () => {
  it('with one store sends what one cache sends: one look for a read, one bump for a bump', async () => {
    const store = createFaultyStore();
    const set = createCacheSet({
      store,
      aliases: { session: {} },
      typeAliases: { SESSION: 'session' },
      prefix: 'test',
    });
    expect(set.engines).toHaveLength(1);
    await set.read(readOf(value(1)));
    await set.read(readOf(value(1), { type: 'SESSION' }));
    await set.read(readOf(neverLoads));
    await set.bump(['errand:1']);
    await set.begin('w', ['errand:1']);
    await set.end('w', 'committed', ['errand:1']);
    expect(store.sent).toMatchObject({ look: 3, put: 2, bump: 1, begin: 1, end: 1, handshake: 1 });
    await set.close();
  });

  it('keeps a type in the store of its alias and spoils it by a bump of everything', async () => {
    const { set, main, own } = twoStores();
    await set.read(readOf(value('a'), { type: 'SESSION' }));
    await set.read(readOf(value('b')));
    expect([main.sent.put, own.sent.put]).toEqual([1, 1]);
    expect((await set.read(readOf(neverLoads, { type: 'SESSION' }))).outcome).toMatchObject({
      kind: 'hit',
      alias: 'session',
    });
    await set.bump(['errand:1']);
    for (const type of ['SESSION', 'errand']) expect((await set.read(readOf(value('c'), { type }))).value).toBe('c');
    await set.close();
  });

  it.each<[string, (set: ReturnType<typeof twoStores>['set']) => Promise<unknown>]>([
    ['bump', (set) => set.bump(['errand:1'])],
    ['begin', (set) => set.begin('w', ['errand:1'])],
    ['end', (set) => set.end('w', 'committed', ['errand:1'])],
    ['clearAll', (set) => set.clearAll()],
  ])('fails a %s that one store did not take, after the other has taken it', async (_, command) => {
    for (const broken of ['main', 'own'] as const) {
      const made = twoStores();
      const { set } = made;
      await Promise.all([set.read(readOf(value(1))), set.read(readOf(value(1), { type: 'SESSION' }))]);
      made[broken].fail();
      await expect(command(set)).rejects.toBeInstanceOf(CacheUnavailable);
      const type = broken === 'main' ? 'SESSION' : 'errand';
      const answer = await set.read(readOf(value(2), { type }));
      expect(answer).toMatchObject({ value: 2, outcome: { kind: expect.stringMatching('miss|bypass') } });
      await set.close();
    }
  });

  it('closes an announcement that only one store took, when it is ended, and leaves no store uncached', async () => {
    const { set, own } = twoStores();
    await set.read(readOf(value(1), { type: 'SESSION' }));
    await lose(set, own);
    await expect(set.begin('w', ['errand:1'])).rejects.toBeInstanceOf(CacheUnavailable);
    expect((await set.read(readOf(value(1)))).outcome.reason).toBe('open-write');
    const back = backIn(set);
    own.mend();
    await back;
    expect(await set.openIntents(0, 10)).toMatchObject([{ token: 'w' }]);
    expect(await set.end('w', 'rolledBack', [])).toBe(true);
    expect(await set.openIntents(0, 10)).toEqual([]);
    await set.read(readOf(value(1)));
    expect((await set.read(readOf(neverLoads))).outcome.kind).toBe('hit');
    await set.close();
  });

  it('goes on with one store while another is away, and says which alias is not well', async () => {
    const { set, own } = twoStores();
    await set.read(readOf(value(1)));
    await set.read(readOf(value(1), { type: 'SESSION' }));
    await lose(set, own);
    expect((await set.read(readOf(neverLoads))).outcome.kind).toBe('hit');
    expect((await set.read(readOf(value(2), { type: 'SESSION' }))).outcome.reason).toBe('store-unavailable');
    expect(await set.control.health()).toMatchObject({
      default: { ok: true },
      reports: { ok: true },
      session: { ok: false, state: 'lost' },
    });
    expect(await set.health()).toMatchObject({ ok: false, state: 'lost' });
    await set.close();
  });

  it('lets a store that is back catch up alone, while the other is still away', async () => {
    const shown: string[] = [];
    const { set, main, own } = twoStores({
      async replay(target) {
        await target.bump(['errand:1']);
        shown.push('replayed');
      },
    });
    await set.read(readOf(value(1)));
    await lose(set, own);
    await lose(set, main);
    const back = backIn(set);
    main.mend();
    await back;
    expect(await set.control.health()).toMatchObject({ default: { ok: true }, session: { ok: false } });
    expect(own.sent.bump).toBe(1);
    expect((await set.read(readOf(value(2)))).value).toBe(2);
    expect((await set.read(readOf(neverLoads))).outcome.kind).toBe('hit');
    await set.close();
  });

  it('makes up for a clearing by more tags than it remembers', async () => {
    const store = createFaultyStore(createMemoryStore());
    const set = createCacheSet({ store, prefix: 'test', settleMs: 0 });
    await set.read(readOf(value('old')));
    store.fail();
    const many = Array.from({ length: 10_001 }, (_, at) => `row:${at}`);
    await expect(set.bump([...many, 'errand:1'])).rejects.toBeInstanceOf(CacheUnavailable);
    const back = backIn(set);
    store.mend();
    await back;
    expect((await set.read(readOf(value('new')))).value).toBe('new');
    await set.close();
  });

  it('owes a bump that is tried again and again once, and clears nothing else for it', async () => {
    const store = createFaultyStore(createMemoryStore());
    const set = createCacheSet({ store, prefix: 'test', settleMs: 0 });
    await set.read(readOf(value('old')));
    await set.read(readOf(value('kept'), { key: 'errand:2', tags: ['errand:2'] }));
    store.fail();
    for (let times = 0; times <= 10_000; times += 1)
      await expect(set.bump(['errand:1'])).rejects.toBeInstanceOf(CacheUnavailable);
    const back = backIn(set);
    store.mend();
    await back;
    expect((await set.read(readOf(value('new')))).value).toBe('new');
    const kept = await set.read(readOf(neverLoads, { key: 'errand:2', tags: ['errand:2'] }));
    expect(kept.outcome.kind).toBe('hit');
    await set.close();
  });

  it('refuses an alias that was not declared', async () => {
    const { set } = twoStores();
    await expect(set.read(readOf(neverLoads, { alias: 'repots' }))).rejects.toMatchObject({ name: 'UnknownAlias' });
    expect(() => set.alias('x')).toThrow("alias: got 'x'; takes one of default, session, reports");
    await set.close();
  });
});
