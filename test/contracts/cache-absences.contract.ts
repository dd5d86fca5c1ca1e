import { expect, it } from 'vitest';
import type { Negative, Outcome, ReadRequest } from '../../src/cache/index.js';
import { heldLoad, neverLoads, readOf, value, withCaches } from './cache.fixtures.js';
import type { StoreFixture } from './cache.fixtures.js';

class Missing extends Error {}

const negative: Negative = {
  ttlMs: 5000,
  capture: (error) => (error instanceof Missing ? error.message : undefined),
  revive: (note) => new Missing(note),
};
const none = (): Promise<string> => Promise.reject(new Missing('no errand 1'));
const ask = (load: () => Promise<string>, more: Partial<ReadRequest<string>> = {}): ReadRequest<string> =>
  readOf(load, { negative, ...more });

/** Loads that find nothing are remembered, and forgotten as soon as there is something. */
export function describeAbsences(create: () => StoreFixture): void {
  it('rejects later readers with the absence that a load found, without loading, in every process', () =>
    withCaches(create(), async (open) => {
      const [cache, other] = [open(), open()];
      await expect(cache.read(ask(none))).rejects.toBeInstanceOf(Missing);
      for (const reader of [cache, other]) {
        const outcomes: Outcome[] = [];
        const again = reader.read(ask(neverLoads, { onOutcome: (outcome) => outcomes.push(outcome) }));
        await expect(again).rejects.toThrow(new Missing('no errand 1'));
        expect(outcomes).toMatchObject([{ kind: 'hit', isAbsent: true }]);
        expect(reader.stats()).toMatchObject({ hits: 1 });
      }
    }));

  it('explains an absence with the time it has left to live, not that of a value', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await expect(cache.read(ask(none))).rejects.toBeInstanceOf(Missing);
      const { load: _, ...question } = ask(neverLoads);
      const { wouldHit, entry } = await cache.explain(question);
      expect(wouldHit).toBe(true);
      expect((entry?.ageMs ?? 0) + (entry?.ttlLeftMs ?? 0)).toBe(negative.ttlMs);
    }));

  it('finds what came into being with the very next read', () =>
    withCaches(create(), async (open) => {
      const [reader, writer] = [open(), open()];
      await expect(reader.read(ask(none))).rejects.toThrow('no errand 1');
      await writer.begin('w', ['errand:1']);
      expect((await reader.read(ask(value('seen while it is announced')))).outcome.reason).toBe('open-write');
      await writer.end('w', 'committed', ['errand:1']);
      expect((await reader.read(ask(value('there')))).value).toBe('there');
      expect((await reader.read(ask(neverLoads))).value).toBe('there');
    }));

  it('never remembers an absence found by a load that a write overtook', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const slow = heldLoad<string>();
      const early = cache.read(ask(slow.load));
      await slow.begun;
      await cache.bump(['errand:1']);
      slow.fail(new Missing('no errand 1'));
      await expect(early).rejects.toThrow('no errand 1');
      expect((await cache.read(ask(value('there')))).value).toBe('there');
    }));

  it('has absences live their own time, and never longer than a value would', () =>
    withCaches(create(), async (open) => {
      let nowMs = Date.now();
      const cache = open({ now: () => nowMs });
      await cache.read(ask(none)).catch(String);
      await cache.read(ask(none, { key: 'brief', ttlMs: 1000 })).catch(String);
      nowMs += 1000;
      expect((await cache.read(ask(value('v'), { key: 'brief', ttlMs: 1000 }))).value).toBe('v');
      nowMs += 3999;
      await expect(cache.read(ask(neverLoads))).rejects.toBeInstanceOf(Missing);
      nowMs += 1;
      expect((await cache.read(ask(value('v')))).value).toBe('v');
    }));

  it('remembers no other failure, nor anything for readers who do not ask for absences', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await expect(cache.read(ask(() => Promise.reject(new Error('no database'))))).rejects.toThrow('no database');
      expect((await cache.read(ask(value('v')))).outcome).toMatchObject({ kind: 'miss', reason: 'cold' });
      await cache.bump(['errand:1']);
      await cache.read(ask(none)).catch(String);
      expect((await cache.read(readOf(value('loaded')))).outcome).toMatchObject({ kind: 'miss', reason: 'cold' });
    }));
}
