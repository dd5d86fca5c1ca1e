import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ErrandDocument, MeDocument, SignOutDocument, UpdateErrandDocument } from '../support/generated/graphql.js';
import { join, openMarket, post, type Person } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const floorHeader = 'x-runam-cache-floor';

describe('two servers whose types promise nothing of writes', () => {
  let redis: RedisProcess;
  let database: TestDatabase;
  let writer: TestApp;
  let reader: TestApp;
  let customer: Person;

  beforeAll(async () => {
    [redis, database] = await Promise.all([startRedis(), createTestDatabase()]);
    const types = ['ERRAND_DETAIL', 'SESSION', 'ROLES', 'USER_DATA', 'USER_PROFILE'];
    const lax = Object.fromEntries(types.map((type) => [`CACHE_CONSISTENCY_${type}`, 'ttl']));
    const env = { REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0', ...lax };
    [writer, reader] = await Promise.all([startTestApp({ env, database }), startTestApp({ env, database })]);
    await openMarket(writer.app.db);
    customer = await join(writer.client, 'CUSTOMER');
  });
  afterAll(async () => {
    await Promise.all([writer.close(), reader.close()]);
    await database.drop();
    await redis.stop();
  });

  it('show a client that presents the floor of its mutation nothing older than it', async () => {
    const id = await post(customer, { title: 'Before' });
    const titleBy = async (client = reader.client) => (await client.get(ErrandDocument, { id })).errand.title;
    expect(await titleBy()).toBe('Before');
    const { headers } = await customer.client.ask(UpdateErrandDocument, { id, input: { title: 'After' } });
    expect(await titleBy(), 'without the floor').toBe('Before');
    expect(await titleBy(reader.client.with({ [floorHeader]: headers.get(floorHeader) ?? '' }))).toBe('After');
  });

  it('hold what they know of the viewer to the floor as well', async () => {
    const other = await join(writer.client, 'CUSTOMER');
    const authorization = await other.client.ask(MeDocument);
    expect(authorization.errors).toEqual([]);
    const { headers } = await other.client.ask(SignOutDocument, {});
    const stillIn = await other.client.ask(MeDocument);
    expect(stillIn.errors, 'without the floor').toEqual([]);
    const floored = other.client.with({ [floorHeader]: headers.get(floorHeader) ?? '' });
    expect((await floored.ask(MeDocument)).errors.map(({ extensions }) => extensions.code)).toEqual([
      'UNAUTHENTICATED',
    ]);
  });
});
