import { afterEach, describe, expect, it } from 'vitest';
import { createCache, createRedisStore } from '../../src/cache/index.js';
import type { Cache } from '../../src/cache/index.js';
import { eventually, neverLoads, readOf, value } from '../contracts/cache.fixtures.js';
import { until, withClient } from '../support/redis-cluster.js';
import { startRedis } from '../support/redis.js';
import type { RedisProcess } from '../support/redis.js';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function server(...words: readonly string[]): Promise<RedisProcess> {
  const redis = await startRedis({ arguments: words });
  open.push(() => redis.stop());
  return redis;
}

function openCache({ url }: RedisProcess): Cache {
  const store = createRedisStore({ url, prefix: 'pair', quarantineMs: 0, beatMs: 50 });
  const cache = createCache({ store, prefix: 'pair', settleMs: 0 });
  open.push(() => cache.close());
  return cache;
}

const becomes = (cache: Cache, state: 'ready' | 'lost'): Promise<void> =>
  eventually(async () => (await cache.health()).state === state, 45_000);

describe('a process that only reads', () => {
  it('shows nothing of a primary that was made a replica while its connection stayed open', async () => {
    const [demoted, successor] = [await server(), await server()];
    const cache = openCache(demoted);
    await cache.read(readOf(value('old')));
    expect((await cache.read(readOf(neverLoads))).value).toBe('old');
    await withClient(demoted, (client) => client.replicaof('127.0.0.1', successor.port));
    await becomes(cache, 'lost');
    for (let reads = 0; reads < 20; reads += 1)
      expect((await cache.read(readOf(value('direct')))).outcome.kind).toBe('bypass');
  }, 60_000);

  it('shows nothing of a primary that has lost the replicas it is to have, and caches again when they are back', async () => {
    const primary = await server('--min-replicas-to-write', '1', '--min-replicas-max-lag', '2');
    const replicaOf = ['--replicaof', `127.0.0.1 ${primary.port}`];
    const replica = await server(...replicaOf);
    const cache = openCache(primary);
    await becomes(cache, 'ready');
    await cache.read(readOf(value('old')));
    expect((await cache.read(readOf(neverLoads))).value).toBe('old');
    await replica.kill();
    await becomes(cache, 'lost');
    for (let reads = 0; reads < 20; reads += 1)
      expect((await cache.read(readOf(value('direct')))).outcome.kind).toBe('bypass');
    await replica.restart();
    await until(() => withClient(replica, async (client) => /master_link_status:up/.test(await client.info())));
    await becomes(cache, 'ready');
    expect((await cache.read(readOf(neverLoads))).value).toBe('old');
  }, 60_000);
});
