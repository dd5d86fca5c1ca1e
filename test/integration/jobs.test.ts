import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createDb, type Db } from '../../src/db/index.js';
import { silentLogger, systemClock } from '../../src/kernel/index.js';
import {
  createQueue,
  createWorker,
  cron,
  forgetFailed,
  readQueue,
  recurring,
  type JobRun,
  type Standing,
  type Worker,
} from '../../src/modules/jobs/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const workerProcess = fileURLToPath(new URL('../support/job-worker.mjs', import.meta.url));
const patience = { timeout: 45_000, interval: 20 };
const kinds = { note: { payload: z.object({ word: z.string() }), attemptsMax: 2 } };

let database: TestDatabase;
let db: Db;
let closing: (() => Promise<unknown>)[];
let warnings: string[];

beforeEach(async () => {
  database = await createTestDatabase();
  db = createDb({ url: database.url, logger: silentLogger });
  warnings = [];
  closing = [() => database.drop(), () => db.close()];
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
});

interface Given {
  readonly note?: (word: string) => Promise<void> | void;
  readonly standing?: readonly Standing[];
  readonly concurrency?: number;
  readonly keepEveryMs?: number;
  readonly roundMsMax?: number;
  readonly onRun?: (run: JobRun) => void;
}

/** A worker as another process has it: with connections of its own. */
async function startWorker({ note = () => {}, ...given }: Given): Promise<Worker> {
  const ownDb = createDb({ url: database.url, logger: silentLogger, poolMax: 2 });
  const worker = createWorker({
    databaseUrl: database.url,
    db: ownDb,
    kinds,
    handlers: { note: async ({ word }) => note(word) },
    standing: [],
    concurrency: 2,
    pollMs: 50,
    keepEveryMs: 100,
    clock: systemClock,
    logger: { ...silentLogger, warn: (_fields, message) => void warnings.push(message) },
    ...given,
  });
  closing.push(
    () => ownDb.close(),
    () => worker.stop(),
  );
  await worker.start();
  return worker;
}

const { enqueue } = createQueue(kinds);
const noteOf = (word: string, key = word, runAt = new Date(0)) =>
  ({ name: 'note', payload: { word }, runAt, key }) as const;
const queued = () => readQueue(db.read, new Date());
const isEmpty = async () => {
  await expect.poll(queued, patience).toMatchObject({ due: 0, waiting: 0, running: 0 });
};

describe('a job', () => {
  it('never runs when the transaction that put it into the queue rolls back', async () => {
    const words: string[] = [];
    const undone = db.write(async (tx) => {
      await enqueue(tx, [noteOf('undone')]);
      throw new Error('a change of mind');
    });
    await expect(undone).rejects.toThrow('a change of mind');
    await db.write((tx) => enqueue(tx, [noteOf('done')]));
    await startWorker({ note: (word) => void words.push(word) });
    await isEmpty();
    expect(words).toEqual(['done']);
  });

  it('replaces the one that waits under its key: the time and the payload that count are the last', async () => {
    const words: string[] = [];
    const farOff = new Date(Date.now() + 3_600_000);
    await db.write((tx) => enqueue(tx, [noteOf('early', 'timer'), noteOf('another', 'other', farOff)]));
    await db.write((tx) => enqueue(tx, [noteOf('late', 'timer', farOff)]));
    await db.write((tx) => enqueue(tx, [noteOf('moved on', 'other')]));
    await startWorker({ note: (word) => void words.push(word) });
    await expect.poll(queued, patience).toMatchObject({ due: 0, waiting: 1, running: 0, failed: 0 });
    expect(words).toEqual(['moved on']);
  });

  it('is done once by three workers that want every job', async () => {
    const words = Array.from({ length: 90 }, (_, index) => `job ${index}`);
    const done: string[] = [];
    const workers = new Set<number>();
    const note = (worker: number) => (word: string) => {
      workers.add(worker);
      done.push(word);
    };
    await Promise.all([1, 2, 3].map((number) => startWorker({ note: note(number) })));
    await db.write((tx) =>
      enqueue(
        tx,
        words.map((word) => noteOf(word)),
      ),
    );
    await isEmpty();
    expect(done.toSorted()).toEqual(words.toSorted());
    expect(workers.size).toBeGreaterThan(1);
  });

  it('that fails is tried again, and is told of and kept for a look when it has failed for good', async () => {
    const runs: JobRun['result'][] = [];
    const note = () => {
      throw new Error('no ink');
    };
    await startWorker({ note, onRun: ({ result }) => runs.push(result) });
    await db.write((tx) => enqueue(tx, [noteOf('hopeless')]));
    await expect.poll(queued, patience).toMatchObject({ due: 0, waiting: 0, running: 0, failed: 1 });
    expect(runs).toEqual(['failed', 'failedForGood']);
    expect(await db.write((tx) => forgetFailed(tx, new Date(Date.now() - 60_000)))).toBe(0);
    expect(await db.write((tx) => forgetFailed(tx, new Date(Date.now() + 60_000)))).toBe(1);
    expect(await queued()).toMatchObject({ failed: 0 });
  });

  it('whose payload is not of its kind fails, and is never handed to the handler', async () => {
    const note = vi.fn<(word: string) => void>();
    const runs: JobRun['result'][] = [];
    await psql(`SELECT graphile_worker.add_job('note', '{"word": 7}', max_attempts => 1)`);
    await startWorker({ note, onRun: ({ result }) => runs.push(result) });
    await expect.poll(() => runs, patience).toEqual(['failedForGood']);
    expect(note).not.toHaveBeenCalled();
  });

  it('whose worker is killed in the middle of it is done by another, which leaves those of the living alone', async () => {
    const begun: string[] = [];
    let finish = () => {};
    const held = new Promise<void>((resolve) => (finish = resolve));
    const hold = (word: string): Promise<void> => {
      begun.push(word);
      return held;
    };
    await startWorker({ note: hold, concurrency: 1 });
    // Before it is stopped, which waits for its job.
    closing.push(async () => finish());
    await db.write((tx) => enqueue(tx, [noteOf('long')]));
    await expect.poll(() => begun, patience).toEqual(['long']);

    const child = fork(workerProcess, [database.url], { stdio: 'inherit' });
    closing.push(async () => child.kill('SIGKILL'));
    await db.write((tx) => enqueue(tx, [noteOf('half done')]));
    expect(await once(child, 'message')).toEqual(['half done', undefined]);
    const words: string[] = [];
    await startWorker({ note: (word) => void words.push(word) });
    await db.write((tx) => enqueue(tx, [noteOf('after it')]));
    await expect.poll(queued, patience).toMatchObject({ due: 0, running: 2 });

    child.kill('SIGKILL');
    await expect.poll(queued, patience).toMatchObject({ due: 0, running: 1 });
    expect(words).toEqual(['after it', 'half done']);
    expect(begun).toEqual(['long']);
  });

  it('is taken up again by a worker that lost every connection', async () => {
    const words: string[] = [];
    await startWorker({ note: (word) => void words.push(word) });
    await db.write((tx) => enqueue(tx, [noteOf('before')]));
    await isEmpty();
    await psql(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await expect
      .poll(
        () =>
          db
            .write((tx) => enqueue(tx, [noteOf('after')]))
            .then(
              () => true,
              () => false,
            ),
        patience,
      )
      .toBe(true);
    await expect.poll(() => words, patience).toEqual(['before', 'after']);
  });

  it('whose end cannot be written down is done again, by the worker that gave up over it and began anew', async () => {
    let finish = () => {};
    const held = new Promise<void>((resolve) => (finish = resolve));
    const words: string[] = [];
    const note = async (word: string) => {
      words.push(word);
      await held;
    };
    await startWorker({ note });
    await db.write((tx) => enqueue(tx, [noteOf('once more')]));
    await expect.poll(() => words, patience).toEqual(['once more']);
    await psql('ALTER TABLE graphile_worker._private_jobs RENAME TO hidden_jobs');
    finish();
    const warned = () => warnings.filter((message) => message.includes('gave up'));
    await expect.poll(warned, patience).toHaveLength(1);
    await psql('ALTER TABLE graphile_worker.hidden_jobs RENAME TO _private_jobs');
    await isEmpty();
    expect(words).toEqual(['once more', 'once more']);
  });
});

describe('a worker that is stopped', () => {
  it('ends the job under way, takes no other, and leaves the rest for whoever comes', async () => {
    let finish = () => {};
    const begun: string[] = [];
    const held = new Promise<void>((resolve) => (finish = resolve));
    const note = async (word: string) => {
      begun.push(word);
      if (word === 'first') await held;
    };
    const worker = await startWorker({ note, concurrency: 1 });
    await db.write((tx) => enqueue(tx, [noteOf('first')]));
    await expect.poll(() => begun, patience).toEqual(['first']);
    await db.write((tx) => enqueue(tx, [noteOf('second')]));
    let isStopped = false;
    const stopping = worker.stop().then(() => (isStopped = true));
    // Far longer than letting go of a connection takes.
    for (let looks = 0; looks < 50; looks += 1) expect(await queued()).toMatchObject({ due: 1, running: 1 });
    expect(isStopped).toBe(false);
    finish();
    await stopping;
    expect(await queued()).toMatchObject({ due: 1, running: 0 });
    expect(begun).toEqual(['first']);
    await startWorker({ note });
    await isEmpty();
    expect(begun).toEqual(['first', 'second']);
  });
});

describe('a standing job', () => {
  it('is done again and again, by one of the workers at a time, whatever becomes of a round', async () => {
    let [atOnce, most, rounds] = [0, 0, 0];
    const work = async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      rounds += 1;
      await queued();
      atOnce -= 1;
      if (rounds % 3 === 0) throw new Error('a bad round');
    };
    const standing = [recurring('count', 5, work)];
    await Promise.all([1, 2, 3].map(() => startWorker({ standing })));
    await expect.poll(() => rounds, patience).toBeGreaterThan(12);
    expect(most).toBe(1);
  });

  it('comes back when its job got lost, and after it has failed for good', async () => {
    let rounds = 0;
    const standing = [recurring('count', 5, async () => void (rounds += 1))];
    await startWorker({ standing });
    await expect.poll(() => rounds, patience).toBeGreaterThan(2);
    const waiting = 'graphile_worker._private_jobs WHERE locked_at IS NULL RETURNING id';
    const losses = [
      `DELETE FROM ${waiting}`,
      `UPDATE ${waiting.replace('WHERE', 'SET attempts = max_attempts WHERE')}`,
    ];
    for (const loss of losses) {
      await expect.poll(() => psql(loss), patience).toHaveLength(1);
      const before = rounds;
      await expect.poll(() => rounds, patience).toBeGreaterThan(before + 2);
    }
  });

  it('that always finds more to do is told to end, so that others get their turn in a worker with one place', async () => {
    let rounds = 0;
    const greedy = recurring('greedy', 5, async (goesOn) => {
      rounds += 1;
      while (goesOn()) await queued();
    });
    const done: string[] = [];
    await startWorker({
      standing: [greedy],
      concurrency: 1,
      roundMsMax: 200,
      note: (word) => void done.push(word),
    });
    await expect.poll(() => rounds, patience).toBeGreaterThan(0);
    await db.write((tx) => enqueue(tx, [noteOf('patient')]));
    await expect.poll(() => done, patience).toEqual(['patient']);
    await expect.poll(() => rounds, patience).toBeGreaterThan(1);
  });

  it('of the clock on the wall is known to the queue, whose pattern cannot be read is refused', async () => {
    await startWorker({ standing: [cron('nightly', '17 3 * * *', async () => {})] });
    const known = () => psql('SELECT identifier FROM graphile_worker._private_known_crontabs');
    await expect.poll(known, patience).toEqual([{ identifier: 'round.nightly' }]);
    await expect(startWorker({ standing: [cron('never', '61 * * * *', async () => {})] })).rejects.toThrow('61');
  });
});

async function psql(sql: string): Promise<readonly object[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}
