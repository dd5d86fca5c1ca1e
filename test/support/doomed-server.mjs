import { createApp } from '../../dist/app.js';
import { loadEnv } from '../../dist/config/index.js';
import { silentLogger } from '../../dist/kernel/index.js';

/** A whole server in a process of its own, by a clock that its parent sets; it does the rounds of a worker when told to. */
let nowMs = Number(process.argv[2]);
const config = loadEnv(process.env);
const app = await createApp({
  config,
  databaseUrl: config.database.url,
  jwtSecret: 'a secret for tests that is long enough',
  logger: silentLogger,
  clock: { now: () => new Date(nowMs) },
});
process.on('message', (order) => {
  nowMs = order.nowMs;
  if (!order.isRound) return process.send({ done: order.id });
  app.doRounds().then(
    () => process.send({ done: order.id }),
    (error) => process.send({ done: order.id, failed: String(error) }),
  );
});
process.send({ url: await app.listen() });
