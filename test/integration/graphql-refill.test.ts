import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { silentLogger, uuidv7, type Logger } from '../../src/kernel/index.js';
import { ErrandDocument, ErrandsDocument, EscrowDocument, UserDocument } from '../support/generated/graphql.js';
import type { Answer, GraphqlClient } from '../support/graphql-client.js';
import { agree, join, openMarket, post, type Person } from '../support/market.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

type Ask = (client: GraphqlClient, id: string) => Promise<Answer<unknown>>;

const asks = {
  errand: (client, id) => client.ask(ErrandDocument, { id }),
  user: (client, id) => client.ask(UserDocument, { id }),
  escrow: (client, id) => client.ask(EscrowDocument, { id }),
} satisfies Record<string, Ask>;

const codesOf = ({ errors }: Answer<unknown>): readonly string[] => errors.map(({ extensions }) => extensions.code);

describe('what spares loads in the API', () => {
  let redis: RedisProcess;
  let app: TestApp;
  let customer: Person;
  let runner: Person;
  let escrowId: string;
  let statements = 0;
  /** Types of which somebody was told of a remembered absence. */
  let absences: string[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    const env = {
      REDIS_URL: redis.url,
      CACHE_QUARANTINE_MS: '0',
      CACHE_TIMEOUT_ERRAND_LIST: '10',
      CACHE_SOFT_TTL_PERCENT: '1',
      CACHE_NEGATIVE_TIMEOUT_S: '300',
    };
    app = await startTestApp({
      env,
      onStatement: () => (statements += 1),
      onCacheEvent: (event) =>
        void (event.kind === 'read' && event.outcome.isAbsent && absences.push(event.outcome.type)),
    });
    await openMarket(app.app.db);
    [customer, runner] = await Promise.all([join(app.client, 'CUSTOMER'), join(app.client, 'RUNNER')]);
    escrowId = await agree(customer, runner, await post(customer));
  });
  afterAll(async () => {
    await app.close();
    await redis.stop();
  });

  /** A row like one that is there, under another id. */
  const makers: Readonly<Record<keyof typeof asks, (id: string) => Promise<void>>> = {
    errand: async (id) => {
      const another = await post(customer);
      await app.app.db.write(async (tx) => {
        const like = await tx.errand.findUniqueOrThrow({ where: { id: another } });
        await tx.errand.create({ data: { ...like, id } });
      });
    },
    user: (id) =>
      app.app.db.write(async (tx) => {
        const like = await tx.user.findUniqueOrThrow({ where: { id: runner.id } });
        const profile = await tx.userProfile.findUniqueOrThrow({ where: { userId: runner.id } });
        await tx.user.create({ data: { ...like, id, email: `${id}@runam.test`, phone: null } });
        await tx.userProfile.create({ data: { ...profile, userId: id } });
      }),
    escrow: async (id) => {
      const another = await post(customer);
      await app.app.db.write(async (tx) => {
        const like = await tx.escrow.findUniqueOrThrow({ where: { id: escrowId } });
        await tx.escrow.create({ data: { ...like, id, errandId: another } });
      });
    },
  };

  it.each(Object.keys(asks) as (keyof typeof asks)[])(
    'remembers that there is no %s with an id, and finds it with the first question after it was made',
    async (what) => {
      const id = uuidv7();
      const ask = () => asks[what](customer.client, id);
      const first = await ask();
      expect(codesOf(first)).toEqual(['NOT_FOUND']);
      absences = [];
      const again = await ask();
      expect(absences).toHaveLength(1);
      // Of an errand a stranger must not hear whether there is a draft or nothing.
      expect(again.cacheStatus).toMatch(what === 'errand' ? /^$/ : /^RunAm; hit; ttl=(299|300); detail=/);
      expect(again.errors).toEqual(first.errors);
      await makers[what](id);
      expect(await ask()).toMatchObject({ errors: [], data: { [what]: { id } } });
    },
  );

  it('remembers what somebody may not see for nobody else, and no longer than they may not', async () => {
    const stranger = await join(app.client, 'CUSTOMER');
    const ask = (who: Person) => asks.escrow(who.client, escrowId);
    expect(codesOf(await ask(stranger))).toEqual(['NOT_FOUND']);
    expect((await ask(stranger)).cacheStatus).toContain('; hit;');
    for (const party of [customer, runner]) expect((await ask(party)).errors).toEqual([]);
    const createdAt = new Date();
    await app.app.db.write(async (tx) => {
      const { tenantId } = await tx.user.findUniqueOrThrow({ where: { id: stranger.id } });
      const grant = { id: uuidv7(), tenantId, userId: stranger.id, role: 'ADMIN' as const, scope: '*', createdAt };
      await tx.roleGrant.create({ data: grant });
    });
    expect((await ask(stranger)).errors).toEqual([]);
  });

  it('hides a draft from strangers without hiding it from its customer', async () => {
    const draft = await post(customer, { publish: false });
    for (const who of [runner, customer, runner, customer]) {
      const { errors } = await asks.errand(who.client, draft);
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(who === runner ? ['NOT_FOUND'] : []);
    }
  });

  it('loads a list anew in the background while it is still answered from the cache', async () => {
    const list = { filter: { area: 'Ikoyi' } };
    await app.client.ask(ErrandsDocument, list);
    const loaded = statements;
    await vi.waitUntil(
      async () => {
        expect((await app.client.ask(ErrandsDocument, list)).cacheStatus).toContain('; hit;');
        return statements > loaded;
      },
      { timeout: 9_000, interval: 10 },
    );
  });
});

describe('with the database not answering', () => {
  it('a list past its time to live stands in until somebody changes a row of it', async () => {
    let standIns = 0;
    const debug: Logger['debug'] = (fields: { readonly reason?: unknown }) => {
      if (fields.reason === 'stale-if-error') standIns += 1;
    };
    const env = { CACHE_TIMEOUT_ERRAND_LIST: '1' };
    const app = await startTestApp({ env, logger: { ...silentLogger, debug } });
    const blocker = new Client({ connectionString: app.database.url });
    await openMarket(app.app.db);
    const customer = await join(app.client, 'CUSTOMER');
    const id = await post(customer, { area: 'Yaba' });
    const ask = () => app.client.ask(ErrandsDocument, { filter: { area: 'Yaba' } });
    const shown = (await ask()).data;
    await blocker.connect();
    // Reads give up waiting for the lock after five seconds, as for any database that is too busy.
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE errand IN ACCESS EXCLUSIVE MODE');
    await vi.waitUntil(
      async () => {
        expect(await ask()).toMatchObject({ data: shown, errors: [] });
        return standIns > 0;
      },
      { timeout: 30_000, interval: 100 },
    );
    await blocker.query(`UPDATE errand SET title = 'changed' WHERE id = '${id}'`);
    await blocker.query('COMMIT');
    await blocker.end();
    await vi.waitUntil(async () => (await ask()).data?.errands.edges[0]?.node.title === 'changed', { timeout: 15_000 });
    await app.close();
  }, 60_000);
});
