import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { startCuttableLink, type CuttableLink } from '../support/cuttable-link.js';
import { ErrandDocument, UpdateErrandDocument } from '../support/generated/graphql.js';
import { join, openMarket, post, type Person } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

describe.each(['bounded:600000', 'ttl'])(
  'a client that presents the floor of its mutation, of a type that is %s',
  (consistency) => {
    let redis: RedisProcess;
    let link: CuttableLink;
    let database: TestDatabase;
    let writer: ServerProcess;
    let reader: ServerProcess;
    let customer: Person;

    beforeAll(async () => {
      [redis, database] = await Promise.all([startRedis(), createTestDatabase()]);
      const db = createDb({ url: database.url, logger: silentLogger });
      await openMarket(db);
      await db.close();
      link = await startCuttableLink(redis.port);
      const env = {
        DATABASE_URL: database.url,
        CACHE_STORE_NAME: 'one',
        CACHE_QUARANTINE_MS: '0',
        CACHE_CONSISTENCY_ERRAND_DETAIL: consistency,
      };
      [writer, reader] = await Promise.all([
        startServerProcess({ ...env, REDIS_URL: redis.url }),
        startServerProcess({ ...env, REDIS_URL: `redis://127.0.0.1:${link.port}` }),
      ]);
      customer = await join(writer.client, 'CUSTOMER');
    });
    afterAll(async () => {
      await Promise.all([writer.stop(), reader.stop()]);
      await link.close();
      await database.drop();
      await redis.stop();
    });

    /** An errand whose first title the reader has cached, and the floor of the mutation that gave it another. */
    async function changedElsewhere(): Promise<{ readonly id: string; readonly floor: string }> {
      const id = await post(customer, { title: 'Before' });
      expect(await titleSeen(id)).toBe('Before');
      const { headers, errors } = await customer.client.ask(UpdateErrandDocument, { id, input: { title: 'After' } });
      expect(errors).toEqual([]);
      return { id, floor: headers.get('x-runam-cache-floor') ?? '' };
    }

    const titleSeen = async (id: string, floor?: string): Promise<string> => {
      const client = floor === undefined ? reader.client : reader.client.with({ 'x-runam-cache-floor': floor });
      return (await client.get(ErrandDocument, { id })).errand.title;
    };

    it('is shown its write by another server, which without the floor may show what was before', async () => {
      const { id, floor } = await changedElsewhere();
      expect(await titleSeen(id), 'the type promises no more').toBe('Before');
      expect(await titleSeen(id, floor)).toBe('After');
    });

    it('is shown its write by a server that has lost its way to Redis', async () => {
      const { id, floor } = await changedElsewhere();
      link.cut();
      expect(await titleSeen(id, floor)).toBe('After');
      link.mend();
      expect(await titleSeen(id, floor)).toBe('After');
    });

    it('is shown its write after Redis has lost everything', async () => {
      const { id, floor } = await changedElsewhere();
      await redis.restart();
      expect(await titleSeen(id, floor)).toBe('After');
    });
  },
);
