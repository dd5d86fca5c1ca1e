import { z } from 'zod';
import { createDb } from '../../dist/db/index.js';
import { silentLogger, systemClock } from '../../dist/kernel/index.js';
import { createWorker } from '../../dist/modules/jobs/index.js';

/** A worker in a process of its own that tells its parent which job it has begun, and never ends one. */
const databaseUrl = process.argv[2] ?? '';
const worker = createWorker({
  databaseUrl,
  db: createDb({ url: databaseUrl, logger: silentLogger }),
  kinds: { note: { payload: z.object({ word: z.string() }), attemptsMax: 3 } },
  handlers: {
    note: ({ word }) => {
      process.send(word);
      return new Promise(() => {});
    },
  },
  standing: [],
  concurrency: 1,
  pollMs: 50,
  clock: systemClock,
  logger: silentLogger,
});
await worker.start();
