import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as pathOf } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { silentLogger, systemClock } from '../../src/kernel/index.js';
import { readQueue } from '../../src/modules/jobs/index.js';
import { createSandboxServer, type SandboxServer } from '../../src/modules/providers/index.js';
import { ErrandDocument, TopUpWalletDocument } from '../support/generated/graphql.js';
import { join, openMarket, postLapsing, type Person } from '../support/market.js';
import { addBank } from '../support/payouts.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

const script = fileURLToPath(new URL('../../scripts/runam.mjs', import.meta.url));
const patience = { timeout: 60_000, interval: 100 };

let database: TestDatabase;
let db: Db;
let server: ServerProcess;
let customer: Person;
let workers: ChildProcess[];
let sandbox: SandboxServer;
let dataDir: string;

beforeAll(async () => {
  workers = [];
  database = await createTestDatabase();
  db = createDb({ url: database.url, logger: silentLogger });
  await openMarket(db);
  sandbox = await createSandboxServer({
    clock: systemClock,
    key: 'the-key-of-the-sandbox',
    webhookSecret: 'the-secret-of-the-sandbox',
  });
  dataDir = await mkdtemp(pathOf(tmpdir(), 'runam-worker-'));
  server = await startServerProcess({ ...shared(), ...withSandbox(), SEED_DEMO: 'false', WORKER: 'none' });
  customer = await join(server.client, 'CUSTOMER');
});
afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await server.stop();
  await sandbox.close();
  await db.close();
  await rm(dataDir, { recursive: true, force: true });
  await database.drop();
});

const shared = () => ({
  DATABASE_URL: database.url,
  CACHE_ENABLED: 'False',
  NODE_ENV: 'development',
  RUNAM_DATA_DIR: dataDir,
});
const withSandbox = () => ({
  SANDBOX_URL: sandbox.url,
  SANDBOX_KEY: 'the-key-of-the-sandbox',
  SANDBOX_WEBHOOK_SECRET: 'the-secret-of-the-sandbox',
  PAYOUT_APPROVAL_ABOVE: 'NGN=50000',
});

function startWorker(more: Readonly<Record<string, string>> = {}): ChildProcess {
  const env = { PATH: process.env['PATH'], LOG_LEVEL: 'error', ...shared(), ...more };
  const worker = spawn(process.execPath, [script, 'worker'], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  workers.push(worker);
  return worker;
}

async function kill(worker: ChildProcess): Promise<void> {
  const exited = once(worker, 'exit');
  worker.kill('SIGKILL');
  await exited;
}

/** Errands whose time comes soon after they are there. */
const lapsing = (count: number) => postLapsing(Array.from({ length: count }, () => customer));

async function allExpire(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const state = async () => (await customer.client.get(ErrandDocument, { id })).errand.state;
    await expect.poll(state, patience).toBe('EXPIRED');
  }
  const events = await db.read.processEvent.findMany({ where: { transition: 'expire', errandId: { in: [...ids] } } });
  expect(events).toHaveLength(ids.length);
}

it('a server with WORKER=none leaves the jobs to "runam worker", which may be killed for another to go on, and ends well on SIGTERM', async () => {
  const first = await lapsing(3);
  const due = async () => (await readQueue(db.read, new Date())).due;
  await expect.poll(due, patience).toBe(3);
  const [any] = await db.read.$queryRaw<{ worked: boolean }[]>`
    SELECT EXISTS (SELECT 1 FROM graphile_worker._private_known_crontabs) AS worked`;
  expect(any).toEqual({ worked: false });
  expect(await db.read.errand.count({ where: { state: 'OPEN', id: { in: first } } })).toBe(3);

  const doomed = startWorker();
  await allExpire(first);
  const [second] = await Promise.all([lapsing(3), kill(doomed)]);
  const last = startWorker();
  await allExpire(second);
  const asking = await db.read.$queryRaw`SELECT key FROM graphile_worker.jobs WHERE key LIKE 'round.pa%'`;
  expect(asking, 'what is asked of a sandbox inside a server is not asked of another one').toEqual([]);
  last.kill('SIGTERM');
  expect(await once(last, 'exit')).toEqual([0, null]);
  expect(await readQueue(db.read, new Date())).toMatchObject({ running: 0 });
}, 180_000);

it('"runam worker" pays out what a server was asked for, with the keys and the provider of both', async () => {
  const bankId = await addBank(db, systemClock);
  const runner = await join(server.client, 'RUNNER', 'Bola Adeyemi');
  const amount = { minor: 50_000, currency: 'NGN' as const };
  await runner.client.get(TopUpWalletDocument, { input: { amount } });
  const account = { bankId, accountNumber: '1234509876' };
  const added = await runner.client.ask(addAccount, { input: account });
  const { id } = (added.data!['addPayoutAccount'] as { account: { id: string } }).account;
  const input = { payoutAccountId: id, amount: { ...amount, minor: 40_000 }, password: 'a long password' };
  expect((await runner.client.ask(requestPayout, { input })).errors).toEqual([]);
  const worker = startWorker(withSandbox());
  const state = async () => (await db.read.payout.findFirst())?.state;
  await expect.poll(state, patience).toBe('PAID');
  worker.kill('SIGTERM');
  expect(await once(worker, 'exit')).toEqual([0, null]);
}, 120_000);

type Answer = Readonly<Record<string, unknown>>;
const addAccount = parse(
  'mutation ($input: AddPayoutAccountInput!) { addPayoutAccount(input: $input) { account { id } } }',
) as TypedDocumentNode<Answer, object>;
const requestPayout = parse(
  'mutation ($input: RequestPayoutInput!) { requestPayout(input: $input) { payout { id } } }',
) as TypedDocumentNode<Answer, object>;
