import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { createRedisStore } from '../../src/cache/index.js';
import { startRedis } from '../support/redis.js';
import type { RedisProcess } from '../support/redis.js';
import { eventually } from './cache.fixtures.js';
import { describeLibraryContract } from './library.contract.js';

let redis: RedisProcess;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describeLibraryContract('Redis', () => {
  const prefix = `library:${randomUUID()}`;
  return {
    prefix,
    keeps: true,
    open: () => createRedisStore({ url: redis.url, prefix, quarantineMs: 0 }),
    now: Date.now,
    pass: (ms) => {
      const end = Date.now() + ms;
      return eventually(() => Date.now() >= end);
    },
  };
});
