import { expect, it } from 'vitest';
import { CacheUnavailable } from '../../src/cache/index.js';
import type { Cache, Position } from '../../src/cache/index.js';
import { heldLoad, neverLoads, readOf, value, withCaches } from './cache.fixtures.js';
import type { StoreFixture } from './cache.fixtures.js';

const tiers = ['strict', 'acked', 'bounded', 'ttl'] as const;

/** A read with a floor shows every write told before that position was taken, whatever its guarantee would allow. */
export function describeFloors(create: () => StoreFixture): void {
  it.each(tiers)('never shows a %s reader with a floor what was spoilt before it', (tier) =>
    withCaches(create(), async (open) => {
      const [writer, reader] = [open(), open()];
      const request = { tier, boundMs: 60_000 };
      await reader.read(readOf(value('old'), request));
      await reader.read(readOf(value('old'), request));
      await writer.bump(['errand:1']);
      const floor = positionOf(writer);
      expect((await reader.read(readOf(value('new'), { ...request, floor }))).value).toBe('new');
      expect((await reader.read(readOf(neverLoads, { ...request, floor }))).value).toBe('new');
    }),
  );

  it.each(tiers)('still answers a %s reader with a floor from an entry that nothing has spoilt', (tier) =>
    withCaches(create(), async (open) => {
      const [writer, reader] = [open(), open()];
      await reader.read(readOf(value('old'), { tier }));
      await writer.bump(['errand:2']);
      const answer = await reader.read(readOf(neverLoads, { tier, floor: positionOf(writer) }));
      expect(answer).toMatchObject({ value: 'old', outcome: { kind: 'hit' } });
    }),
  );

  it.each(tiers)('sends a %s reader with a floor the store has not reached to the load', (tier) =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value('old'), { tier }));
      const { generation, seq } = positionOf(cache);
      for (const floor of [
        { generation, seq: seq + 1 },
        { generation: 'another', seq: 0 },
      ]) {
        const answer = await cache.read(readOf(value('new'), { tier, boundMs: 60_000, floor }));
        expect(answer).toMatchObject({ value: 'new', outcome: { kind: 'bypass', reason: 'floor' } });
      }
      expect((await cache.read(readOf(neverLoads, { tier, floor: { generation, seq } }))).value).toBe('old');
    }),
  );

  it('sends a reader whose floor is from before everything was cleared to the load', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value('old')));
      const floor = positionOf(cache);
      await cache.clearAll();
      await cache.read(readOf(value('new')));
      expect((await cache.read(readOf(value('newer'), { floor }))).outcome).toMatchObject({ reason: 'floor' });
    }));

  it.each(tiers)('does not let a %s reader join a load that began before its floor', (tier) =>
    withCaches(create(), async (open) => {
      // Who waits for the load of others at all, and may not have it, loads after so long.
      const [writer, reader] = [open(), open({ leaseWaitMsMax: 50 })];
      const slow = heldLoad<string>();
      const early = reader.read(readOf(slow.load, { tier }));
      await slow.begun;
      await writer.bump(['errand:1']);
      const late = await reader.read(readOf(value('new'), { tier, floor: positionOf(writer) }));
      expect(late.value).toBe('new');
      slow.finish('old');
      expect((await early).value).toBe('old');
    }),
  );

  it('does not let a ttl reader join one either when a tag found only in its value was spoilt before the floor', () =>
    withCaches(create(), async (open) => {
      const [writer, reader] = [open(), open()];
      const list = { key: 'list', tags: ['list'], tier: 'ttl', tagsFound: () => ['errand:7'] } as const;
      const slow = heldLoad<string>();
      const early = reader.read(readOf(slow.load, list));
      await slow.begun;
      await writer.bump(['errand:7']);
      const late = reader.read(readOf(value('new'), { ...list, floor: positionOf(writer) }));
      await reader.health();
      slow.finish('old');
      expect((await early).value).toBe('old');
      expect((await late).value).toBe('new');
    }));

  it('knows no position before it has heard of the store, and moves on with what it hears', () =>
    withCaches(create(), async (open) => {
      const [writer, reader] = [open(), open()];
      expect(reader.position()).toBeUndefined();
      await reader.read(readOf(value('v')));
      const before = positionOf(reader);
      await writer.bump(['errand:1']);
      expect(reader.position()).toEqual(before);
      await reader.read(readOf(value('v')));
      expect(reader.position()).toEqual(writer.position());
      expect(positionOf(reader).seq).toBeGreaterThan(before.seq);
      await writer.begin('w', ['errand:1']);
      await writer.end('w', 'rolledBack', []);
      expect(writer.position()).toEqual(reader.position());
      await writer.begin('w', ['errand:1']);
      await writer.end('w', 'committed', []);
      expect(positionOf(writer).seq).toBeGreaterThan(positionOf(reader).seq);
      await writer.clearAll();
      await writer.read(readOf(value('v')));
      expect(positionOf(writer).generation).not.toBe(before.generation);
    }));

  it('is at a position no entry reaches after a bump that may not have arrived', () =>
    withCaches(create(), async (open) => {
      const [writer, reader] = [open(), open()];
      await Promise.all([reader.read(readOf(value('old'))), writer.health()]);
      await writer.close();
      await expect(writer.bump(['errand:1'])).rejects.toBeInstanceOf(CacheUnavailable);
      const answer = await reader.read(readOf(value('new'), { tier: 'ttl', floor: positionOf(writer) }));
      expect(answer).toMatchObject({ value: 'new', outcome: { reason: 'floor' } });
    }));
}

function positionOf(cache: Cache): Position {
  const position = cache.position();
  if (!position) throw new Error('this cache has heard of no position');
  return position;
}
