import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { createRedisStore } from '../../src/cache/index.js';
import { startCluster } from '../support/redis-cluster.js';
import type { RedisCluster } from '../support/redis-cluster.js';
import { describeCacheContract } from './cache.contract.js';
import { eventually } from './cache.fixtures.js';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startCluster();
}, 120_000);
afterAll(() => cluster.stop());

describeCacheContract('Redis Cluster', () => {
  const prefix = `contract:${randomUUID()}`;
  return {
    prefix,
    // On a busy machine the nodes are not found within a second, and until they are there are no entries and no leases.
    open: () => createRedisStore({ url: cluster.url, prefix, quarantineMs: 0, commandTimeoutMs: 15_000 }),
    now: Date.now,
    pass: (ms) => {
      const end = Date.now() + ms;
      return eventually(() => Date.now() >= end);
    },
  };
});
