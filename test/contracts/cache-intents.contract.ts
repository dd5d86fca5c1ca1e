import { expect, it } from 'vitest';
import { eventsOf, heldLoad, neverLoads, readOf, value, withCaches } from './cache.fixtures.js';
import type { StoreFixture } from './cache.fixtures.js';

const bypassed = { kind: 'bypass', reason: 'open-write' };

/** From its announcement to its end, a write keeps everybody from what was cached before it. */
export function describeIntents(create: () => StoreFixture): void {
  it.each(['strict', 'acked'] as const)(
    'sends %s reads of an announced tag past the cache, in every process, and loads nothing into it',
    (tier) =>
      withCaches(create(), async (open) => {
        const [writer, reader] = [open(), open()];
        await reader.read(readOf(value('old'), { tier }));
        await writer.begin('w', ['errand:1']);
        for (const fresh of ['new', 'newer']) {
          const answer = await reader.read(readOf(value(fresh), { tier }));
          expect(answer).toMatchObject({ value: fresh, outcome: bypassed });
        }
      }),
  );

  it('keeps the entries of other tags, and those that live by time alone', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value('other'), { key: 'other', tags: ['errand:2'] }));
      await cache.read(readOf(value('timed'), { key: 'timed', tier: 'ttl' }));
      await cache.begin('w', ['errand:1']);
      expect((await cache.read(readOf(neverLoads, { key: 'other', tags: ['errand:2'] }))).value).toBe('other');
      expect((await cache.read(readOf(neverLoads, { key: 'timed', tier: 'ttl' }))).value).toBe('timed');
    }));

  it('never shows what was loaded before the end of a committed write', () =>
    withCaches(create(), async (open) => {
      const [writer, reader] = [open(), open()];
      await reader.read(readOf(value('old')));
      const slow = heldLoad<string>();
      const early = reader.read(readOf(slow.load, { key: 'slow' }));
      await slow.begun;
      await writer.begin('w', ['errand:1']);
      expect(await writer.end('w', 'committed', [])).toBe(true);
      slow.finish('old');
      await early;
      for (const key of ['errand:1', 'slow'])
        expect((await reader.read(readOf(value('new'), { key }))).value).toBe('new');
      expect((await reader.read(readOf(neverLoads))).value).toBe('new');
    }));

  it('shows the entries from before again after a write that was rolled back', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value('old')));
      await cache.begin('w', ['errand:1']);
      expect(await cache.end('w', 'rolledBack', ['errand:1'])).toBe(true);
      expect((await cache.read(readOf(neverLoads))).value).toBe('old');
    }));

  it('waits for the last of several writes of one tag', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.begin('first', ['errand:1', 'list']);
      await cache.begin('second', ['errand:1']);
      await cache.end('first', 'rolledBack', []);
      expect((await cache.read(readOf(value('v')))).outcome).toMatchObject(bypassed);
      expect((await cache.read(readOf(value('list'), { key: 'list', tags: ['list'] }))).outcome.kind).toBe('miss');
      await cache.end('second', 'committed', []);
      expect((await cache.read(readOf(value('v')))).outcome.kind).toBe('miss');
    }));

  it('counts an announcement and an end once, however often they are repeated', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.begin('other', ['errand:1']);
      for (const tags of [['errand:1'], ['errand:1'], ['errand:1', 'errand:2']]) await cache.begin('w', tags);
      expect(await cache.end('w', 'committed', [])).toBe(true);
      for (const outcome of ['committed', 'rolledBack'] as const) expect(await cache.end('w', outcome, [])).toBe(false);
      expect((await cache.read(readOf(value('v')))).outcome).toMatchObject(bypassed);
      expect((await cache.read(readOf(value('v'), { key: '2', tags: ['errand:2'] }))).outcome.kind).toBe('miss');
      await cache.end('other', 'rolledBack', []);
      expect((await cache.read(readOf(value('v')))).outcome.kind).toBe('miss');
    }));

  it('spoils the tags of a committed write that nobody announced, and none of one rolled back', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.read(readOf(value('old')));
      expect(await cache.end('unheard', 'rolledBack', ['errand:1'])).toBe(false);
      expect((await cache.read(readOf(neverLoads))).value).toBe('old');
      expect(await cache.end('unheard', 'committed', ['errand:1'])).toBe(false);
      expect((await cache.read(readOf(value('new')))).value).toBe('new');
    }));

  it('spoils at its end also the tags that were not announced', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const list = { key: 'list', tags: ['list'] };
      await cache.begin('w', ['errand:1']);
      await cache.read(readOf(value('old'), list));
      expect((await cache.read(readOf(neverLoads, list))).outcome.kind).toBe('hit');
      const bumps = eventsOf(cache, 'bump');
      await cache.end('w', 'committed', ['errand:1', 'list']);
      expect((await cache.read(readOf(value('new'), list))).value).toBe('new');
      expect(bumps).toMatchObject([{ tags: ['errand:1', 'list'] }]);
    }));

  it('keeps a tag open through bumps and through clearing everything', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.begin('w', ['errand:1']);
      await cache.bump(['errand:1']);
      expect((await cache.read(readOf(value('v')))).outcome).toMatchObject(bypassed);
      await cache.clearAll();
      expect((await cache.read(readOf(value('v')))).outcome).toMatchObject(bypassed);
      expect(await cache.end('w', 'committed', [])).toBe(true);
    }));

  it('does not share a load with a reader that began after the announcement of a tag found only in its value', () =>
    withCaches(create(), async (open) => {
      const [reader, writer] = [open(), open()];
      const list = { key: 'list', tags: ['list'], tagsFound: () => ['errand:7'] };
      const slow = heldLoad<string>();
      const early = reader.read(readOf(slow.load, list));
      await slow.begun;
      await writer.begin('w', ['errand:7']);
      const late = reader.read(readOf(value('new'), list));
      await reader.health();
      slow.finish('old');
      expect((await early).value).toBe('old');
      expect(await late).toMatchObject({ value: 'new' });
    }));

  it('does not share a load either when that announcement came before the load, and its commit after it', () =>
    withCaches(create(), async (open) => {
      const [reader, writer] = [open(), open()];
      const list = { key: 'list', tags: ['list'], tagsFound: () => ['errand:7'] };
      await writer.begin('w', ['errand:7']);
      const slow = heldLoad<string>();
      const early = reader.read(readOf(slow.load, list));
      await slow.begun;
      const late = reader.read(readOf(value('new'), list));
      await reader.health();
      slow.finish('old');
      expect((await early).value).toBe('old');
      expect(await late).toMatchObject({ value: 'new' });
    }));

  it('names the writes that have been open too long, oldest first, and as many as asked for', async () => {
    const fixture = create();
    await withCaches(fixture, async (open) => {
      const cache = open();
      expect(await cache.openIntents(0, 10)).toEqual([]);
      await cache.begin('first', ['errand:1']);
      await fixture.pass(400);
      await cache.begin('second', ['errand:1']);
      await cache.begin('first', ['errand:2']);
      const tokens = async (olderThanMs: number, limit = 10) =>
        (await cache.openIntents(olderThanMs, limit)).map(({ token }) => token);
      expect(await tokens(0)).toEqual(['first', 'second']);
      expect(await tokens(0, 1)).toEqual(['first']);
      const [{ ageMs = 0 } = {}] = await cache.openIntents(0, 1);
      expect(ageMs).toBeGreaterThanOrEqual(400);
      expect(await tokens(ageMs)).toEqual(['first']);
      await cache.end('first', 'committed', []);
      expect(await tokens(0)).toEqual(['second']);
    });
  });

  it('is rejected once the cache is closed', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      await cache.close();
      const unavailable = { name: 'CacheUnavailable' };
      await expect(cache.begin('w', ['errand:1'])).rejects.toMatchObject(unavailable);
      await expect(cache.end('w', 'committed', ['errand:1'])).rejects.toMatchObject(unavailable);
      await expect(cache.openIntents(0, 1)).rejects.toMatchObject(unavailable);
    }));
}
