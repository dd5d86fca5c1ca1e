import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ErrandsDocument,
  MeDocument,
  SignInDocument,
  SignOutDocument,
  UpdateErrandDocument,
} from '../support/generated/graphql.js';
import { join, openMarket, post, type Person } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const patience = { timeout: 45_000 };
const list = { filter: { area: 'Yaba' } };

let [main, own]: RedisProcess[] = [];
let database: TestDatabase;
const apps: TestApp[] = [];
let customer: Person;

async function startAnother(): Promise<TestApp> {
  const env = {
    REDIS_URL: main!.url,
    CACHE_ALIAS_SESSION_REDIS_URL: own!.url,
    CACHE_QUARANTINE_MS: '0',
    CACHE_COMPRESS_ABOVE_BYTES: '300',
  };
  const app = await startTestApp({ database, env });
  apps.push(app);
  return app;
}

beforeAll(async () => {
  [main, own] = await Promise.all([startRedis(), startRedis()]);
  database = await createTestDatabase();
  const app = await startAnother();
  await openMarket(app.app.db);
  await startAnother();
  customer = await join(app.client, 'CUSTOMER');
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await database.drop();
  await Promise.all([main!.stop(), own!.stop()]);
});

const keysAt = async (redis: RedisProcess): Promise<readonly string[]> => {
  const client = new Redis(redis.url);
  const keys = await client.keys('runam:*:e:*');
  client.disconnect();
  return keys;
};
const titlesAt = async (index: number) => {
  const { data, cacheStatus } = await apps[index]!.client.ask(ErrandsDocument, list);
  return { titles: data?.errands.edges.map(({ node }) => node.title), cacheStatus };
};
const untold = async (): Promise<bigint> => {
  const rows = await apps[0]!.app.db.read.$queryRaw<{ n: bigint }[]>`SELECT count(*) AS n FROM row_change`;
  return rows[0]?.n ?? 0n;
};

describe('servers with a Redis of its own for sessions', () => {
  it('keep sessions there and everything else in the main one, long values packed', async () => {
    await post(customer, { title: 'First' });
    await customer.client.get(MeDocument);
    await titlesAt(0);
    const [here, there] = [await keysAt(main!), await keysAt(own!)];
    expect(there.length).toBeGreaterThan(0);
    expect(there.every((key) => key.includes(':e:a:session:session:'))).toBe(true);
    expect(here.every((key) => key.includes(':e:a:default:'))).toBe(true);
    const listKey = here.find((key) => key.includes('errand_list:')) ?? '';
    const client = new Redis(main!.url);
    expect(await client.get(listKey)).toMatch(/\]1z\d+:[\w+/=]+$/);
    client.disconnect();
    expect((await titlesAt(1)).cacheStatus).toContain('hit');
  });

  it('let a sign-out through one count at once in the other', async () => {
    const { email } = await join(apps[0]!.client, 'CUSTOMER');
    const { signIn } = await apps[0]!.client.get(SignInDocument, { email, password: 'a long password' });
    const [here, there] = [0, 1].map((index) => apps[index]!.client.as(signIn.accessToken));
    await here!.get(MeDocument);
    await there!.get(MeDocument);
    await here!.get(SignOutDocument, {});
    for (const client of [there!, here!])
      expect((await client.ask(MeDocument)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('go on without that Redis, answer nothing old from either, and forget no change it has not heard of', async () => {
    const id = await post(customer, { title: 'Before' });
    const leaver = await join(apps[0]!.client, 'CUSTOMER');
    await leaver.client.get(MeDocument);
    await own!.kill();
    await customer.client.get(UpdateErrandDocument, { id, input: { title: 'While it was away' } });
    await leaver.client.get(SignOutDocument, {});
    for (const index of [0, 1]) expect((await titlesAt(index)).titles).toContain('While it was away');
    expect((await leaver.client.ask(MeDocument)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await untold()).toBeGreaterThan(0n);

    const late = await startAnother();
    const index = apps.indexOf(late);
    await expect.poll(async () => (await titlesAt(index)).cacheStatus, patience).toContain('hit');

    await own!.restart();
    await expect.poll(untold, patience).toBe(0n);
    expect((await leaver.client.ask(MeDocument)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    await customer.client.get(UpdateErrandDocument, { id, input: { title: 'Afterwards' } });
    for (const each of apps.keys()) expect((await titlesAt(each)).titles).toContain('Afterwards');
  }, 120_000);
});
