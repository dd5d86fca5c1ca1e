import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { config as loadEnvFile } from 'dotenv';
import { createApp, type App } from './app.js';
import { retakingWith } from './app.place.js';
import { ConfigError, ensureJwtSecret, ensurePayoutKeys, loadEnv, type Config } from './config/index.js';
import {
  DatabaseConnectionError,
  EmbeddedPostgresError,
  MigrationError,
  PresenceConflict,
  migrate,
  startEmbeddedPostgres,
  takePlace,
} from './db/index.js';
import type { Logger } from './kernel/index.js';
import { createLogger } from './observability/index.js';
import { demoLogins, demoPassword, seedDemoData, type DemoDataOptions } from './seed/index.js';

/** What has been started, to be stopped in the opposite order. */
type Stop = () => Promise<void>;

const migrationsDir = resolve(import.meta.dirname, '../prisma/migrations');
const stopMsMax = 15_000;

async function main(): Promise<void> {
  loadEnvFile({ quiet: true });
  const config = loadEnv(process.env);
  const logger = createLogger(config.log);
  const stops: Stop[] = [];
  const shutDown = createShutDown(stops, logger);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void shutDown(0));
  try {
    const app = await start(config, logger, stops, (reason) => {
      logger.error({ err: reason }, 'our place on the database is lost: shutting down');
      void shutDown(1);
    });
    announce(await app.listen(), config, logger);
    if ((await app.db.read.tenant.count()) === 0) {
      logger.warn(
        {},
        'this database holds no market (tenant) yet, so every request is answered NOT_FOUND; "npm run runam -- market open" opens one',
      );
    }
  } catch (error) {
    report(error);
    await shutDown(1);
  }
}

async function start(config: Config, logger: Logger, stops: Stop[], onLost: (reason: unknown) => void): Promise<App> {
  const databaseUrl = config.database.url ?? (await startEmbedded(config, logger, stops));
  // Before the migrations: whoever may not be here must not change the tables under those who are.
  const presence = await takePlace({
    databaseUrl,
    cacheAt: config.cache.site,
    onLost,
    // A database that was started with us does not come back without us.
    ...(config.database.url !== undefined && { retaking: retakingWith(logger) }),
  });
  stops.push(() => presence.leave());
  const { applied } = await migrate({ databaseUrl, migrationsDir, logger });
  if (applied.length > 0) logger.info({ applied: applied.length }, 'database schema brought up to date');
  const jwtSecret = await ensureJwtSecret({ dataDir: config.dataDir, jwtSecret: config.auth.jwtSecret });
  const payouts = { ...config.payouts, keys: await ensurePayoutKeys(config) };
  const sandboxBookFile = resolve(config.dataDir, 'sandbox-book.jsonl');
  const app = await createApp({ config: { ...config, payouts }, databaseUrl, jwtSecret, logger, sandboxBookFile });
  stops.push(() => app.close());
  if (config.database.seedsDemo) await seedDemo(app, config, { logger, payoutKeys: payouts.keys, sandboxBookFile });
  return app;
}

/** What the demo tells of payments stands in the book of a sandbox in this process; any other provider knows nothing of it. */
async function seedDemo(
  { db }: App,
  { payments: { provider } }: Config,
  { sandboxBookFile, ...others }: Omit<DemoDataOptions, 'db'>,
): Promise<void> {
  const isInside = provider?.name === 'sandbox' && provider.baseUrl === undefined;
  await seedDemoData({ db, ...others, ...(isInside && { sandboxBookFile }) });
}

async function startEmbedded(config: Config, logger: Logger, stops: Stop[]): Promise<string> {
  const postgres = await startEmbeddedPostgres({
    dataDir: config.dataDir,
    logger,
    onProgress: (step) => logger.info({}, step),
  });
  stops.push(() => postgres.stop());
  return postgres.url;
}

/** Stops everything once, newest first; a second signal does not interrupt it, a hanging part does not hold it up for ever. */
function createShutDown(stops: Stop[], logger: Logger): (exitCode: number) => Promise<void> {
  let stopping = false;
  return async (exitCode) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), stopMsMax).unref();
    for (const stop of stops.toReversed()) {
      await stop().catch((error: unknown) => logger.error({ err: error }, 'a part did not stop cleanly'));
    }
    process.exit(exitCode);
  };
}

function announce(url: string, config: Config, logger: Logger): void {
  logger.info({}, `RunAm serves GraphQL at ${url}/graphql`);
  if (config.graphql.hasPlayground) logger.info({}, `playground: open ${url}/graphql in a browser`);
  if (config.database.seedsDemo) {
    logger.info({}, `demo logins, password ${demoPassword}: ${demoLogins}`);
  }
}

/** Faults that an operator can mend are one sentence; anything else is a defect and keeps its stack. */
function report(error: unknown): void {
  const known = [ConfigError, DatabaseConnectionError, EmbeddedPostgresError, MigrationError, PresenceConflict];
  const isKnown = known.some((kind) => error instanceof kind);
  process.stderr.write(`${isKnown ? (error as Error).message : (portTaken(error) ?? inspect(error))}\n`);
}

function portTaken(error: unknown): string | undefined {
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  return code === 'EADDRINUSE' ? `Port ${port} is taken by another program; set PORT to a free one.` : undefined;
}

await main().catch((error: unknown) => {
  report(error);
  process.exitCode = 1;
});
