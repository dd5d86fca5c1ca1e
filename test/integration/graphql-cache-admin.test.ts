import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CacheExplainDocument,
  CacheHealthDocument,
  CacheStatsDocument,
  ClearCacheDocument,
  ErrandsDocument,
  WarmCacheDocument,
} from '../support/generated/graphql.js';
import { openMarket, type Person } from '../support/market.js';
import { joinAs } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await startTestApp({ env: { PLATFORM_TENANT: 'lagos' } });
  admin = await joinAs(app.app.db, app.client, await openMarket(app.app.db), 'ADMIN');
});
afterAll(() => app.close());

const isHit = async (): Promise<boolean> => (await app.client.ask(ErrandsDocument, {})).cacheStatus.includes('; hit');

describe('cache administration by GraphQL', { timeout: 60_000 }, () => {
  it('counts, and says that the store of this process is well', async () => {
    await isHit();
    const { cacheStats } = await admin.client.get(CacheStatsDocument, { alias: 'default' });
    expect(cacheStats.aliases.map(({ name }) => name)).toEqual(['default']);
    const { reads, hits, misses, joins, bypasses, hitRatio } = cacheStats.total;
    expect(reads).toBe(hits + misses + joins + bypasses);
    expect(hitRatio).toBeCloseTo((hits + joins) / reads);
    expect(cacheStats.types.map(({ name }) => name)).toContain('ERRAND_LIST');
    const { cacheHealth } = await admin.client.get(CacheHealthDocument, {});
    expect(cacheHealth).toMatchObject({
      ok: true,
      aliases: [{ alias: 'default', store: 'memory', state: 'ready' }, {}, {}, {}, {}, {}, {}],
    });
  });

  it('clears a part or everything, and refuses both at once', async () => {
    for (const input of [
      { type: 'ERRAND_LIST' },
      { tenant: 'lagos' },
      { pattern: 'errand_list:*' },
      { alias: 'default' },
      { alias: null, tenant: 'LAGOS', tags: null, pattern: null },
      { all: true, type: null },
    ]) {
      await isHit();
      expect(await isHit()).toBe(true);
      await admin.client.get(ClearCacheDocument, { input });
      expect(await isHit(), JSON.stringify(input)).toBe(false);
    }
    const both = await admin.client.ask(ClearCacheDocument, { input: { all: true, type: 'ROLES' } });
    expect(both.errors[0]).toMatchObject({
      extensions: { code: 'BAD_INPUT' },
      message: expect.stringContaining('goes alone'),
    });
    const nothing = await admin.client.ask(ClearCacheDocument, { input: {} });
    expect(nothing.errors[0]?.message).toContain('names nothing to clear');
  });

  it('warms, and says how many were loaded and how many were warm', async () => {
    await admin.client.get(ClearCacheDocument, { input: { all: true } });
    const once = await admin.client.get(WarmCacheDocument, { input: { types: null, tenant: null } });
    expect(once.warmCache).toMatchObject({ total: 7, loaded: 7, warm: 0, failed: 0, errors: [] });
    expect(await isHit()).toBe(true);
    const again = await admin.client.get(WarmCacheDocument, { input: { types: ['BANKS_LIST'], tenant: 'lagos' } });
    expect(again.warmCache).toMatchObject({ total: 4, loaded: 0, warm: 4 });
  });

  it('explains itself: entry, tags, guarantee, and what stands in the way', async () => {
    const query = '{ errands { edges { cursor } } myWallet { balance { minor } } cacheStats { bumps } }';
    await isHit();
    const { cacheExplain } = await admin.client.get(CacheExplainDocument, { query });
    expect(cacheExplain.map(({ field, explanation }) => [field, explanation?.wouldHit])).toEqual([
      ['errands', true],
      ['myWallet', undefined],
      ['cacheStats', undefined],
    ]);
    const { entry, guarantee, tags, ttlMs } = cacheExplain[0]!.explanation!;
    // A time to live is shortened at random, by a tenth at most.
    const livesMs = entry!.ageMs + entry!.ttlLeftMs;
    expect(livesMs).toBeGreaterThanOrEqual(0.9 * ttlMs - 1);
    expect(livesMs).toBeLessThanOrEqual(ttlMs);
    expect(guarantee).toContain('never older than any write answered before the read began');
    expect(tags.map(({ tag }) => tag)).toContain('type:ERRAND_LIST');
    await admin.client.get(ClearCacheDocument, { input: { type: 'ERRAND_LIST' } });
    const moved = (await admin.client.get(CacheExplainDocument, { query })).cacheExplain[0]!.explanation!;
    expect(moved.reason).toBe('stale-tag');
    expect(moved.tags.filter(({ hasMoved }) => hasMoved)).toMatchObject([
      { tag: 'type:ERRAND_LIST', movedAt: expect.any(String), movedBy: null },
    ]);
  });

  it('says of a field what is wrong with an argument that only its variables make wrong', async () => {
    const query = 'query ($id: ID = "x") { errand(id: $id) { id } }';
    const { cacheExplain } = await admin.client.get(CacheExplainDocument, { query, variables: { id: null } });
    expect(cacheExplain).toMatchObject([
      {
        field: 'errand',
        explanation: null,
        error: { code: 'BAD_INPUT', message: expect.stringContaining('must not be null') },
      },
    ]);
  });

  it('refuses a query with too many fields at its top', async () => {
    const query = `{ ${Array.from({ length: 21 }, (_, index) => `a${index}: banks { id }`).join(' ')} }`;
    const { errors } = await admin.client.ask(CacheExplainDocument, { query });
    expect(errors[0]?.message).toContain('more than 20 fields');
  });
});
