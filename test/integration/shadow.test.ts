import { Client } from 'pg';
import { expect, it, vi } from 'vitest';
import type { HealthReport } from '../../src/admin/index.js';
import { silentLogger, type Logger } from '../../src/kernel/index.js';
import { ErrandDocument, UpdateErrandDocument } from '../support/generated/graphql.js';
import { postGraphql } from '../support/http.js';
import { join, openMarket, post } from '../support/market.js';
import { createRestClient } from '../support/rest-client.js';
import { joinAs, tokenOf } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const everyHit = { CACHE_SHADOW_PERCENT: '100' };
const foundMsMax = 60_000;

it('a write that the cache is never told of is found, warned of and counted; its type is read from the database from then on', async () => {
  const warnings: { fields: object; message: string }[] = [];
  const logger: Logger = { ...silentLogger, warn: (fields, message) => warnings.push({ fields, message }) };
  const app = await startTestApp({ env: everyHit, logger, timersEveryMs: 100 });
  await openMarket(app.app.db);
  const customer = await join(app.client, 'CUSTOMER');
  const id = await post(customer);
  const read = async () => {
    const { data, cacheStatus } = await app.client.ask(ErrandDocument, { id });
    return { title: data?.errand.title, cacheStatus };
  };
  await read();
  await behindTheBack(app.database.url, `UPDATE errand SET title = 'Changed in secret' WHERE id = '${id}'`);
  const stale = await read();
  expect(stale.title, 'the cache was not told').not.toBe('Changed in secret');
  expect(stale.cacheStatus).toContain('; hit');

  await vi.waitFor(async () => expect((await read()).cacheStatus).toContain('demoted'), { timeout: foundMsMax });
  expect(await read()).toEqual({
    title: 'Changed in secret',
    cacheStatus: 'RunAm; fwd=bypass; detail="errand: demoted"',
  });
  expect(warnings).toEqual(
    expect.arrayContaining([
      {
        fields: expect.objectContaining({ type: 'ERRAND_DETAIL' }),
        message: expect.stringContaining('older than its guarantee'),
      },
      {
        fields: expect.objectContaining({ type: 'ERRAND_DETAIL' }),
        message: expect.stringContaining('past the cache'),
      },
    ]),
  );
  const metrics = await (await fetch(new URL('/metrics', app.url))).text();
  expect(metrics).toMatch(/^cache_true_staleness_total\{.*type="ERRAND_DETAIL"\} 1$/m);
  expect(metrics).toMatch(/^cache_demoted\{.*type="ERRAND_DETAIL"\} 1$/m);
  const { body } = await postGraphql(app.url, `{ errand(id: "${id}") { id } }`, { 'x-runam-cache': 'trace' });
  expect(body.extensions?.cache?.fields).toMatchObject([{ kind: 'bypass', reason: 'demoted' }]);
  await everyDoorNamesIt(app, `{ errand(id: "${id}") { id } }`);
  await app.close();
}, 120_000);

it('writes that are told of raise no alarm, and verification changes no answer', async () => {
  const app = await startTestApp({ env: everyHit, timersEveryMs: 100 });
  await openMarket(app.app.db);
  const customer = await join(app.client, 'CUSTOMER');
  const id = await post(customer);
  for (let version = 1; version <= 20; version += 1) {
    const title = `Title ${version}`;
    await customer.client.get(UpdateErrandDocument, { id, input: { title } });
    for (let times = 0; times < 3; times += 1) {
      expect((await app.client.get(ErrandDocument, { id })).errand.title).toBe(title);
    }
  }
  const checked = async () => {
    const metrics = await (await fetch(new URL('/metrics', app.url))).text();
    expect(metrics).not.toMatch(/^cache_true_staleness_total\{/m);
    expect(metrics).toMatch(/^cache_shadow_checks_total\{.*type="ERRAND_DETAIL",verdict="same"\} [1-9]/m);
  };
  await vi.waitFor(checked, { timeout: foundMsMax });
  await app.close();
}, 120_000);

/** Whoever operates the cache is told of what is read past it. */
async function everyDoorNamesIt({ app, client, url }: TestApp, query: string): Promise<void> {
  const { id: market } = await app.db.read.tenant.findUniqueOrThrow({ where: { slug: 'lagos' } });
  const { email } = await joinAs(app.db, client, market, 'ADMIN');
  const rest = createRestClient(url, { authorization: `Bearer ${await tokenOf(client, email)}` });
  expect((await rest.get('/api/cache/stats')).body).toMatchObject({ demoted: { ERRAND_DETAIL: expect.any(Number) } });
  const { body } = await rest.get<HealthReport>('/api/cache/health');
  expect(body.aliases['default']).toMatchObject({
    demoted: ['ERRAND_DETAIL'],
    detail: expect.stringContaining('past the cache'),
  });
  expect(body.aliases['session']?.demoted).toBeUndefined();
  const { body: explained } = await rest.post('/api/cache/explain', { query });
  expect(explained).toMatchObject({ fields: [{ explanation: { wouldHit: false, reason: 'demoted' } }] });
}

/** A change that no trigger sees, as by a program that switches them off. */
async function behindTheBack(databaseUrl: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('ALTER TABLE errand DISABLE TRIGGER USER');
    expect((await client.query(sql)).rowCount).toBe(1);
  } finally {
    await client.end();
  }
}
