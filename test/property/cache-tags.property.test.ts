import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore, createRedisStore } from '../../src/cache/index.js';
import type { Store, TagState } from '../../src/cache/index.js';
import { eventually } from '../contracts/cache.fixtures.js';
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

const numRuns = Number(process.env['CACHE_PROPERTY_RUNS'] ?? 500) / 5;
const tag = fc.integer({ min: 0, max: 9 }).map((index) => `tag:${index}`);
const tags = fc.array(tag, { maxLength: 4 });
const token = fc.constantFrom('v', 'w', 'x');
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('bump' as const), tags: fc.array(tag, { minLength: 1 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('begin' as const), token, tags }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('committed', 'rolledBack'), token, tags }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
);
const steps = fc.array(step, { minLength: 5, maxLength: 40 });

/** Ways to forget tags that bring old entries back. */
type Fault = 'forgetsWithoutRaisingTheFloor' | 'ignoresTheFloor' | 'announcesFromZero';

/** What a store that never forgets knows: the last bump of each tag, and who keeps it open. */
function createTruth() {
  const bumped = new Map<string, number>();
  const open = new Map<string, Set<string>>();
  return {
    bumped: (at: number, moved: readonly string[]): void => moved.forEach((name) => bumped.set(name, at)),
    begin: (by: string, named: readonly string[]): void => {
      open.set(by, new Set([...(open.get(by) ?? []), ...named]));
    },
    end(by: string): readonly string[] {
      const closed = [...(open.get(by) ?? [])];
      open.delete(by);
      return closed;
    },
    seqOf: (name: string): number => bumped.get(name) ?? 0,
    openOf: (name: string): number => [...open.values()].filter((named) => named.has(name)).length,
  };
}

const all = Array.from({ length: 10 }, (_, index) => `tag:${index}`);

function neverYounger(open: () => Promise<{ store: Store; prefix: string }>, fault?: Fault) {
  return fc.asyncProperty(steps, async (script) => {
    const { store, prefix } = await open();
    const truth = createTruth();
    let forgot = false;
    try {
      for (const { kind, ...more } of script) {
        const named = 'tags' in more ? more.tags : [];
        const by = 'token' in more ? more.token : '';
        if (kind === 'bump') truth.bumped((await store.bump([...new Set(named)])).seq, named);
        else if (kind === 'begin') {
          const absent = fault === 'announcesFromZero' ? await absentOf(prefix, named) : [];
          if ((await store.begin(by, [...new Set(named)])) === 'begun') truth.begin(by, named);
          for (const name of absent) await client.set(`{${prefix}}:t:${name}`, '0|1');
        } else if (kind === 'committed' || kind === 'rolledBack') {
          const { seq } = await store.end(by, kind, kind === 'committed' ? [...new Set(named)] : []);
          const closed = truth.end(by);
          if (kind === 'committed') truth.bumped(seq, [...closed, ...named]);
        } else await store.renew();
        if (fault === 'forgetsWithoutRaisingTheFloor') await client.set(`{${prefix}}:floor`, '0');
        const seen = await store.look('entry', all);
        for (const [index, name] of all.entries()) {
          const state = seen.tags[index] as TagState;
          const known = fault === 'ignoresTheFloor' && (await absentOf(prefix, [name])).length > 0 ? 0 : state.seq;
          forgot ||= state.seq > truth.seqOf(name);
          if (known < truth.seqOf(name)) throw new Error(`${name} is at ${known}, was bumped at ${truth.seqOf(name)}`);
          if (known > seen.seq) throw new Error(`${name} is at ${known}, the clock at ${seen.seq}`);
          if (state.open !== truth.openOf(name)) throw new Error(`${name} is open ${state.open} times`);
        }
      }
    } finally {
      await store.close();
    }
    forgetting.happened ||= forgot;
  });
}

const forgetting = { happened: false };

const absentOf = async (prefix: string, names: readonly string[]): Promise<readonly string[]> => {
  const found = await Promise.all(names.map((name) => client.exists(`{${prefix}}:t:${name}`)));
  return names.filter((_, index) => found[index] === 0);
};

async function openRedis(): Promise<{ store: Store; prefix: string }> {
  const prefix = randomUUID();
  const store = createRedisStore({ url: redis.url, prefix, quarantineMs: 0, tagsMax: 3 });
  let isUp = false;
  store.connect({ up: () => void (isUp = true), down() {} });
  await eventually(() => isUp);
  const { fenced } = await store.handshake('connected');
  await store.lift(fenced ?? '');
  return { store, prefix };
}

describe('a store that forgets tags', () => {
  it.each([
    ['Redis', openRedis],
    ['memory', async () => ({ store: createMemoryStore({ tagsMax: 3 }), prefix: '' })],
  ])(
    'never takes one for less bumped or less open than it was, in %s',
    async (_, open) => {
      forgetting.happened = false;
      await fc.assert(neverYounger(open), { numRuns });
      expect(forgetting.happened).toBe(true);
    },
    600_000,
  );

  it.each<Fault>(['forgetsWithoutRaisingTheFloor', 'ignoresTheFloor', 'announcesFromZero'])(
    'is caught when it %s',
    async (fault) => {
      const { failed, errorInstance } = await fc.check(neverYounger(openRedis, fault), {
        numRuns: 2000,
        endOnFailure: true,
      });
      expect(failed).toBe(true);
      expect(String(errorInstance)).toMatch(/was bumped at/);
    },
    600_000,
  );
});
