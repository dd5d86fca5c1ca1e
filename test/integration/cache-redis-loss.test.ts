import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCache, createRedisStore } from '../../src/cache/index.js';
import type { Cache, CacheOptions, RedisStoreOptions } from '../../src/cache/index.js';
import { eventsOf, eventually, neverLoads, readOf, value } from '../contracts/cache.fixtures.js';
import { startRedis } from '../support/redis.js';
import type { RedisProcess } from '../support/redis.js';

const bypassed = { kind: 'bypass', reason: 'store-unavailable' };

let redis: RedisProcess;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** A cache of its own on the server all tests share, unless `prefix` says otherwise. */
function openCache(prefix: string, options: Partial<CacheOptions> = {}, store: Partial<RedisStoreOptions> = {}): Cache {
  const { url } = redis;
  return createCache({
    store: createRedisStore({ url, prefix, quarantineMs: 0, ...store }),
    prefix,
    settleMs: 0,
    ...options,
  });
}

async function withRaw<T>(use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(redis.url);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

const recovered = (cache: Cache): Promise<void> => eventually(async () => (await cache.health()).ok);

describe('a Redis that dies', () => {
  it('leaves reads answered and bumps rejected; after its restart no older entry is a hit, and the replay ran first', async () => {
    const prefix = randomUUID();
    const order: string[] = [];
    const outbox: string[] = [];
    const cache = openCache(prefix, {
      replay: async () => {
        order.push(`replay ${outbox.join()}`);
        for (const tag of outbox.splice(0)) await cache.bump([tag]);
      },
    });
    cache.on((event) => event.kind === 'read' && order.push(event.outcome.kind));
    const [lost, back, generations] = [
      eventsOf(cache, 'store-lost'),
      eventsOf(cache, 'store-recovered'),
      eventsOf(cache, 'new-generation'),
    ];
    await cache.read(readOf(value('old')));
    await cache.read(readOf(value('kept'), { key: 'other', tags: [] }));
    await withRaw((client) => client.save());
    await redis.kill();
    expect((await cache.read(readOf(value('straight')))).outcome).toMatchObject(bypassed);
    await cache.bump(['errand:1']).catch(() => outbox.push('errand:1'));
    expect(outbox).toEqual(['errand:1']);
    expect((await cache.health()).ok).toBe(false);
    order.length = 0;
    generations.length = 0;
    await redis.restart();
    // The dump brought the entries back, so it is the new generation that keeps them from being hits.
    expect(await withRaw((client) => client.exists(`${prefix}:e:errand:1`))).toBe(1);
    await recovered(cache);
    for (const key of ['errand:1', 'other']) {
      expect((await cache.read(readOf(value('new'), { key }))).outcome).toMatchObject({
        kind: 'miss',
        reason: 'generation',
      });
      expect((await cache.read(readOf(neverLoads, { key }))).value).toBe('new');
    }
    expect(order[0]).toBe('replay errand:1');
    expect(order).toContain('hit');
    expect(generations).toMatchObject([{ reason: 'restarted', holdMs: 0 }]);
    expect([lost.length, back.length]).toEqual([1, 1]);
    expect(back[0]?.downMs).toBeGreaterThan(0);
    await cache.close();
  });

  it('is not missed by a process that starts without it, and is used once it comes', async () => {
    await redis.kill();
    const cache = openCache(randomUUID());
    expect((await cache.read(readOf(value('straight')))).outcome).toMatchObject(bypassed);
    await expect(cache.bump(['t'])).rejects.toMatchObject({ name: 'CacheUnavailable' });
    await redis.restart();
    await recovered(cache);
    await cache.read(readOf(value('v')));
    expect((await cache.read(readOf(neverLoads))).outcome.kind).toBe('hit');
    await cache.close();
  });
});

describe('a Redis that lost its data', () => {
  it('gets a new generation with a hold, during which nothing is a hit, and is used again afterwards', async () => {
    const cache = openCache(randomUUID(), {}, { quarantineMs: 300 });
    await eventually(async () => (await cache.health()).state === 'ready');
    await cache.read(readOf(value('old')));
    const generations = eventsOf(cache, 'new-generation');
    await withRaw((client) => client.flushall());
    expect(await cache.read(readOf(value('straight')))).toMatchObject({
      outcome: { kind: 'bypass', reason: 'quarantine' },
    });
    await eventually(() => generations.length > 0);
    expect(await cache.read(readOf(value('held')))).toMatchObject({
      outcome: { kind: 'bypass', reason: 'quarantine' },
    });
    expect(await cache.health()).toMatchObject({ ok: true, state: 'quarantine' });
    await eventually(async () => (await cache.health()).state === 'ready');
    expect((await cache.read(readOf(value('new')))).outcome).toMatchObject({ kind: 'miss', reason: 'cold' });
    expect((await cache.read(readOf(neverLoads))).value).toBe('new');
    expect(generations).toMatchObject([{ reason: 'absent', holdMs: 300 }]);
    await cache.close();
  });

  it.each(['seq', 'g'])('has no hit among its old entries when only the control key %s is gone', async (control) => {
    const prefix = randomUUID();
    const cache = openCache(prefix);
    for (const tag of ['a', 'b', 'c']) await cache.bump([tag]);
    await cache.read(readOf(value('old')));
    await withRaw((client) => client.del(`{${prefix}}:${control}`));
    await cache.bump(['errand:1']);
    await eventually(async () => (await cache.read(readOf(value('new')))).outcome.kind !== 'bypass');
    expect((await cache.read(readOf(neverLoads))).value).toBe('new');
    await cache.close();
  });

  it.each(['seq', 'g'])('is not trusted by a read that finds the control key %s gone', async (control) => {
    const prefix = randomUUID();
    const cache = openCache(prefix);
    await cache.read(readOf(value('old')));
    await withRaw((client) => client.del(`{${prefix}}:${control}`));
    expect((await cache.read(readOf(value('new')))).outcome).toMatchObject({ kind: 'bypass', reason: 'quarantine' });
    await eventually(async () => (await cache.read(readOf(value('new')))).outcome.kind !== 'bypass');
    expect((await cache.read(readOf(neverLoads))).value).toBe('new');
    await cache.close();
  });

  it('shows a restart to every process, and only one of them begins the new generation', async () => {
    const prefix = randomUUID();
    const caches = [openCache(prefix), openCache(prefix), openCache(prefix)];
    await Promise.all(caches.map(recovered));
    const generations = caches.map((cache) => eventsOf(cache, 'new-generation'));
    await redis.restart();
    await Promise.all(caches.map((cache) => eventually(async () => (await cache.health()).ok)));
    await eventually(() => generations.flat().length > 0);
    expect(generations.flat()).toHaveLength(1);
    await Promise.all(caches.map((cache) => cache.close()));
  });
});

describe('a Redis that freezes', () => {
  it('costs one time limit once, is bypassed while frozen, and is found again when it thaws', async () => {
    const commandTimeoutMs = 1000;
    const cache = openCache(randomUUID(), {}, { commandTimeoutMs });
    await cache.read(readOf(value('old')));
    const [lost, back] = [eventsOf(cache, 'store-lost'), eventsOf(cache, 'store-recovered')];
    redis.pause();
    try {
      const first = await cache.read(readOf(value('straight')));
      expect(first.outcome).toMatchObject(bypassed);
      expect(first.outcome.tookMs).toBeGreaterThanOrEqual(0.8 * commandTimeoutMs);
      expect(first.outcome.tookMs).toBeLessThan(10 * commandTimeoutMs);
      for (let reads = 0; reads < 50; reads++) {
        const { outcome } = await cache.read(readOf(value('straight')));
        expect(outcome).toMatchObject(bypassed);
        expect(outcome.tookMs, 'no second time limit').toBeLessThan(commandTimeoutMs);
      }
      await expect(cache.bump(['another'])).rejects.toMatchObject({ name: 'CacheUnavailable' });
    } finally {
      redis.resume();
    }
    await recovered(cache);
    expect((await cache.read(readOf(neverLoads))).value).toBe('old');
    expect([lost.length, back.length]).toEqual([1, 1]);
    await cache.close();
  });

  it('rejects a bump within the time limit', async () => {
    const cache = openCache(randomUUID(), {}, { commandTimeoutMs: 200 });
    await recovered(cache);
    redis.pause();
    const startedMs = performance.now();
    try {
      await expect(cache.bump(['errand:1'])).rejects.toMatchObject({ name: 'CacheUnavailable' });
    } finally {
      redis.resume();
    }
    expect(performance.now() - startedMs, 'and not after that of the test').toBeLessThan(20_000);
    await cache.close();
  });
});
