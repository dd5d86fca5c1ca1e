import { describe, expect, it } from 'vitest';
import { createRedisStore, parseRedisUrl, RedisUrlInvalid } from '../../src/cache/index.js';
import type { RedisAddress } from '../../src/cache/index.js';

const plain: RedisAddress = {
  kind: 'single',
  hasTls: false,
  nodes: [{ host: '127.0.0.1', port: 6379 }],
  username: undefined,
  password: undefined,
  db: 0,
  primary: undefined,
  sentinelPassword: undefined,
};

describe('the URL of a Redis', () => {
  it.each<[string, Partial<RedisAddress>]>([
    ['redis://', {}],
    ['redis://cache', { nodes: [{ host: 'cache', port: 6379 }] }],
    ['redis://:p%40ss@cache:1/2', { nodes: [{ host: 'cache', port: 1 }], password: 'p@ss', db: 2 }],
    [
      'rediss://me:secret@[::1]:7',
      { nodes: [{ host: '::1', port: 7 }], hasTls: true, username: 'me', password: 'secret' },
    ],
    [
      'redis-cluster://me:secret@a:1,b',
      {
        kind: 'cluster',
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 6379 },
        ],
        username: 'me',
        password: 'secret',
      },
    ],
    [
      'rediss-sentinel://:secret@a,b:3/main/4?sentinelPassword=other%20one',
      {
        kind: 'sentinel',
        hasTls: true,
        nodes: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 3 },
        ],
        password: 'secret',
        primary: 'main',
        db: 4,
        sentinelPassword: 'other one',
      },
    ],
  ])('%s is understood', (url, expected) => {
    expect(parseRedisUrl(url)).toEqual({ ...plain, ...expected });
  });

  it.each([
    'cache:6379',
    'http://cache',
    'redis+cluster://a:1',
    'redis://a:1,b c',
    'redis://a:99999',
    'redis://a/one',
    'redis://a/1/2',
    'redis://a?db=2',
    'redis://:%zz@a',
    'redis-cluster://',
    'redis-cluster://a:1,,b:2',
    'redis-cluster://a:1/1',
    'redis-sentinel://a:1',
    'redis-sentinel://a:1/',
    'redis-sentinel://a:1/main/one',
    'redis-sentinel://a:1/main?password=hunter2',
  ])('%s is refused with all forms that are accepted', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(RedisUrlInvalid);
    expect(() => parseRedisUrl(url)).toThrow(/redis:\/\/.*redis-cluster:\/\/.*redis-sentinel:\/\//);
  });

  it.each(['redis://:hunter2@a:b', 'redis://:hunter2@a/x', 'redis-sentinel://:hunter2@a', 'redis://:hunter2?x@a'])(
    'is never repeated with its password: %s',
    (url) => {
      expect(() => parseRedisUrl(url)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
      );
    },
  );
});

describe('a Redis store', () => {
  it('refuses a prefix that would tear its control keys apart on a cluster', () => {
    expect(() => createRedisStore({ url: 'redis://', prefix: 'a}b' })).toThrow(RangeError);
  });
});
