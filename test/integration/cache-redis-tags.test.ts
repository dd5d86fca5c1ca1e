import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCache, createRedisStore } from '../../src/cache/index.js';
import type { Cache, RedisStoreOptions, Store } from '../../src/cache/index.js';
import { eventually, neverLoads, readOf, value } from '../contracts/cache.fixtures.js';
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

interface Opened {
  readonly prefix: string;
  readonly store: Store;
  readonly cache: Cache;
}

async function withCache(options: Partial<RedisStoreOptions>, body: (opened: Opened) => Promise<void>): Promise<void> {
  const prefix = randomUUID();
  const store = createRedisStore({ url: redis.url, prefix, quarantineMs: 0, ...options });
  const cache = createCache({ store, prefix, settleMs: 0 });
  try {
    await eventually(async () => (await cache.health()).state === 'ready');
    await body({ prefix, store, cache });
  } finally {
    await cache.close();
  }
}

async function bumpMany(cache: Cache, count: number, name: string, tagsEach = 5): Promise<void> {
  const bumps = Array.from({ length: count / tagsEach }, (_, write) =>
    Array.from({ length: tagsEach }, (_tag, index) => `${name}:${write * tagsEach + index}`),
  );
  for (let start = 0; start < bumps.length; start += 200) {
    await Promise.all(bumps.slice(start, start + 200).map((tags) => cache.bump(tags)));
  }
}

const controlKeys = async (prefix: string): Promise<readonly string[]> => client.keys(`{${prefix}}:*`);

describe('tags in Redis', () => {
  it(
    'stay within their bound however many rows are written, and so does everything else that writes leave',
    () =>
      withCache({ tagsMax: 2000 }, async ({ prefix, cache }) => {
        await bumpMany(cache, 30_000, 'errand');
        for (let write = 0; write < 500; write += 1) {
          await cache.begin(`w${write}`, [`escrow:${write}`]);
          await cache.end(`w${write}`, write % 2 === 0 ? 'committed' : 'rolledBack', [`list:${write}`]);
        }
        const keys = await controlKeys(prefix);
        expect(keys.length).toBeLessThanOrEqual(2000 + 20);
        expect(keys.length).toBeGreaterThan(1500);
        expect(await client.zcard(`{${prefix}}:tags`)).toBeLessThanOrEqual(2000);
        expect(await client.llen(`{${prefix}}:log`)).toBe(1000);
        expect(await client.llen(`{${prefix}}:marks`)).toBeLessThanOrEqual(10);
        expect(await client.exists(`{${prefix}}:ix`)).toBe(0);
      }),
    60_000,
  );

  it(
    'shrink to a lower bound little by little, no bump paying for all',
    () =>
      withCache({ tagsMax: 5000 }, async ({ prefix, cache }) => {
        await bumpMany(cache, 5000, 'errand');
        const smaller = createRedisStore({ url: redis.url, prefix, quarantineMs: 0, tagsMax: 1000 });
        let isUp = false;
        smaller.connect({ up: () => void (isUp = true), down() {} });
        await eventually(() => isUp);
        const before = await client.zcard(`{${prefix}}:tags`);
        await smaller.bump(['one']);
        const after = await client.zcard(`{${prefix}}:tags`);
        expect(before - after).toBeGreaterThan(1);
        expect(before - after).toBeLessThan(50);
        for (let bumps = 0; bumps < 300; bumps += 1) await smaller.bump(['one']);
        expect(await client.zcard(`{${prefix}}:tags`)).toBeLessThanOrEqual(1000);
        await smaller.close();
      }),
    60_000,
  );

  it(
    'never bring back an entry that they made invalid, once they are forgotten',
    () =>
      withCache({ tagsMax: 1000 }, async ({ prefix, cache }) => {
        const row = { tags: ['row'] };
        await cache.read(readOf(value('old'), row));
        const old = (await client.get(`${prefix}:e:errand:1`)) ?? '';
        await cache.bump(['row']);
        await bumpMany(cache, 3000, 'other');
        expect(await client.exists(`{${prefix}}:t:row`)).toBe(0);
        expect(await cache.read(readOf(value('new'), row))).toMatchObject({ value: 'new', outcome: { kind: 'miss' } });
        expect((await cache.read(readOf(neverLoads, row))).value).toBe('new');

        // The check can fail: forgotten without a floor, or with a floor that nobody obeys, the old entry is shown.
        await client.set(`${prefix}:e:errand:1`, old);
        expect((await cache.read(readOf(value('newer'), row))).value).toBe('newer');
        await client.set(`${prefix}:e:errand:1`, old);
        await client.set(`{${prefix}}:floor`, '0');
        expect((await cache.read(readOf(value('newest'), row))).value).toBe('old');
      }),
    60_000,
  );

  it(
    'do not come back at their old place when a write of a forgotten one is announced and rolled back',
    () =>
      withCache({ tagsMax: 1000 }, async ({ prefix, cache }) => {
        const row = { tags: ['row'] };
        await cache.read(readOf(value('old'), row));
        await cache.bump(['row']);
        await bumpMany(cache, 3000, 'other');
        expect(await client.exists(`{${prefix}}:t:row`)).toBe(0);
        await cache.begin('w', ['row']);
        expect((await cache.read(readOf(value('direct'), row))).outcome).toMatchObject({ reason: 'open-write' });
        await cache.end('w', 'rolledBack', []);
        expect((await cache.read(readOf(value('new'), row))).value).toBe('new');
      }),
    60_000,
  );

  it(
    'stay open while a write of theirs is announced, however many are written meanwhile',
    () =>
      withCache({ tagsMax: 1000 }, async ({ prefix, cache }) => {
        const row = { tags: ['row'] };
        await cache.begin('w', ['row']);
        await bumpMany(cache, 3000, 'other');
        expect(await client.get(`{${prefix}}:t:row`)).toMatch(/^\d+\|1$/);
        expect((await cache.read(readOf(value('direct'), row))).outcome).toMatchObject({ reason: 'open-write' });
        await cache.end('w', 'committed', []);
        await cache.read(readOf(value('new'), row));
        expect((await cache.read(readOf(neverLoads, row))).value).toBe('new');
        expect(await client.zscore(`{${prefix}}:tags`, 'row')).not.toBeNull();
        await bumpMany(cache, 3000, 'further');
        expect(await client.exists(`{${prefix}}:t:row`)).toBe(0);
      }),
    60_000,
  );

  it(
    'are forgotten when they are older than any entry lives, and younger entries stay',
    () =>
      withCache({ tagAgeMsMax: 400 }, async ({ prefix, cache }) => {
        await bumpMany(cache, 100, 'old');
        const deadline = Date.now() + 30_000;
        let bumps = 0;
        while ((await client.exists(`{${prefix}}:t:old:99`)) === 1 && Date.now() < deadline) {
          await cache.bump([`young:${bumps++ % 3}`]);
          if (bumps % 7 === 0) await cache.read(readOf(value('young'), { ttlMs: 60_000 }));
        }
        expect(await client.keys(`{${prefix}}:t:old:*`)).toEqual([]);
        expect(Number(await client.get(`{${prefix}}:floor`))).toBeGreaterThan(0);
        await cache.read(readOf(value('young')));
        expect((await cache.read(readOf(neverLoads))).value).toBe('young');
        expect(await client.llen(`{${prefix}}:marks`)).toBeLessThanOrEqual(10);
      }),
    60_000,
  );

  it('start over with a new generation, whose entries need not fear what tags did before', () =>
    withCache({ tagsMax: 1000 }, async ({ prefix, cache }) => {
      await bumpMany(cache, 500, 'errand');
      await cache.clearAll();
      expect(await client.get(`{${prefix}}:floor`)).toBe(await client.get(`{${prefix}}:seq`));
      await cache.read(readOf(value('v')));
      expect((await cache.read(readOf(neverLoads))).value).toBe('v');
    }));

  it.each(['nothing', '', '12x'])('mean nothing under a floor that reads %j: the generation goes', (floor) =>
    withCache({}, async ({ prefix, cache }) => {
      await cache.bump(['errand:1']);
      await cache.read(readOf(value('old')));
      if (floor === 'nothing') await client.del(`{${prefix}}:floor`);
      else await client.set(`{${prefix}}:floor`, floor);
      expect((await cache.read(readOf(value('direct')))).outcome.kind).toBe('bypass');
      await eventually(async () => (await cache.read(readOf(value('new')))).outcome.kind !== 'bypass');
      expect((await cache.read(readOf(neverLoads))).value).toBe('new');
    }),
  );
});
