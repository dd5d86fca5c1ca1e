import { afterEach, describe, expect, it } from 'vitest';
import {
  Cached,
  CachedMethod,
  createCaches,
  createMemoryStore,
  createNullStore,
  InvalidatesOnChange,
  type CacheHandle,
  type FragmentVary,
} from '../../src/cache/index.js';
import { createFaultyStore } from './cache-faulty-store.js';

let cache = createCaches();
afterEach(async () => {
  await cache.close();
  cache = createCaches();
});

describe('a cached function', () => {
  it('runs once for each list of arguments', async () => {
    const asked: unknown[] = [];
    const report = cache.cached(async (...args: [Date, { page: number; size: number }?]) => asked.push(args), {
      name: 'report',
    });
    await report(new Date(1), { page: 1, size: 2 });
    await report(new Date(1), { size: 2, page: 1 });
    await report(new Date(2));
    expect(await report(new Date(2))).toBe(2);
    expect(asked).toHaveLength(2);
  });

  it('invalidates and refreshes one call, or all calls', async () => {
    let version = 0;
    const rows = cache.cached((id: string) => `${id}${++version}`, { name: 'rows', tags: (id) => [`row:${id}`] });
    expect([await rows('a'), await rows('b')]).toEqual(['a1', 'b2']);
    await rows.invalidate('a');
    expect([await rows('a'), await rows('b')]).toEqual(['a3', 'b2']);
    expect(await rows.refresh('b')).toBe('b4');
    expect(await rows('b')).toBe('b4');
    await cache.invalidate('row:b');
    expect([await rows('a'), await rows('b')]).toEqual(['a3', 'b5']);
    await rows.invalidateAll();
    expect([await rows('a'), await rows('b')]).toEqual(['a6', 'b7']);
    expect(rows.key('a')).toBe('rows("a")');
  });

  it('takes the key it is given for the whole question', async () => {
    const balance = cache.cached(async (account: { id: string; open: () => void }, date: string) => account.id + date, {
      name: 'balance',
      key: (account, date) => `account:${account.id}:balance:${date}`,
    });
    expect(await balance({ id: '7', open: () => {} }, '2026-01-01')).toBe('72026-01-01');
    expect(await cache.keys('account:7:*')).toMatchObject([{ key: 'account:7:balance:2026-01-01' }]);
  });

  it('answers long arguments that hash alike by comparing them whole', async () => {
    const echo = cache.cached((text: string) => text, { name: 'echo' });
    const [a, b] = ['a'.repeat(500), 'b'.repeat(500)];
    expect(echo.key(a)).toMatch(/^echo\(#[\w-]{22}\)$/);
    expect([await echo(a), await echo(b), await echo(a)]).toEqual([a, b, a]);
  });

  it('refuses a name that another function has, arguments it cannot tell apart, and options that do not exist', async () => {
    cache.cached(() => 1, { name: 'one' });
    expect(() => cache.cached(() => 2, { name: 'one' })).toThrow("name: got 'one'; takes a name that no other");
    expect(() => cache.cached(() => 2)).toThrow("name: got ''");
    const withFunction = cache.cached((act: () => number) => act(), { name: 'act' });
    await expect(withFunction(() => 1)).rejects.toMatchObject({ name: 'InvalidCacheKey' });
    expect(() => cache.cached(() => 3, { name: 'three', ttl: 5 } as object)).toThrow('ttl: got 5; takes nothing');
  });

  it('keeps tenants apart', async () => {
    let runs = 0;
    const count = (): number => ++runs;
    const [lagos, abuja] = [cache.tenant('lagos'), cache.tenant('abuja')].map((t) =>
      t.cached(count, { name: 'count' }),
    );
    expect([await lagos!(), await abuja!(), await lagos!()]).toEqual([1, 2, 1]);
    await lagos!.invalidateAll();
    expect([await lagos!(), await abuja!()]).toEqual([3, 2]);
  });
});

describe('decorated methods', () => {
  class Ledger {
    reads = 0;
    constructor(
      readonly id: string,
      readonly cache: CacheHandle,
    ) {}

    @CachedMethod((self: Ledger) => self.cache, { name: 'Ledger.balance', tags: ['postings'] })
    async balance(date: string): Promise<string> {
      this.reads += 1;
      return `${this.id} on ${date}: ${this.reads}`;
    }

    @Cached((self: Ledger) => self.cache, { name: 'Ledger.rate' })
    async rate(pair: string): Promise<string> {
      return `${pair} asked by ${this.id}`;
    }

    @InvalidatesOnChange((self: Ledger) => self.cache, 'postings', ({ args: [tag] }) => [String(tag)])
    async post(_tag: string, fails?: Error): Promise<string> {
      if (fails) throw fails;
      return 'posted';
    }

    @InvalidatesOnChange(
      (self: Ledger) => self.cache,
      () => {
        throw new Error('no such column');
      },
    )
    async broken(): Promise<string> {
      return 'written';
    }
  }

  it('answer by instance and arguments, or by arguments alone', async () => {
    const [a, b] = [new Ledger('a', cache), new Ledger('b', cache)];
    expect([await a.balance('mon'), await a.balance('mon'), await b.balance('mon'), await a.balance('tue')]).toEqual([
      'a on mon: 1',
      'a on mon: 1',
      'b on mon: 1',
      'a on tue: 2',
    ]);
    expect([await a.rate('NGN'), await b.rate('NGN')]).toEqual(['NGN asked by a', 'NGN asked by a']);
  });

  it('keep instances apart also by a key of their own', async () => {
    class Inbox {
      constructor(readonly id: string) {}

      @CachedMethod(cache, { name: 'Inbox.unread', key: (folder: string) => `unread:${folder}` })
      async unread(folder: string): Promise<string> {
        return `${folder} of ${this.id}`;
      }
    }
    expect(await new Inbox('a').unread('in')).toBe('in of a');
    expect(await new Inbox('b').unread('in')).toBe('in of b');
    expect(await new Inbox('a').unread('in')).toBe('in of a');
  });

  it('invalidate before their promise settles, also when they threw', async () => {
    const ledger = new Ledger('a', cache);
    await ledger.balance('mon');
    expect(await ledger.post('x')).toBe('posted');
    expect(await ledger.balance('mon')).toBe('a on mon: 2');
    const failure = new Error('the connection broke at the commit');
    await expect(ledger.post('x', failure)).rejects.toBe(failure);
    expect(await ledger.balance('mon')).toBe('a on mon: 3');
  });

  it('clear everything when they cannot say what they changed', async () => {
    const ledger = new Ledger('a', cache);
    await ledger.balance('mon');
    await expect(ledger.broken()).rejects.toThrow('no such column');
    expect(await ledger.balance('mon')).toBe('a on mon: 2');
  });

  it('succeed while the store is away, and nothing old is shown when it is back', async () => {
    const store = createFaultyStore();
    const away = createCaches({ store });
    const ledger = new Ledger('a', away);
    await ledger.balance('mon');
    const lost = new Promise((resolve) => away.on(({ kind }) => kind === 'store-lost' && resolve(kind)));
    const back = new Promise((resolve) => away.on(({ kind }) => kind === 'store-recovered' && resolve(kind)));
    store.fail();
    expect(await ledger.post('x')).toBe('posted');
    await lost;
    store.mend();
    await back;
    expect(await ledger.balance('mon')).toBe('a on mon: 2');
    await away.close();
  });

  it('refuse what is no cache and an instance without a name', async () => {
    const noId = new Ledger(undefined as never, cache);
    await expect(noId.balance('mon')).rejects.toMatchObject({ name: 'InvalidCacheKey' });
    const noCache = new Ledger('a', {} as never);
    await expect(noCache.balance('mon')).rejects.toThrow('cache: got {}; takes a handle from createCaches');
  });

  it('work as decorators of the standard too', async () => {
    let runs = 0;
    const method = async function (this: { id: string }, n: number): Promise<string> {
      return `${this.id}${n}${++runs}`;
    };
    const context = { kind: 'method', name: 'm' } as ClassMethodDecoratorContext<{ id: string }>;
    const read = CachedMethod(cache, { name: 'standard', tags: ['t'] })(method, context);
    const write = InvalidatesOnChange(cache, 't')(async () => 'w', context as never);
    expect([await read.call({ id: 'a' }, 1), await read.call({ id: 'a' }, 1)]).toEqual(['a11', 'a11']);
    await write.call(undefined as never);
    expect(await read.call({ id: 'a' }, 1)).toBe('a12');
  });
});

describe('fragments', () => {
  it('differ by everything they are said to vary by, and go with their tenant', async () => {
    let rendered = 0;
    const show = (vary: FragmentVary): Promise<string> => cache.fragment('menu', vary, () => `menu ${++rendered}`);
    const first = await show({ tenant: 'lagos', language: 'en', role: 'ADMIN', date: new Date(0) });
    expect(await show({ date: new Date(0), role: 'ADMIN', language: 'en', tenant: 'lagos' })).toBe(first);
    for (const other of [{ language: 'yo' }, { role: 'RUNNER' }, { date: new Date(1) }, { tenant: 'abuja' }])
      expect(await show({ tenant: 'lagos', language: 'en', role: 'ADMIN', date: new Date(0), ...other })).not.toBe(
        first,
      );
    expect((await cache.control.keys('*', { alias: 'template', tenant: 'lagos', limit: 10 })).length).toBe(4);
    await cache.alias('template').tenant('lagos').clear();
    expect(await show({ tenant: 'lagos', language: 'en', role: 'ADMIN', date: new Date(0) })).not.toBe(first);
    await expect(cache.fragment('n', {}, () => 5 as never)).rejects.toThrow('render: got 5');
  });
});

describe('options', () => {
  it.each<[string, () => unknown, string]>([
    ['a misspelt one', () => cache.getOrSet('k', () => 1, { ttl: 5 } as object), 'ttl: got 5; takes nothing'],
    ['a negative time', () => cache.getOrSet('k', () => 1, { ttlMs: -1 }), 'ttlMs: got -1; takes milliseconds from 0'],
    ['a time that is text', () => cache.getOrSet('k', () => 1, { ttlMs: '5' as never }), "ttlMs: got '5'"],
    ['a tier unknown', () => cache.getOrSet('k', () => 1, { tier: 'fast' as never }), "tier: got 'fast'; takes one of"],
    ['a tag alone', () => cache.getOrSet('k', () => 1, { tags: 'x' as never }), "tags: got 'x'; takes a list"],
    ['an empty tag', () => cache.invalidate(''), "tags: got ''"],
    ['a load that is a value', () => cache.getOrSet('k', 5 as never), 'load: got 5; takes a function'],
    ['an empty key', () => cache.get(''), 'key: got 0 characters'],
    ['a value without its moment', () => cache.set('k', 1, {} as never), 'since: got undefined; takes what `await'],
    ['no scope', () => cache.control.clear({}), 'scope: got {}; takes at least one of'],
    ['an alias and a type', () => cache.control.clear({ alias: 'api', type: 'x' }), 'scope: got'],
    ['a tag and a tenant', () => cache.control.clear({ tags: ['x'], tenant: 'x' }), 'scope: got'],
    ['too many at once', () => cache.warmUp([], { concurrency: 1000 }), 'concurrency: got 1000'],
  ])('that are wrong say so: %s', async (_, call, words) => {
    await expect(Promise.resolve().then(call)).rejects.toThrow(words);
  });

  it.each<[string, object, string]>([
    ['an unknown one', { redis: 'x' }, "redis: got 'x'; takes nothing; there are redisUrl,"],
    ['a URL of something else', { redisUrl: 'http://user:secret@host' }, 'redisUrl: got something else (not shown)'],
    ['an alias URL', { aliases: { api: { redisUrl: 'nonsense' } } }, 'aliases.api.redisUrl: got something else'],
    ['two stores', { redisUrl: 'redis://a', store: createNullStore() }, 'store: got'],
    ['a prefix with a space', { prefix: 'a b' }, "prefix: got 'a b'"],
    ['an alias name', { aliases: { 'a:b': {} } }, "aliases: got 'a:b'"],
    ['an alias time', { aliases: { api: { ttlMs: Number.NaN } } }, 'aliases.api.ttlMs: got NaN'],
  ])('of the caches that are wrong say so: %s', (_, options, words) => {
    expect(() => createCaches(options)).toThrow(words);
  });

  it('never keep a value whose moment fell into the time after the store lost its state', async () => {
    for (const trouble of [{ held: true }, { fenced: true }, { generation: undefined }]) {
      const memory = createMemoryStore();
      let isTroubled = true;
      const lookTags: typeof memory.lookTags = async (tags) => ({
        ...(await memory.lookTags(tags)),
        ...(isTroubled ? trouble : {}),
      });
      const caches = createCaches({ store: { ...memory, kind: 'redis', lookTags } });
      const since = await caches.now();
      isTroubled = false;
      expect(await caches.set('k', 'v', { since })).toBe(false);
      expect(await caches.get('k')).toBeUndefined();
      await caches.close();
    }
  });
});
