import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { createRedisStore } from '../../src/cache/index.js';
import { startRedis } from '../support/redis.js';
import type { RedisProcess } from '../support/redis.js';
import { describeCacheContract } from './cache.contract.js';
import { eventually } from './cache.fixtures.js';

let redis: RedisProcess;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describeCacheContract('Redis', () => {
  const prefix = `contract:${randomUUID()}`;
  return {
    prefix,
    open: () => createRedisStore({ url: redis.url, prefix, quarantineMs: 0, commandTimeoutMs: 15_000 }),
    now: Date.now,
    pass: (ms) => {
      const end = Date.now() + ms;
      return eventually(() => Date.now() >= end);
    },
  };
});
