import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCache, createRedisStore } from '../../src/cache/index.js';
import type { Cache, RedisStoreOptions } from '../../src/cache/index.js';
import { eventsOf, eventually, neverLoads, readOf, value } from '../contracts/cache.fixtures.js';
import { cutOffReplicas, until, withClient } from '../support/redis-cluster.js';
import { startCuttableLink } from '../support/cuttable-link.js';
import { sentinelUrl, startWatchedRedis } from '../support/redis-sentinel.js';
import type { WatchedRedis } from '../support/redis-sentinel.js';

let watched: WatchedRedis;
beforeAll(async () => {
  watched = await startWatchedRedis();
}, 120_000);
afterAll(() => watched.stop());

const caches: Cache[] = [];
afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()));
});

function openCache(more: Partial<RedisStoreOptions> = {}): Cache {
  const prefix = 'watched';
  const store = createRedisStore({ url: watched.url, prefix, quarantineMs: 0, commandTimeoutMs: 500, ...more });
  const cache = createCache({ store, prefix, settleMs: 0 });
  caches.push(cache);
  return cache;
}

const isReady = (cache: Cache): Promise<void> =>
  eventually(async () => (await cache.health()).state === 'ready', 60_000);

const primaryPort = (sentinelPort: number): Promise<number> =>
  withClient({ port: sentinelPort }, async (client) => {
    const [, port] = (await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')) as string[];
    return Number(port);
  });

describe('a primary under sentinels', () => {
  it('is found again when it changes just while a sentinel is being asked for it', async () => {
    const own = await startWatchedRedis();
    const [first = 0, second = 0, third = 0] = own.ports;
    const slow = await startCuttableLink(first);
    try {
      const cache = openCache({ url: sentinelUrl([slow.port, second, third]), commandTimeoutMs: 30_000 });
      await isReady(cache);
      slow.hold();
      await withClient(own.primary, (client) => client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
      await eventually(async () => (await cache.health()).state === 'lost');
      await withClient({ port: second }, (client) => client.call('SENTINEL', 'FAILOVER', 'main'));
      await until(async () => (await primaryPort(third)) === own.replica.port);
      slow.release();
      await isReady(cache);
      expect((await cache.read(readOf(value('kept again')))).outcome.kind).toBe('miss');
    } finally {
      await slow.close();
      await own.stop();
    }
  }, 180_000);

  it('is found by the name the sentinels know it by, and followed to its successor, where nothing old is shown', async () => {
    const [one, two] = [openCache(), openCache({ quarantineMs: 300 })];
    await Promise.all([isReady(one), isReady(two)]);
    await two.read(readOf(value('old')));
    expect((await one.read(readOf(neverLoads))).value).toBe('old');
    await until(async () => (await withClient(watched.primary, (client) => client.wait(1, 1000))) === 1);

    // The replica has the entry, and never hears that it was spoilt.
    await cutOffReplicas(watched.primary);
    await one.bump(['errand:1']);
    const generations = [one, two].map((cache) => eventsOf(cache, 'new-generation'));
    await watched.primary.kill();
    await eventually(async () => (await two.health()).state === 'lost');
    expect((await two.read(readOf(value('direct')))).outcome.kind).toBe('bypass');

    await Promise.all([isReady(one), isReady(two)]);
    expect(await withClient(watched.replica, (client) => client.get('watched:e:errand:1'))).toContain('old');
    expect((await two.read(readOf(value('new')))).value).toBe('new');
    expect((await one.read(readOf(neverLoads))).value).toBe('new');
    expect(generations.flat()).toMatchObject([{ reason: 'restarted' }]);
  }, 120_000);
});
