import { expect, it } from 'vitest';
import type { ReadRequest } from '../../src/cache/index.js';
import { neverLoads, readOf, value, withCaches } from './cache.fixtures.js';
import type { StoreFixture } from './cache.fixtures.js';

const bounded = { tier: 'bounded', boundMs: 1000 } as const;

/** A bounded read shows what was answered longer ago than its bound; with a near store it need not ask until then. */
export function describeBounds(create: () => StoreFixture): void {
  it('shows a bump by another cache once its bound has passed, by the clock that is never set', () =>
    withCaches(create(), async (open) => {
      let tickMs = 5;
      const [writer, reader] = [open(), open({ monotonicNow: () => tickMs })];
      await reader.read(readOf(value('old'), bounded));
      await writer.bump(['errand:1']);
      const within = await reader.read(readOf(value('new'), bounded));
      expect(['old', 'new']).toContain(within.value);
      tickMs += 1000;
      expect((await reader.read(readOf(value('new'), bounded))).value).toBe('new');
    }));

  it('shows its own bump, and its own clearing of everything, at once', () =>
    withCaches(create(), async (open) => {
      let tickMs = 5;
      const cache = open({ monotonicNow: () => tickMs });
      await cache.read(readOf(value('old'), bounded));
      tickMs += 1;
      await cache.bump(['errand:1']);
      expect((await cache.read(readOf(value('new'), bounded))).value).toBe('new');
      tickMs += 1;
      await cache.clearAll();
      expect((await cache.read(readOf(value('newer'), bounded))).value).toBe('newer');
    }));

  it('shows the end of its own announced write at once', () =>
    withCaches(create(), async (open) => {
      const cache = open({ monotonicNow: () => 5 });
      await cache.read(readOf(value('old'), bounded));
      await cache.begin('w', ['errand:1']);
      await cache.end('w', 'committed', ['errand:1']);
      expect((await cache.read(readOf(value('new'), bounded))).value).toBe('new');
    }));

  it('shows nothing that is older than its time to live, whatever the bound', async () => {
    const fixture = create();
    await withCaches(fixture, async (open) => {
      const cache = open();
      const request = { tier: 'bounded', boundMs: 60_000, ttlMs: 300 } as const;
      await cache.read(readOf(value('old'), request));
      await fixture.pass(300);
      expect((await cache.read(readOf(value('new'), request))).value).toBe('new');
    });
  });

  it.each<Partial<ReadRequest<string>>>([{}, { boundMs: 0 }, { boundMs: Number.NaN }])(
    'asks every time with the bound %j',
    (bound) =>
      withCaches(create(), async (open) => {
        const [writer, reader] = [open(), open()];
        await reader.read(readOf(value('old'), { tier: 'bounded', ...bound }));
        await writer.bump(['errand:1']);
        expect((await reader.read(readOf(value('new'), { tier: 'bounded', ...bound }))).value).toBe('new');
      }),
  );

  it('gives those who only read the same value, and everybody else one of their own', () =>
    withCaches(create(), async (open) => {
      const cache = open();
      const mine = { at: new Date(5), rows: [{ id: 1 }] };
      await cache.read(readOf(value(mine)));
      const shared = await cache.read(readOf<typeof mine>(neverLoads, { isFrozen: true }));
      const own = await cache.read(readOf<typeof mine>(neverLoads));
      own.value.rows.push({ id: 2 });
      own.value.at.setTime(7);
      mine.rows.pop();
      expect(shared.value).toEqual({ at: new Date(5), rows: [{ id: 1 }] });
      expect((await cache.read(readOf<typeof mine>(neverLoads, { isFrozen: true }))).value).toEqual(shared.value);
    }));
}
