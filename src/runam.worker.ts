import { resolve } from 'node:path';
import { createApp } from './app.js';
import { retakingWith } from './app.place.js';
import { ensureJwtSecret, ensurePayoutKeys, type Config } from './config/index.js';
import { migrate, startEmbeddedPostgres, takePlace } from './db/index.js';
import type { Logger } from './kernel/index.js';

const migrationsDir = resolve(import.meta.dirname, '../prisma/migrations');
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Everything of a server but its door. What it changes, caches must hear of, so it takes its place among the processes on the
 * database as a server does. Resolves when a signal has stopped it and the jobs under way have ended.
 * @throws PresenceConflict, DatabaseConnectionError, MigrationError, EmbeddedPostgresError: one sentence each
 */
export async function workUntilStopped(config: Config, logger: Logger): Promise<void> {
  const stops: (() => Promise<void>)[] = [];
  const told = toldToStop();
  try {
    const databaseUrl = config.database.url ?? (await startEmbedded(config, logger, stops));
    const presence = await takePlace({
      databaseUrl,
      cacheAt: config.cache.site,
      onLost: told.fail,
      ...(config.database.url !== undefined && { retaking: retakingWith(logger) }),
    });
    stops.push(() => presence.leave());
    await migrate({ databaseUrl, migrationsDir, logger });
    const jwtSecret = await ensureJwtSecret({ dataDir: config.dataDir, jwtSecret: config.auth.jwtSecret });
    const payouts = { ...config.payouts, keys: await ensurePayoutKeys(config) };
    const asksProvider = canAskProvider(config);
    const app = await createApp({ config: { ...config, payouts }, databaseUrl, jwtSecret, logger, asksProvider });
    stops.push(() => app.close());
    await app.work();
    logger.info({}, 'RunAm does the jobs of the queue');
    if (!asksProvider)
      logger.warn(
        {},
        'payments and payouts are left to servers that do jobs: their sandbox provider runs inside them; SANDBOX_URL names one for all',
      );
    await told.stopped;
  } finally {
    for (const stop of stops.toReversed()) await stop();
    told.forget();
  }
}

/** A sandbox inside a server has its book there: asked here, another one would know of no charge and take payouts for itself. */
function canAskProvider({ payments: { provider } }: Config): boolean {
  return provider?.name !== 'sandbox' || provider.baseUrl !== undefined;
}

interface ToldToStop {
  /** Rejects with what `fail` was given. */
  readonly stopped: Promise<void>;
  readonly fail: (reason: unknown) => void;
  forget(): void;
}

/** Signals are heard from now on; one that comes before anybody waits is not lost. */
function toldToStop(): ToldToStop {
  let [stop, fail]: [() => void, (reason: unknown) => void] = [() => {}, () => {}];
  const stopped = new Promise<void>((resolved, rejected) => ([stop, fail] = [resolved, rejected]));
  // Who waits for it comes later.
  stopped.catch(() => {});
  for (const signal of stopSignals) process.on(signal, stop);
  return {
    stopped,
    fail,
    forget() {
      for (const signal of stopSignals) process.off(signal, stop);
    },
  };
}

async function startEmbedded(config: Config, logger: Logger, stops: (() => Promise<void>)[]): Promise<string> {
  const postgres = await startEmbeddedPostgres({ dataDir: resolve(config.dataDir), logger });
  stops.push(() => postgres.stop());
  return postgres.url;
}
