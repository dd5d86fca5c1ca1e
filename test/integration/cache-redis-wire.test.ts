import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCache, createRedisStore } from '../../src/cache/index.js';
import type { CacheOptions } from '../../src/cache/index.js';
import { eventsOf, neverLoads, readOf, value } from '../contracts/cache.fixtures.js';
import { startRedis } from '../support/redis.js';
import type { RedisProcess } from '../support/redis.js';

let redis: RedisProcess;
let client: Redis;
beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.url);
});
afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

const openCache = (prefix: string, options: Partial<CacheOptions> = {}) =>
  createCache({ store: createRedisStore({ url: redis.url, prefix, quarantineMs: 0 }), prefix, ...options });

/** How many commands the server ran for `work`, those of this count itself and the beat left out. */
async function commandsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
  await client.config('RESETSTAT');
  await work();
  const lines = (await client.info('commandstats')).split('\r\n').filter((line) => line.startsWith('cmdstat_'));
  const calls = lines.map((line) => [/_(\S+?):/.exec(line)?.[1] ?? '', Number(/calls=(\d+)/.exec(line)?.[1])] as const);
  return Object.fromEntries(calls.filter(([name]) => !/^(?:config.*|info|hset)$/.test(name)));
}

describe('the cache on Redis', () => {
  it('takes one command for a hit, also when tags were found in the value', async () => {
    const cache = openCache(randomUUID());
    const request = { key: 'list', tags: ['list'], tagsFound: () => ['errand:1', 'errand:2'] };
    await cache.read(readOf(value('v'), request));
    expect(await commandsOf(() => cache.read(readOf(neverLoads, request)))).toEqual({ mget: 1 });
    await cache.close();
  });

  it('takes one command for all looks of one turn, with a near store or without', async () => {
    for (const nearBytesMax of [0, 2 ** 20]) {
      const cache = openCache(randomUUID(), { nearBytesMax });
      const requests = Array.from({ length: 50 }, (_, index) => ({ key: `key:${index}`, tags: [`tag:${index}`] }));
      await Promise.all(requests.map((request) => cache.read(readOf(value(request.key), request))));
      await cache.health();
      const again = () => Promise.all(requests.map((request) => cache.read(readOf<string>(neverLoads, request))));
      expect(await commandsOf(again)).toEqual({ mget: 1 });
      await cache.close();
    }
  });

  it('takes no command for a bounded hit within its bound', async () => {
    const cache = openCache(randomUUID(), { nearBytesMax: 2 ** 20 });
    const request = { tier: 'bounded', boundMs: 600_000 } as const;
    await cache.read(readOf(value('v'), request));
    await cache.health();
    expect(await commandsOf(() => cache.read(readOf(neverLoads, request)))).toEqual({});
    await cache.close();
  });

  it('learns the generation with every bump and every end, so that a floor of another one is never met by chance', async () => {
    const prefix = randomUUID();
    const cache = openCache(prefix);
    await cache.bump(['errand:1']);
    expect(cache.position()?.generation).toBe(await client.get(`{${prefix}}:g`));
    await cache.begin('w', ['errand:1']);
    await client.set(`{${prefix}}:g`, 'another');
    await cache.end('w', 'committed', []);
    expect(cache.position()).toEqual({ generation: 'another', seq: Number(await client.get(`{${prefix}}:seq`)) });
    await client.del(`{${prefix}}:seq`);
    await cache.bump(['errand:1']);
    expect(cache.position()).toEqual({ generation: '', seq: 0 });
    await cache.close();
  });

  it('takes a second command only for the first hit on tags it has not met', async () => {
    const prefix = randomUUID();
    const [writer, reader] = [openCache(prefix), openCache(prefix)];
    const request = { key: 'list', tags: ['list'], tagsFound: () => ['errand:1', 'errand:2'] };
    await writer.read(readOf(value('v'), request));
    await reader.health();
    expect(await commandsOf(() => reader.read(readOf(neverLoads, request)))).toEqual({ mget: 2 });
    expect(await commandsOf(() => reader.read(readOf(neverLoads, request)))).toEqual({ mget: 1 });
    await Promise.all([writer.close(), reader.close()]);
  });

  it('takes two commands for a miss that nobody else may wait for, and two small ones more with the lease', async () => {
    const misses = { off: { mget: 2, set: 1 }, on: { mget: 2, set: 2, eval: 2, getrange: 1, get: 2, del: 1 } };
    for (const [lease, commands] of Object.entries(misses)) {
      const cache = openCache(randomUUID(), lease === 'on' ? {} : { leaseMs: 0 });
      await cache.health();
      const miss = async () => {
        await cache.read(readOf(value('v')));
        await cache.health();
      };
      expect(await commandsOf(miss)).toEqual(commands);
      await cache.close();
    }
  });

  it('takes one script for a bump of many tags', async () => {
    const cache = openCache(randomUUID());
    await cache.health();
    expect(await commandsOf(() => cache.bump(['a', 'b', 'c', 'b']))).toMatchObject({ evalsha: 1, incr: 1, set: 3 });
    await cache.close();
  });

  it('gives every entry a time to live and the control keys none', async () => {
    const prefix = randomUUID();
    const cache = openCache(prefix);
    await cache.read(readOf(value('v'), { ttlMs: 5000 }));
    await cache.bump(['errand:1']);
    expect(await client.pttl(`${prefix}:e:errand:1`)).toBeGreaterThan(0);
    for (const name of ['g', 'seq', 't:errand:1']) expect(await client.pttl(`{${prefix}}:${name}`)).toBe(-1);
    await cache.close();
  });

  it('expires entries by itself', async () => {
    const prefix = randomUUID();
    const cache = openCache(prefix);
    await cache.read(readOf(value('v'), { ttlMs: 40 }));
    const deadline = Date.now() + 45_000;
    while ((await client.exists(`${prefix}:e:errand:1`)) === 1 && Date.now() < deadline);
    expect(await client.exists(`${prefix}:e:errand:1`)).toBe(0);
    await cache.close();
  });

  it('takes bytes that are not text for a corrupt entry', async () => {
    const prefix = randomUUID();
    const cache = openCache(prefix);
    await cache.read(readOf(value('genuine é')));
    const corrupt = eventsOf(cache, 'corrupt');
    const key = `${prefix}:e:errand:1`;
    const bytes = (await client.getBuffer(key)) ?? Buffer.alloc(0);
    for (const damaged of [Buffer.from([0xff, 0xfe, 0x00]), bytes.map((byte) => (byte === 0xc3 ? 0xc4 : byte))]) {
      await client.set(key, Buffer.from(damaged));
      expect((await cache.read(readOf(value('genuine é')))).outcome).toMatchObject({ kind: 'miss', reason: 'corrupt' });
    }
    expect(corrupt).toHaveLength(2);
    await client.del(key);
    await client.hset(key, 'another', 'type');
    expect((await cache.read(readOf(value('v')))).outcome).toMatchObject({ kind: 'miss', reason: 'cold' });
    await cache.close();
  });

  it('obeys the count of announced writes in a tag, and keeps it through a bump', async () => {
    const prefix = randomUUID();
    const cache = openCache(prefix);
    const tag = `{${prefix}}:t:errand:1`;
    await cache.read(readOf(value('old')));
    await client.set(tag, '0|1');
    expect((await cache.read(readOf(value('v')))).outcome).toMatchObject({ kind: 'bypass', reason: 'open-write' });
    await client.set(tag, '0');
    expect((await cache.read(readOf(neverLoads))).value).toBe('old');
    await client.set(tag, '0|2');
    await cache.bump(['errand:1']);
    expect(await client.get(tag)).toMatch(/^\d+\|2$/);
    await client.set(tag, 'damaged');
    expect((await cache.read(readOf(value('v')))).outcome).toMatchObject({ kind: 'miss', reason: 'stale-tag' });
    await cache.close();
  });

  it('says when the server may evict tags, and then keeps nothing strict', async () => {
    await client.config('SET', 'maxmemory', '50mb', 'maxmemory-policy', 'allkeys-lru');
    const cache = openCache(randomUUID());
    const unsafe = eventsOf(cache, 'unsafe-eviction');
    expect((await cache.health()).detail).toContain('allkeys-lru');
    expect(unsafe).toEqual([{ kind: 'unsafe-eviction', policy: 'allkeys-lru' }]);
    for (const tier of ['acked', 'strict'] as const) await cache.read(readOf(value('old'), { key: tier, tier }));
    expect((await cache.read(readOf(neverLoads, { key: 'acked' }))).value).toBe('old');
    const strict = await cache.read(readOf(value('new'), { key: 'strict', tier: 'strict' }));
    expect(strict).toMatchObject({ value: 'new', outcome: { kind: 'bypass', reason: 'unsafe-eviction' } });
    await cache.close();
    await client.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
  });

  it('keeps answering when the server is out of memory, and rejects the bump that did not arrive', async () => {
    const cache = openCache(randomUUID());
    await cache.health();
    const refused = eventsOf(cache, 'not-stored');
    await client.config('SET', 'maxmemory', '1');
    try {
      expect((await cache.read(readOf(value('v')))).value).toBe('v');
      expect((await cache.read(readOf(value('w')))).value).toBe('w');
      expect(refused[0]).toMatchObject({ why: 'refused' });
      await expect(cache.bump(['errand:1'])).rejects.toMatchObject({ name: 'CacheUnavailable' });
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
    await cache.close();
  });
});
