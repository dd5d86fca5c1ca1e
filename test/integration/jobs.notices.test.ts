import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createDb, type Db } from '../../src/db/index.js';
import { silentLogger, systemClock } from '../../src/kernel/index.js';
import { createQueue, createWorker, readQueue } from '../../src/modules/jobs/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const kinds = { note: { payload: z.object({ word: z.string() }), attemptsMax: 2 } };
const { enqueue } = createQueue(kinds);
const noteOf = (word: string, runAt: Date) => ({ name: 'note', payload: { word }, runAt, key: word }) as const;
const patience = { timeout: 30_000, interval: 20 };

let database: TestDatabase;
let db: Db;
let listener: Client;
const heard: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  db = createDb({ url: database.url, logger: silentLogger });
  listener = new Client({ connectionString: database.url });
  listener.on('notification', ({ channel }) => void heard.push(channel));
  await listener.connect();
  await listener.query('LISTEN "jobs:insert"; LISTEN sentinel');
});
afterAll(async () => {
  await listener.end();
  await db.close();
  await database.drop();
});

/** What the listener heard up to now. */
async function heardSoFar(): Promise<readonly string[]> {
  await db.write((tx) => tx.$executeRaw`SELECT pg_notify('sentinel', '')`);
  await expect.poll(() => heard, patience).toContain('sentinel');
  return heard.splice(0);
}

it('a job notifies nobody when it is put in, so that its transaction waits for no other to commit; workers hear of it when its time is near', async () => {
  const later = new Date(Date.now() + 3_600_000);
  await db.write((tx) => enqueue(tx, [noteOf('now', new Date(0)), noteOf('later', later)]));
  expect(await heardSoFar()).toEqual(['sentinel']);

  const words: string[] = [];
  const worker = createWorker({
    databaseUrl: database.url,
    db,
    kinds,
    handlers: { note: async ({ word }) => void words.push(word) },
    standing: [],
    concurrency: 1,
    pollMs: 50,
    clock: systemClock,
    logger: silentLogger,
  });
  await worker.start();
  try {
    await expect.poll(() => words, patience).toEqual(['now']);
    // The library's own channel: another one would have to be listened to above, too.
    expect(await heardSoFar()).toContain('jobs:insert');
    await expect.poll(() => readQueue(db.read, new Date()), patience).toMatchObject({ waiting: 1, running: 0 });
    expect(await db.read.jobAhead.findMany({ select: { key: true, runAt: true } })).toEqual([
      { key: 'later', runAt: later },
    ]);
  } finally {
    await worker.stop();
  }
});
