import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { ledgerHealth } from '../../src/modules/ledger/index.js';
import { buildCommitGate } from '../support/commit-gate.js';
import { FundEscrowDocument, SignInDocument } from '../support/generated/graphql.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { ask, idOf, mutate, naira, type Payload } from '../support/keyed-calls.js';
import { agree, errandInput, join, openMarket, post, type Person } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

const testMsMax = 120_000;
const asksCount = 50;
let database: TestDatabase;
let redis: RedisProcess;
let db: Db;
let tenantId: string;
let servers: readonly ServerProcess[];
let customer: Person;
let runner: Person;

beforeEach(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startRedis()]);
  db = createDb({ url: database.url, logger: silentLogger });
  tenantId = await openMarket(db);
  const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0' };
  servers = await Promise.all([startServerProcess(env), startServerProcess(env)]);
  customer = await join(servers[0]!.client, 'CUSTOMER');
  runner = await join(servers[0]!.client, 'RUNNER');
}, testMsMax);
afterEach(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  await db.close();
  await redis.stop();
  await database.drop();
});

/** An errand that only waits for its money, with the money in the customer's wallet. */
async function agreed(): Promise<string> {
  const errandId = await post(customer);
  await agree(customer, runner, errandId);
  await mutate(customer.client, 'topUpWallet', { input: { amount: naira(300_000) } });
  return errandId;
}

/** Asks until it is answered, as the error of a busy or broken database says one may. */
async function insist(client: GraphqlClient, ...call: [Parameters<typeof ask>[1], object, string]): Promise<Payload> {
  const [name, variables, key] = call;
  for (;;) {
    const { data, errors } = await ask(client, name, variables as Record<string, unknown>, key);
    if (data?.[name]) return data[name];
    if (!errors.every(({ extensions }) => extensions.retryable)) throw new Error(JSON.stringify(errors));
  }
}

const journals = (kind: string) => db.read.journal.count({ where: { kind } });

describe('one key on two server processes', () => {
  it(
    'has one effect and fifty equal answers, for each kind of call',
    async () => {
      const errandId = await agreed();
      const funded = await journals('errand.fundFromWallet');
      const cases = [
        ['postErrand', { input: errandInput() }],
        ['topUpWallet', { input: { amount: naira(100) } }],
        ['fundEscrow', { errandId }],
      ] as const;
      const [errands, topUps] = [await db.read.errand.count(), await journals('wallet.topUp')];
      for (const [name, variables] of cases) {
        const key = uuidv7();
        const asks = Array.from({ length: asksCount }, (_, index) =>
          insist(customer.client.at(servers[index % 2]!.url), name, variables, key),
        );
        const answers = await Promise.all(asks);
        expect(answers.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
        for (const answer of answers) expect({ ...answer, isReplay: true }).toEqual({ ...answers[0], isReplay: true });
      }
      expect([
        (await db.read.errand.count()) - errands,
        (await journals('wallet.topUp')) - topUps,
        (await journals('errand.fundFromWallet')) - funded,
      ]).toEqual([1, 1, 1]);
      expect(await ledgerHealth(db.read, tenantId)).toMatchObject({ ok: true });
    },
    testMsMax,
  );
});

describe('a server that is killed while it funds an escrow', () => {
  it(
    'at its COMMIT, has done nothing: the repeated call does it, and once',
    async () => {
      const [errandId, key] = [await agreed(), uuidv7()];
      const gate = await buildCommitGate(database.url, 'escrow');
      await gate.shut();
      const lost = ask(customer.client, 'fundEscrow', { errandId }, key).catch(() => 'no answer');
      await gate.isWaitedFor();
      await servers[0]!.kill();
      expect(await lost).toBe('no answer');
      await endWaiting();
      await gate.open();
      await gate.close();
      await fundsOnce(errandId, key, false);
    },
    testMsMax,
  );

  it(
    'after its COMMIT and before its answer, has done it: the repeated call is answered what it was not',
    async () => {
      const [errandId, key] = [await agreed(), uuidv7()];
      const gate = await buildCommitGate(database.url, 'escrow');
      await gate.shut();
      const lost = ask(customer.client, 'fundEscrow', { errandId }, key).catch(() => 'no answer');
      await gate.isWaitedFor();
      // A process that stands still hears nothing of what its database did.
      servers[0]!.process.kill('SIGSTOP');
      await gate.open();
      const isCommitted = async () => expect(await db.read.escrow.count({ where: { state: 'FUNDED' } })).toBe(1);
      await vi.waitFor(isCommitted, { timeout: 30_000, interval: 5 });
      await servers[0]!.kill();
      expect(await lost).toBe('no answer');
      await gate.close();
      await fundsOnce(errandId, key, true);
    },
    testMsMax,
  );
});

/** What a killed client waits for it goes on waiting for, until the connection is found broken. */
async function endWaiting(): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'`);
  await client.end();
}

async function fundsOnce(errandId: string, key: string, isReplay: boolean): Promise<void> {
  const { email } = customer;
  const { signIn } = await servers[1]!.client.get(SignInDocument, { email, password: 'a long password' });
  const client = servers[1]!.client.as(signIn.accessToken);
  const first = await insist(client, 'fundEscrow', { errandId }, key);
  expect(first).toMatchObject({ isReplay, escrow: { state: 'FUNDED' }, errand: { id: errandId, state: 'ASSIGNED' } });
  expect(await insist(client, 'fundEscrow', { errandId }, key)).toEqual({ ...first, isReplay: true });
  const keyless = await client.ask(FundEscrowDocument, { errandId });
  expect(keyless.errors).toMatchObject([{ extensions: { code: 'ILLEGAL_TRANSITION' } }]);
  expect(await journals('errand.fundFromWallet')).toBe(1);
  expect(await db.read.processEvent.count({ where: { errandId, transition: 'fundFromWallet' } })).toBe(1);
  expect(idOf(first, 'escrow')).toBe((await db.read.escrow.findFirstOrThrow({ where: { errandId } })).id);
  expect(await ledgerHealth(db.read, tenantId)).toMatchObject({ ok: true });
}
