import { expect, it } from 'vitest';
import { tenantTag, typeTag } from '../../src/cache/index.js';
import { heldLoad, neverLoads, readOf, value, withCaches } from './cache.fixtures.js';
import type { StoreFixture } from './cache.fixtures.js';

/** No read sees data older than a bump that had resolved before it began. */
export function describeFreshness(create: () => StoreFixture): void {
  it('loads once, then answers from the store', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const first = await cache.read(readOf(value('old')));
      expect(first).toMatchObject({ value: 'old', outcome: { kind: 'miss', reason: 'cold', ageMs: 0 } });
      const second = await cache.read(readOf(neverLoads));
      expect(second).toMatchObject({
        value: 'old',
        outcome: { kind: 'hit', type: 'errand', key: 'errand:1', tier: 'acked' },
      });
      expect(second.outcome.ttlMs).toBeGreaterThan(0);
      expect(second.outcome.ttlMs).toBeLessThanOrEqual(60_000);
    }));

  it('loads again after a bump of one of its tags and stays a hit after a bump of another', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value('old'), { tags: ['errand:1', 'list'] }));
      await cache.bump(['errand:2']);
      expect((await cache.read(readOf(neverLoads, { tags: ['errand:1', 'list'] }))).outcome.kind).toBe('hit');
      await cache.bump(['list', 'errand:9']);
      const again = await cache.read(readOf(value('new'), { tags: ['errand:1', 'list'] }));
      expect(again).toMatchObject({ value: 'new', outcome: { kind: 'miss', reason: 'stale-tag' } });
    }));

  it('shows a bump by one cache to the very next read of another', () =>
    withCaches(create(), async (open) => {
      const [a, b] = [open(), open()];
      await b.read(readOf(value('old')));
      expect((await b.read(readOf(neverLoads))).outcome.kind).toBe('hit');
      await a.bump(['errand:1']);
      expect((await b.read(readOf(value('new')))).value).toBe('new');
    }));

  it('never shows what was loaded before a bump that landed during the load', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const slow = heldLoad<string>();
      const early = cache.read(readOf(slow.load));
      await slow.begun;
      await cache.bump(['errand:1']);
      slow.finish('old');
      expect((await early).value).toBe('old');
      expect((await cache.read(readOf(value('new')))).value).toBe('new');
      expect((await cache.read(readOf(neverLoads))).value).toBe('new');
    }));

  it('does not let a reader that began after a bump join a load that began before it', () =>
    withCaches(create(), async (open) => {
      const [reader, writer] = [open(), open()];
      const slow = heldLoad<string>();
      const early = reader.read(readOf(slow.load));
      await slow.begun;
      await writer.bump(['errand:1']);
      const late = await reader.read(readOf(value('new')));
      expect(late).toMatchObject({ value: 'new', outcome: { kind: 'miss' } });
      slow.finish('old');
      expect((await early).value).toBe('old');
      expect((await reader.read(readOf(neverLoads))).value).toBe('new');
    }));

  it('ignores a fill that arrives after a younger one', () =>
    withCaches(create(), async (open) => {
      const [late, prompt] = [open(), open()];
      const slow = heldLoad<string>();
      const early = late.read(readOf(slow.load));
      await slow.begun;
      await prompt.bump(['errand:1']);
      await prompt.read(readOf(value('new')));
      slow.finish('old');
      await early;
      expect((await late.read(readOf(value('new')))).value).toBe('new');
      expect((await prompt.read(readOf(value('new')))).value).toBe('new');
    }));

  it('is invalidated by a tag found only in the value, also in a cache that never saw the value', () =>
    withCaches(create(), async (open) => {
      const [a, b] = [open(), open()];
      const list = { key: 'list', tags: ['list'], tagsFound: (rows: readonly string[]) => rows };
      await a.read(readOf(value(['errand:1', 'errand:2']), list));
      expect((await b.read(readOf<readonly string[]>(neverLoads, list))).outcome.kind).toBe('hit');
      await a.bump(['errand:2']);
      for (const cache of [a, b, open()]) {
        const again = await cache.read(
          readOf(() => Promise.resolve([cache === a ? 'first' : 'later']), { ...list, tagsFound: () => ['errand:2'] }),
        );
        expect(again.value).toEqual(['first']);
      }
    }));

  it('does not give a joined load to a reader when a tag found in its value was bumped before that reader began', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const list = { key: 'list', tags: ['list'], tagsFound: () => ['errand:7'] };
      const slow = heldLoad<string>();
      const early = cache.read(readOf(slow.load, list));
      await slow.begun;
      await cache.bump(['errand:7']);
      const late = cache.read(readOf(value('new'), list));
      slow.finish('old');
      expect((await early).value).toBe('old');
      expect((await late).value).toBe('new');
    }));

  it('clears one type by one bump', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value('errand')));
      await cache.read(readOf(value('bank'), { type: 'bank', key: 'bank:1', tags: [] }));
      await cache.bump([typeTag('bank')]);
      expect((await cache.read(readOf(neverLoads))).value).toBe('errand');
      expect((await cache.read(readOf(value('new'), { type: 'bank', key: 'bank:1', tags: [] }))).value).toBe('new');
    }));

  it('clears one tenant by one bump', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const [lagos, abuja] = [
        { tenant: 'lagos', key: 'l' },
        { tenant: 'abuja', key: 'a' },
      ];
      await cache.read(readOf(value('lagos'), lagos));
      await cache.read(readOf(value('abuja'), abuja));
      await cache.bump([tenantTag('lagos')]);
      expect((await cache.read(readOf(value('new'), lagos))).value).toBe('new');
      expect((await cache.read(readOf(neverLoads, abuja))).value).toBe('abuja');
    }));

  it('clears everything at once, loads under way included', () =>
    withCaches(create(), async (open) => {
      const [cache, other] = [open(), open()];
      await cache.read(readOf(value('old'), { key: 'k', tier: 'ttl' }));
      const slow = heldLoad<string>();
      const early = cache.read(readOf(slow.load));
      await slow.begun;
      await other.clearAll();
      expect((await cache.read(readOf(value('new'), { key: 'k', tier: 'ttl' }))).value).toBe('new');
      expect((await cache.read(readOf(value('new')))).value).toBe('new');
      slow.finish('old');
      await early;
      expect((await cache.read(readOf(neverLoads))).value).toBe('new');
    }));

  it('keeps an entry of the ttl tier through bumps', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value('old'), { tier: 'ttl' }));
      await cache.bump(['errand:1']);
      expect((await cache.read(readOf(neverLoads, { tier: 'ttl' }))).value).toBe('old');
      expect((await cache.read(readOf(value('new'), { tier: 'acked' }))).value).toBe('new');
    }));

  it.each([
    ['type', typeTag('errand'), {}],
    ['tenant', tenantTag('lagos'), { tenant: 'lagos' }],
    ['scope', 'alias:reports', { scopes: ['alias:reports'] }],
  ])('clears an entry of the ttl tier with its %s, and shares no load from before', (_, tag, changes) =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value('old'), { ...changes, tier: 'ttl' }));
      await cache.bump([tag]);
      const slow = heldLoad<string>();
      const first = cache.read(readOf(slow.load, { ...changes, tier: 'ttl' }));
      await slow.begun;
      await cache.bump([tag]);
      expect((await cache.read(readOf(value('new'), { ...changes, tier: 'ttl' }))).value).toBe('new');
      slow.finish('middle');
      await first;
      expect((await cache.read(readOf(neverLoads, { ...changes, tier: 'ttl' }))).value).toBe('new');
    }),
  );

  it('shows nothing that is older than its time to live', async () => {
    const fixture = create();
    await withCaches(fixture, async (open) => {
      const cache = open();
      await cache.read(readOf(value('old'), { ttlMs: 300 }));
      expect((await cache.read(readOf(neverLoads, { ttlMs: 300 }))).outcome.kind).toBe('hit');
      await fixture.pass(300);
      expect((await cache.read(readOf(value('new'), { ttlMs: 300 }))).value).toBe('new');
    });
  });

  it('counts the time to live from the start of the load', () =>
    withCaches(create(), async (open) => {
      let nowMs = 1_000_000;
      const cache = open({ now: () => nowMs });
      await cache.read(readOf(async () => ((nowMs += 500), 'slow'), { ttlMs: 500 }));
      expect((await cache.read(readOf(value('new'), { ttlMs: 500 }))).outcome).toMatchObject({
        kind: 'miss',
        reason: 'cold',
      });
      nowMs += 200;
      const hit = await cache.read(readOf(neverLoads, { ttlMs: 500 }));
      expect(hit.outcome).toMatchObject({ kind: 'hit', ageMs: 200, ttlMs: 300 });
      expect((await cache.read(readOf(value('newer'), { ttlMs: 200 }))).outcome).toMatchObject({ reason: 'expired' });
    }));
}
