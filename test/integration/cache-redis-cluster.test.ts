import { randomUUID } from 'node:crypto';
import { describe, expect, it, type TestContext } from 'vitest';
import { createCache, createRedisStore } from '../../src/cache/index.js';
import type { Cache } from '../../src/cache/index.js';
import { eventsOf, eventually, neverLoads, readOf, value } from '../contracts/cache.fixtures.js';
import { cutOffReplicas, startCluster, until, withClient } from '../support/redis-cluster.js';
import type { RedisCluster } from '../support/redis-cluster.js';
import type { RedisProcess } from '../support/redis.js';

const testMsMax = 180_000;

/** The servers of one test; they and what was opened on them go with it. */
interface Servers extends RedisCluster {
  readonly test: Pick<TestContext, 'onTestFinished'>;
}

/** The tests run at the same time, for most of theirs is waiting for servers to find each other: so each has its own. */
async function cluster(test: Servers['test'], more: readonly string[] = []): Promise<Servers> {
  const started = await startCluster(['--cluster-require-full-coverage', 'no', ...more]);
  test.onTestFinished(() => started.stop());
  return { ...started, test };
}

function openCache({ url, test }: Servers, prefix: string, commandTimeoutMs = 5000): Cache {
  const store = createRedisStore({ url, prefix, quarantineMs: 0, commandTimeoutMs });
  const cache = createCache({ store, prefix, settleMs: 0 });
  test.onTestFinished(() => cache.close());
  return cache;
}

const isReady = (cache: Cache): Promise<void> =>
  eventually(async () => (await cache.health()).state === 'ready', 45_000);

const keysOf = (node: RedisProcess, prefix: string): Promise<readonly string[]> =>
  withClient(node, async (client) => (await client.keys('*')).filter((key) => key.includes(prefix)));

describe.concurrent('a Redis Cluster', () => {
  it(
    'keeps the control keys of a prefix on one server, those of other prefixes on others, and entries on all',
    async (test) => {
      const servers = await cluster(test);
      const controls = new Set<RedisProcess>();
      for (let index = 0; index < 12; index += 1) {
        const prefix = `p${index}`;
        const cache = openCache(servers, prefix);
        for (let row = 0; row < 30; row += 1) await cache.read(readOf(value('v'), { key: `errand:${row}` }));
        await cache.bump(['errand:1', 'list']);
        await cache.begin('w', ['errand:2', 'other']);
        await cache.end('w', 'committed', ['errand:3']);
        await cache.clearAll();
        const owner = await servers.ownerOf(`{${prefix}}`);
        controls.add(owner);
        for (const node of servers.nodes) {
          const keys = await keysOf(node, prefix);
          expect(keys.filter((key) => key.startsWith(`${prefix}:e:`)).length).toBeGreaterThan(0);
          expect(keys.some((key) => key.startsWith(`{${prefix}}:`))).toBe(node === owner);
        }
      }
      expect(controls.size).toBe(3);
    },
    testMsMax,
  );

  it(
    'shows a bump, an announcement and a clearing of one process to the very next read of another',
    async (test) => {
      const servers = await cluster(test);
      const prefix = randomUUID();
      const [writer, reader] = [openCache(servers, prefix), openCache(servers, prefix)];
      const rows = Array.from({ length: 20 }, (_, index) => `errand:${index}`);
      const read = (key: string, fresh: string) => reader.read(readOf(value(fresh), { key, tags: [key] }));
      for (const key of rows) await read(key, 'old');
      for (const key of rows) expect((await read(key, 'unused')).outcome.kind).toBe('hit');
      await writer.bump(rows);
      for (const key of rows) expect((await read(key, 'bumped')).value).toBe('bumped');
      await writer.begin('w', rows);
      for (const key of rows) expect((await read(key, 'direct')).outcome).toMatchObject({ reason: 'open-write' });
      await writer.end('w', 'rolledBack', []);
      for (const key of rows) expect((await read(key, 'unused')).value).toBe('bumped');
      await writer.clearAll();
      for (const key of rows) expect((await read(key, 'cleared')).value).toBe('cleared');
    },
    testMsMax,
  );

  it(
    'is entered with a password by those who have it',
    async (test) => {
      const servers = await cluster(test);
      for (const node of servers.nodes)
        await withClient(node, (client) => client.config('SET', 'requirepass', 'open sesame'));
      const hosts = servers.url.slice('redis-cluster://'.length);
      const cache = openCache({ ...servers, url: `redis-cluster://:open%20sesame@${hosts}` }, 'p');
      for (let row = 0; row < 10; row += 1) await cache.read(readOf(value('v'), { key: `errand:${row}` }));
      for (let row = 0; row < 10; row += 1)
        expect((await cache.read(readOf(neverLoads, { key: `errand:${row}` }))).value).toBe('v');
      const stranger = openCache({ ...servers, url: `redis-cluster://:wrong@${hosts}` }, 'p');
      expect((await stranger.read(readOf(value('direct')))).outcome).toMatchObject({ reason: 'store-unavailable' });
    },
    testMsMax,
  );

  it(
    'loses the entries of a server that died, and nothing else',
    async (test) => {
      const servers = await cluster(test);
      const prefix = randomUUID();
      const cache = openCache(servers, prefix, 1000);
      const rows = Array.from({ length: 30 }, (_, index) => `errand:${index}`);
      for (const key of rows) await cache.read(readOf(value(key), { key }));
      const control = await servers.ownerOf(`{${prefix}}`);
      const other = servers.nodes.find((node) => node !== control)!;
      const gone = new Set(await keysOf(other, prefix));
      const lost = eventsOf(cache, 'store-lost');
      await other.kill();
      for (const key of rows) {
        const { value: seen, outcome } = await cache.read(readOf(value(key), { key }));
        expect(seen).toBe(key);
        expect(outcome.kind).toBe(gone.has(`${prefix}:e:${key}`) ? 'miss' : 'hit');
      }
      await cache.bump(['errand:1']);
      expect(lost).toEqual([]);
      await other.restart();
      await eventually(async () => {
        const answers = await Promise.all(rows.map((key) => cache.read(readOf(value('again'), { key }))));
        return answers.every(({ outcome }) => outcome.kind === 'hit');
      }, 45_000);
    },
    testMsMax,
  );

  it(
    'waits once for a server that froze, and then lets it rest',
    async (test) => {
      const servers = await cluster(test, ['--cluster-node-timeout', '60000']);
      const prefix = randomUUID();
      const cache = openCache(servers, prefix, 500);
      const rows = Array.from({ length: 30 }, (_, index) => `errand:${index}`);
      for (const key of rows) await cache.read(readOf(value(key), { key }));
      const control = await servers.ownerOf(`{${prefix}}`);
      const other = servers.nodes.find((node) => node !== control)!;
      const there = (await keysOf(other, prefix)).map((key) => key.slice(prefix.length + 3));
      const lost = eventsOf(cache, 'store-lost');
      other.pause();
      try {
        const tookMs: number[] = [];
        for (const key of [...there, ...there]) {
          const { outcome } = await cache.read(readOf(value(key), { key }));
          expect(outcome.kind).toBe('miss');
          tookMs.push(outcome.tookMs);
        }
        expect(there.length).toBeGreaterThan(3);
        expect(tookMs.filter((ms) => ms >= 450).length, tookMs.join(' ')).toBeLessThanOrEqual(there.length);
        expect(lost).toEqual([]);
      } finally {
        other.resume();
      }
    },
    testMsMax,
  );

  it(
    'begins a new generation when the server of the control keys was restarted',
    async (test) => {
      const servers = await cluster(test);
      const prefix = randomUUID();
      const [one, two] = [openCache(servers, prefix), openCache(servers, prefix)];
      const row = await rowElsewhere(servers, prefix);
      await two.read(readOf(value('old'), { key: row }));
      const control = await servers.ownerOf(`{${prefix}}`);
      await control.kill();
      await eventually(async () => (await two.health()).state === 'lost');
      expect((await two.read(readOf(value('direct'), { key: row }))).outcome.kind).toBe('bypass');
      await control.restart();
      await Promise.all([isReady(one), isReady(two)]);
      expect((await two.read(readOf(value('new'), { key: row }))).value).toBe('new');
      expect((await one.read(readOf(neverLoads, { key: row }))).value).toBe('new');
    },
    testMsMax,
  );
});

/** A key whose entry does not stand with the control keys, and so outlives them. */
async function rowElsewhere(servers: RedisCluster, prefix: string): Promise<string> {
  const control = await servers.ownerOf(`{${prefix}}`);
  for (let index = 0; ; index += 1) {
    const row = `errand:${index}`;
    if ((await servers.ownerOf(`${prefix}:e:${row}`)) !== control) return row;
  }
}

describe.concurrent('a Redis Cluster whose control keys move', () => {
  it(
    'shows nothing from before a failover that lost a bump, and caches again after it',
    async (test) => {
      const servers = await cluster(test);
      const prefix = randomUUID();
      const [one, two] = [openCache(servers, prefix), openCache(servers, prefix)];
      const row = await rowElsewhere(servers, prefix);
      const control = await servers.ownerOf(`{${prefix}}`);
      await servers.addReplica(control);
      await two.read(readOf(value('old'), { key: row, tags: [row] }));
      const generations = eventsOf(two, 'new-generation');
      await until(async () => (await withClient(control, (client) => client.wait(1, 1000))) === 1);
      await cutOffReplicas(control);
      await one.bump([row]);
      await control.kill();
      await Promise.all([isReady(one), isReady(two)]);
      expect((await two.read(readOf(value('new'), { key: row, tags: [row] }))).value).toBe('new');
      expect((await one.read(readOf(neverLoads, { key: row, tags: [row] }))).value).toBe('new');
      expect(generations.length).toBeLessThanOrEqual(1);
    },
    testMsMax,
  );

  it(
    'follows a failover that somebody asked for',
    async (test) => {
      const servers = await cluster(test);
      const prefix = randomUUID();
      const cache = openCache(servers, prefix);
      await cache.read(readOf(value('old')));
      const control = await servers.ownerOf(`{${prefix}}`);
      const replica = await servers.addReplica(control);
      const lost = eventsOf(cache, 'store-lost');
      await withClient(replica, (client) => client.call('CLUSTER', 'FAILOVER'));
      await eventually(async () => {
        await cache.health();
        return lost.length > 0;
      }, 45_000);
      await isReady(cache);
      expect(await servers.ownerOf(`{${prefix}}`)).toBe(replica);
      expect((await cache.read(readOf(value('new')))).value).toBe('new');
      expect((await cache.read(readOf(neverLoads))).value).toBe('new');
    },
    testMsMax,
  );

  it(
    'follows the slot to another server, under a new generation',
    async (test) => {
      const servers = await cluster(test);
      const prefix = randomUUID();
      const cache = openCache(servers, prefix);
      const row = await rowElsewhere(servers, prefix);
      await cache.read(readOf(value('old'), { key: row }));
      await cache.bump(['a', 'b', 'c']);
      const from = await servers.ownerOf(`{${prefix}}`);
      const to = servers.nodes.find((node) => node !== from)!;
      const generations = eventsOf(cache, 'new-generation');
      await moveSlot(servers, `{${prefix}}`, from, to);
      await eventually(async () => {
        await cache.health();
        return generations.length > 0;
      }, 45_000);
      await isReady(cache);
      expect(generations).toMatchObject([{ reason: 'restarted' }]);
      expect((await cache.read(readOf(value('new'), { key: row }))).value).toBe('new');
      expect((await cache.read(readOf(neverLoads, { key: row }))).value).toBe('new');
      expect((await keysOf(from, prefix)).filter((key) => key.startsWith('{'))).toEqual([]);
    },
    testMsMax,
  );
});

async function moveSlot({ nodes }: RedisCluster, key: string, from: RedisProcess, to: RedisProcess): Promise<void> {
  const idOf = (node: RedisProcess): Promise<string> =>
    withClient(node, async (client) => String(await client.call('CLUSTER', 'MYID')));
  const [fromId, toId] = [await idOf(from), await idOf(to)];
  const slot = await withClient(from, async (client) => String(await client.call('CLUSTER', 'KEYSLOT', key)));
  await withClient(to, (client) => client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId));
  await withClient(from, async (client) => {
    await client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    const keys = (await client.call('CLUSTER', 'GETKEYSINSLOT', slot, '1000')) as string[];
    await client.call('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'REPLACE', 'KEYS', ...keys);
  });
  for (const node of [to, from, ...nodes])
    await withClient(node, (client) => client.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId));
}
