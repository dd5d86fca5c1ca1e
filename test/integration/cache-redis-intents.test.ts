import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCache, createRedisStore } from '../../src/cache/index.js';
import type { Cache, CacheOptions } from '../../src/cache/index.js';
import { deferred, eventsOf, eventually, neverLoads, readOf, value } from '../contracts/cache.fixtures.js';
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

function openCache(prefix: string, options: Partial<CacheOptions> = {}): Cache {
  const store = createRedisStore({ url: redis.url, prefix, quarantineMs: 0 });
  return createCache({ store, prefix, settleMs: 0, ...options });
}

const isReady = (cache: Cache): Promise<void> => eventually(async () => (await cache.health()).state === 'ready');

describe('a Redis that forgets announced writes', () => {
  it('keeps nothing for any process until the writes that were under way have ended', async () => {
    const prefix = randomUUID();
    let gate = Promise.resolve();
    const settled = (): Promise<void> => gate;
    const [writer, reader] = [openCache(prefix, { settled }), openCache(prefix, { settled })];
    await Promise.all([isReady(writer), isReady(reader)]);
    await writer.begin('w', ['errand:1']);
    const ended = deferred();
    gate = ended.promise;
    await client.flushall();
    const late = openCache(prefix, { settled, openWaitMsMax: 100 });
    for (const cache of [reader, late, reader, late]) {
      expect((await cache.read(readOf(value('old')))).outcome.kind).toBe('bypass');
    }
    ended.resolve();
    await Promise.all([isReady(reader), isReady(late)]);
    for (const cache of [reader, late]) await cache.read(readOf(value('committed')));
    expect((await late.read(readOf(neverLoads))).value).toBe('committed');
    await Promise.all([writer, reader, late].map((cache) => cache.close()));
  });

  it('keeps nothing either when everything is cleared before anybody has noticed', async () => {
    const prefix = randomUUID();
    let gate = Promise.resolve();
    const cache = openCache(prefix, { settled: () => gate });
    await isReady(cache);
    await cache.begin('w', ['errand:1']);
    const ended = deferred();
    gate = ended.promise;
    await client.flushall();
    await cache.clearAll();
    for (let reads = 0; reads < 3; reads += 1)
      expect((await cache.read(readOf(value('old')))).outcome).toMatchObject({ kind: 'bypass', reason: 'quarantine' });
    ended.resolve();
    await isReady(cache);
    await cache.read(readOf(value('committed')));
    expect((await cache.read(readOf(neverLoads))).value).toBe('committed');
    await cache.close();
  });

  it('would keep what a write under way makes old, if nobody waited for its end', async () => {
    const prefix = randomUUID();
    const cache = openCache(prefix, { settled: async () => {} });
    await isReady(cache);
    await cache.begin('w', ['errand:1']);
    await client.flushall();
    await cache.read(readOf(value('old')));
    await isReady(cache);
    await cache.read(readOf(value('old')));
    // Here the write commits, and its end is still on the way.
    expect((await cache.read(readOf(value('committed')))).value).toBe('old');
    await cache.close();
  });

  it('takes the announcement of a writer that is the first to notice, under the new generation', async () => {
    const prefix = randomUUID();
    const cache = openCache(prefix);
    await cache.read(readOf(value('old')));
    const generations = eventsOf(cache, 'new-generation');
    await client.flushall();
    await cache.begin('w', ['errand:1']);
    expect(generations).toMatchObject([{ reason: 'absent' }]);
    await isReady(cache);
    expect((await cache.read(readOf(value('v')))).outcome).toMatchObject({ kind: 'bypass', reason: 'open-write' });
    expect(await cache.end('w', 'committed', [])).toBe(true);
    await cache.close();
  });

  it('knows an announcement again that it had in its dump, and lets it be ended', async () => {
    const prefix = randomUUID();
    const cache = openCache(prefix);
    await isReady(cache);
    await cache.begin('w', ['errand:1']);
    await client.save();
    await redis.restart();
    await eventually(async () => (await cache.health()).ok);
    await isReady(cache);
    expect((await cache.read(readOf(value('v')))).outcome).toMatchObject({ kind: 'bypass', reason: 'open-write' });
    expect(await cache.openIntents(0, 10)).toMatchObject([{ token: 'w' }]);
    expect(await cache.end('w', 'committed', [])).toBe(true);
    expect((await cache.read(readOf(value('v')))).outcome.kind).toBe('miss');
    await cache.close();
  });

  it('does not answer with an entry whose further tags it forgot while they were asked for', async () => {
    const prefix = randomUUID();
    const store = createRedisStore({ url: redis.url, prefix, quarantineMs: 0 });
    const [filler, reader] = [openCache(prefix), createCache({ store, prefix, settleMs: 0 })];
    const list = { key: 'list', tags: ['list'], tagsFound: () => ['errand:7'] };
    await filler.read(readOf(value('old'), list));
    await filler.begin('w', ['errand:7']);
    await isReady(reader);
    const { lookTags } = store;
    store.lookTags = async (tags) => {
      await client.flushall();
      return lookTags(tags);
    };
    expect((await reader.read(readOf(value('committed'), list))).value).toBe('committed');
    await Promise.all([filler.close(), reader.close()]);
  });
});

describe('an announced write on Redis', () => {
  it('takes one script to announce and one to end, and leaves nothing behind but the seq of its tags', async () => {
    const prefix = randomUUID();
    const cache = openCache(prefix);
    await isReady(cache);
    const tag = `{${prefix}}:t:errand:1`;
    await client.config('RESETSTAT');
    await cache.begin('w', ['errand:1', 'list']);
    expect(await client.get(tag)).toBe('1|1');
    await cache.end('w', 'committed', ['errand:1', 'list', 'other']);
    expect(await client.info('commandstats')).toContain('cmdstat_evalsha:calls=2,');
    expect(await client.get(tag)).toMatch(/^\d+$/);
    const left = (await client.keys(`{${prefix}}:*`)).map((key) => key.slice(prefix.length + 3)).toSorted();
    const bounded = ['floor', 'g', 'log', 'marks', 'q', 'seq'];
    expect(left).toEqual([...bounded, 't:errand:1', 't:list', 't:other', 'tags']);
    await cache.close();
  });

  it('makes the generation go when its clock is gone, as a bump does', async () => {
    const prefix = randomUUID();
    const cache = openCache(prefix);
    for (const tag of ['a', 'b', 'c']) await cache.bump([tag]);
    await cache.read(readOf(value('old')));
    await cache.begin('w', ['errand:1']);
    await client.del(`{${prefix}}:seq`);
    await cache.end('w', 'committed', []);
    await eventually(async () => (await cache.read(readOf(value('new')))).outcome.kind !== 'bypass');
    expect((await cache.read(readOf(neverLoads))).value).toBe('new');
    await cache.close();
  });

  it('ends whole with a thousand tags', async () => {
    const cache = openCache(randomUUID());
    const many = Array.from({ length: 1000 }, (_, index) => `errand:${index}`);
    await cache.begin('w', many);
    await cache.end('w', 'committed', many);
    for (const tag of ['errand:0', 'errand:999'])
      expect((await cache.read(readOf(value('v'), { key: tag, tags: [tag] }))).outcome.kind).toBe('miss');
    await cache.close();
  });
});
