import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { printSchema } from 'graphql';
import type { CacheAdmin } from './admin/index.js';
import { createCacheSet, type CacheEvent, type CacheSet, type CacheSetOptions } from './cache/index.js';
import type { Config } from './config/index.js';
import { createDb, startSweeper, type Db } from './db/index.js';
import { createApollo, createSchema, createSubscriptions, type Services } from './graphql/index.js';
import { closeHttpServer, createHttpServer } from './http/index.js';
import { createInvalidator, startReaper } from './invalidation/index.js';
import { systemClock, type Clock, type Logger } from './kernel/index.js';
import { createChargebackService } from './modules/escrows/index.js';
import { readQueue } from './modules/jobs/index.js';
import { readWaitingPayouts } from './modules/payouts/index.js';
import { createTokens } from './modules/users/index.js';
import { createMetrics, logCacheEvents, startOpenTelemetry, tracedCache } from './observability/index.js';
import { createCaches, policyOf, strictTypesOf } from './app.caches.js';
import { createJobs } from './app.jobs.js';
import { createNews } from './app.news.js';
import { createOperating } from './app.operating.js';
import { createPaying } from './app.paying.js';
import { createPayments } from './app.payments.js';
import { payoutsRoundOf } from './app.payouts.js';
import { createServices } from './app.services.js';
import { namingDemoted, verified } from './app.verified.js';
import { demoPassword } from './seed/index.js';

export interface App {
  readonly db: Db;
  /** What can be done to the cache by hand. */
  readonly cacheAdmin: CacheAdmin;
  /**
   * Starts listening, and doing the jobs of the queue when the configuration says so and the clock is the system's: by
   * another clock nothing happens by itself. @returns the URL that answers
   */
  listen(): Promise<string>;
  /** Does the jobs of the queue without listening. */
  work(): Promise<void>;
  /** What happens again and again by itself, once and now, by the app's clock: due timers, the books, tidying up. */
  doRounds(): Promise<void>;
  /** Lets running requests finish, then lets go of everything. May be repeated. */
  close(): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly jwtSecret: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Whether jobs that ask the payment provider are done here; else they are left to other processes. Default true. */
  readonly asksProvider?: boolean;
  /** JSON lines that the book of a sandbox provider in this process lasts in. Default: in memory. */
  readonly sandboxBookFile?: string;
  readonly onStatement?: (sql: string) => void;
  readonly onCacheEvent?: (event: CacheEvent) => void;
  /** How late an expiry, a no-show or an automatic release may be. Default 5,000. */
  readonly timersEveryMs?: number;
  /** Makes the caches; for measuring others, or these with a part taken out. Default `createCacheSet`. */
  readonly cachesWith?: (options: CacheSetOptions) => CacheSet;
}

const sweepEveryMs = 500;
const sweepOlderThanMs = 500;
const reapEveryMs = 500;
const reapOlderThanMs = 1000;

/** The composition root: every room is made here, from the bottom up, and handed what it needs. */
export async function createApp(options: AppOptions): Promise<App> {
  const { config, databaseUrl, jwtSecret, logger, clock = systemClock, onStatement, timersEveryMs = 5_000 } = options;
  const { asksProvider = true, cachesWith = createCacheSet } = options;
  const schema = await createSchema();
  const tracing = config.tracing && (await startOpenTelemetry({ ...config.tracing, logger }));
  const { poolMax, transactionTimeoutMs } = config.database;
  const db = createDb({
    url: databaseUrl,
    logger,
    poolMax,
    transactionTimeoutMs,
    tracing,
    ...(onStatement && { onStatement }),
  });
  const caches = createCaches({ config, shape: shapeOf(printSchema(schema)), db, make: cachesWith });
  const verifiedCache = verified(caches, config, timersEveryMs);
  const cache = tracing ? tracedCache(verifiedCache, tracing) : verifiedCache;
  logCacheEvents(cache, logger);
  const metrics = config.metrics.isEnabled
    ? createMetrics({
        cache,
        stores: storesOf(caches),
        pool: db.pool,
        queue: () => readQueue(db.read, clock.now()),
        payouts: () => readWaitingPayouts(db.read, clock.now()),
      })
    : undefined;
  if (options.onCacheEvent) cache.on(options.onCacheEvent);
  db.onChanges(
    createInvalidator({ cache, logger, strictTypes: strictTypesOf(config), onLoss: config.cache.onRedisLoss }),
  );
  const offers = caches.engines.length > 1 ? 'all' : undefined;
  const sweeper = startSweeper({ db, logger, everyMs: sweepEveryMs, olderThanMs: sweepOlderThanMs, offers });
  const reapers = caches.engines.map((engine) =>
    startReaper({ cache: engine, db, logger, everyMs: reapEveryMs, olderThanMs: reapOlderThanMs }),
  );

  const tokens = createTokens({ secret: jwtSecret, accessTtlSeconds: config.auth.accessTokenTtlS, clock });
  const payments = createPayments({ config, clock, logger, bookFile: options.sandboxBookFile });
  const { provider } = payments;
  const chargebacks = createChargebackService({ db, clock });
  const { payouts, ...others } = createServices({ db, clock, tokens, config, provider });
  const transferNoticed = payouts.noticed;
  const paying = createPaying({ db, clock, logger, provider, chargebacks, transferNoticed });
  const { charges, inbox, wallets } = paying;
  const news = createNews({ config, jwtSecret, db, clock, logger });
  const services: Services = { ...others, ...news.services, payouts, charges, inbox, wallets, chargebacks };
  db.onCommitted(async () => news.services.liveNews.wake());
  const jobs = createJobs({
    config,
    databaseUrl,
    db,
    clock,
    logger,
    idempotency: services.idempotency,
    timersEveryMs,
    onRun: metrics?.job,
    rounds: asksProvider
      ? { payments: paying.round, payouts: payoutsRoundOf({ db, clock, config, logger, provider }) }
      : {},
    news: news.rounds,
  });
  const apollo = createApollo({
    schema,
    logger,
    introspection: config.graphql.hasIntrospection,
    tracing,
    onOperation: metrics?.operation,
  });
  await apollo.start();
  const caching = { cache, policy: policyOf(config) };
  const base = { caching, clock, services, tokens, defaultTenant: config.graphql.defaultTenant };
  const control = namingDemoted(caches.control, cache, config);
  const operating = createOperating({ config, logger, schema, control, base });
  const subscriptions = createSubscriptions({
    schema,
    context: operating.context,
    logger,
    introspection: config.graphql.hasIntrospection,
    viewerCheckMs: config.news.subscriptions.viewerCheckMs,
  });
  const http = await createHttpServer({
    apollo,
    context: operating.context,
    logger,
    playground: config.graphql.hasPlayground
      ? { demoPassword: config.database.seedsDemo ? demoPassword : undefined }
      : undefined,
    ...config.http,
    tracing,
    metrics: metrics && { ...metrics, token: config.metrics.token },
    webhooks: paying.door,
    subscriptions: { subscriptions, ...config.news.subscriptions },
    readiness: createReadiness(db, cache),
  });

  let closing: Promise<void> | undefined;
  return {
    db,
    cacheAdmin: operating.context.cacheAdmin.admin,
    async listen() {
      await http.listen({ host: config.http.host, port: config.http.port });
      operating.start();
      const url = urlOf(config.http.host, (http.server.address() as AddressInfo).port);
      await payments.open(`${url}/webhooks/sandbox`);
      if (config.jobs.isInside && clock === systemClock) await jobs.worker.start();
      return url;
    },
    work: jobs.worker.start,
    doRounds: jobs.doRounds,
    close: () =>
      (closing ??= (async () => {
        await closeHttpServer(http);
        await apollo.stop();
        await operating.stop();
        await jobs.worker.stop();
        await news.services.liveNews.close();
        await paying.stop();
        await payments.close();
        await sweeper.stop();
        await Promise.all(reapers.map((reaper) => reaper.stop()));
        await cache.close();
        await db.close();
        await tracing?.close();
      })()),
  };
}

/** Each store once, by the first alias that stands in it. */
function storesOf({ aliases, engines }: Pick<CacheSet, 'aliases' | 'engines'>) {
  const members = [...aliases.values()];
  return new Map(
    engines.map((engine) => [members.find((member) => member.engine === engine)?.name ?? 'default', engine] as const),
  );
}

/** An address that a reader can open: of a server that listens everywhere, this very machine's. */
function urlOf(host: string, port: number): string {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  return `http://${isEverywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Changes with the shape of answers, so that a new version of RunAm never reads the entries of an old one. */
function shapeOf(sdl: string): string {
  return createHash('sha256').update(sdl).digest('base64url').slice(0, 8);
}

/** Not ready until the database answers and, once after start, hits are no longer held back. */
function createReadiness(db: Db, cache: { health(): Promise<{ state: string }> }): () => Promise<string | undefined> {
  let settled = false;
  return async () => {
    try {
      await db.read.$queryRaw`SELECT 1`;
    } catch {
      return 'the database does not answer';
    }
    settled ||= (await cache.health()).state !== 'quarantine';
    return settled ? undefined : 'the cache holds hits back for a moment, because Redis has just lost its memory';
  };
}
