import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Env } from '../../src/config/index.js';
import { ErrandsDocument, UpdateErrandDocument } from '../support/generated/graphql.js';
import { join, openMarket, post } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const list = { filter: { area: 'Yaba' } };

describe('tuning by environment', () => {
  let database: TestDatabase;
  let app: TestApp;

  beforeEach(async () => {
    // Time passes when the test says so; timers, and so everything that waits, go on.
    vi.useFakeTimers({ toFake: ['Date'] });
    database = await createTestDatabase();
  });
  afterEach(async () => {
    // First: the clock is that of every file which the worker runs after this one, also when something does not close.
    vi.useRealTimers();
    await app.close();
    await database.drop();
  });
  const pass = (ms: number): unknown => vi.setSystemTime(Date.now() + ms);

  async function start(env: Env): Promise<void> {
    app = await startTestApp({ database, env });
    await openMarket(app.app.db);
  }
  const statusOf = async () => (await app.client.ask(ErrandsDocument, list)).cacheStatus;

  it('CACHE_TIMEOUT_ERRAND_LIST=0 caches no list, and other types go on', async () => {
    await start({ CACHE_TIMEOUT_ERRAND_LIST: '0' });
    expect(await statusOf()).toBe('RunAm; fwd=bypass; detail="errands: ttl-zero"');
    expect(await statusOf()).toBe('RunAm; fwd=bypass; detail="errands: ttl-zero"');
  });

  it('CACHE_TIMEOUT_ERRAND_LIST=1 keeps a list for one second', async () => {
    await start({ CACHE_TIMEOUT_ERRAND_LIST: '1' });
    expect(await statusOf()).toContain('fwd=miss');
    expect(await statusOf()).toMatch(/hit; ttl=[01];/);
    // Lists of one moment do not end in one moment: each lives up to a tenth less.
    pass(890);
    expect(await statusOf()).toMatch(/hit; ttl=[01];/);
    pass(110);
    expect(await statusOf()).toContain('fwd=miss');
  });

  it('CACHE_ENABLED=False sends every read to the database', async () => {
    await start({ CACHE_ENABLED: 'False' });
    expect(await statusOf()).toBe('RunAm; fwd=bypass; detail="errands: disabled"');
    expect(await statusOf()).toBe('RunAm; fwd=bypass; detail="errands: disabled"');
  });

  it('CACHE_CONSISTENCY_ERRAND_LIST=ttl shows a list until its time is over, whatever is written; acked does not', async () => {
    await start({ CACHE_CONSISTENCY_ERRAND_LIST: 'ttl', CACHE_TIMEOUT_ERRAND_LIST: '2' });
    const customer = await join(app.client, 'CUSTOMER');
    const id = await post(customer);
    const titles = async () =>
      (await app.client.get(ErrandsDocument, list)).errands.edges.map(({ node }) => node.title);
    expect(await titles()).toEqual(['Fetch a parcel']);
    await customer.client.get(UpdateErrandDocument, { id, input: { title: 'Another title' } });
    pass(1_790);
    expect(await titles()).toEqual(['Fetch a parcel']);
    pass(210);
    expect(await titles()).toEqual(['Another title']);
  });
});
