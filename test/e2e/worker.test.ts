import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { readQueue } from '../../src/modules/jobs/index.js';
import { ErrandDocument } from '../support/generated/graphql.js';
import { join, openMarket, post, type Person } from '../support/market.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

const script = fileURLToPath(new URL('../../scripts/runam.mjs', import.meta.url));
const patience = { timeout: 60_000, interval: 100 };

let database: TestDatabase;
let db: Db;
let server: ServerProcess;
let customer: Person;
let workers: ChildProcess[];

beforeAll(async () => {
  workers = [];
  database = await createTestDatabase();
  db = createDb({ url: database.url, logger: silentLogger });
  await openMarket(db);
  server = await startServerProcess({ DATABASE_URL: database.url, CACHE_ENABLED: 'False', WORKER: 'none' });
  customer = await join(server.client, 'CUSTOMER');
});
afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await server.stop();
  await db.close();
  await database.drop();
});

function startWorker(): ChildProcess {
  const env = { PATH: process.env['PATH'], DATABASE_URL: database.url, CACHE_ENABLED: 'False', LOG_LEVEL: 'warn' };
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
const lapsing = (count: number) =>
  Promise.all(
    Array.from({ length: count }, () => post(customer, { expiresAt: new Date(Date.now() + 3_000).toISOString() })),
  );

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
  expect(await db.read.errand.count({ where: { state: 'OPEN' } })).toBe(3);

  const doomed = startWorker();
  await allExpire(first);
  const [second] = await Promise.all([lapsing(3), kill(doomed)]);
  const last = startWorker();
  await allExpire(second);
  last.kill('SIGTERM');
  expect(await once(last, 'exit')).toEqual([0, null]);
  expect(await readQueue(db.read, new Date())).toMatchObject({ running: 0 });
}, 180_000);
