import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { printSchema } from 'graphql';
import { createCache, createMemoryStore, createNullStore, createRedisStore, type Store } from './cache/index.js';
import type { Config } from './config/index.js';
import { createDb, startSweeper, type Db } from './db/index.js';
import { createApollo, createSchema, type Services, type TtlPolicy, type TypePolicy } from './graphql/index.js';
import { createHttpServer } from './http/index.js';
import { cacheTypes, createInvalidator, startReaper, type CacheType } from './invalidation/index.js';
import { systemClock, type Clock, type Logger, type Rounds } from './kernel/index.js';
import { createBankService } from './modules/banks/index.js';
import { createDisputeService, disputeTimer } from './modules/disputes/index.js';
import { createErrandService, createOfferService } from './modules/errands/index.js';
import {
  createEscrowService,
  createSandboxProvider,
  createTimerService,
  createWalletService,
  startTimers,
} from './modules/escrows/index.js';
import { createLedgerService } from './modules/ledger/index.js';
import { createTenantService } from './modules/tenants/index.js';
import {
  createAccountService,
  createPasswords,
  createTokens,
  createUserService,
  type Tokens,
} from './modules/users/index.js';
import { createMetrics, logCacheEvents, startOpenTelemetry, tracedCache } from './observability/index.js';
import { demoPassword } from './seed/index.js';
import { verified } from './verified.js';

export interface App {
  readonly db: Db;
  /** Starts listening. @returns the URL that answers */
  listen(): Promise<string>;
  /** Lets running requests finish, then lets go of everything. May be repeated. */
  close(): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly jwtSecret: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly onStatement?: (sql: string) => void;
  /** How late an expiry, a no-show or an automatic release may be. Default 5,000. */
  readonly timersEveryMs?: number;
}

const sweepEveryMs = 500;
const sweepOlderThanMs = 500;
const reapEveryMs = 500;
const reapOlderThanMs = 1000;

/** The composition root: every room is made here, from the bottom up, and handed what it needs. */
export async function createApp(options: AppOptions): Promise<App> {
  const { config, databaseUrl, jwtSecret, logger, clock = systemClock, onStatement, timersEveryMs = 5_000 } = options;
  const schema = await createSchema();
  const tracing = config.tracing && startOpenTelemetry({ ...config.tracing, logger });
  const { poolMax, transactionTimeoutMs } = config.database;
  const db = createDb({
    url: databaseUrl,
    logger,
    poolMax,
    transactionTimeoutMs,
    tracing,
    ...(onStatement && { onStatement }),
  });
  const plainCache = createCache({
    store: storeOf(config),
    prefix: `${config.cache.keyPrefix}:${shapeOf(printSchema(schema))}`,
    replay: async () => void (await db.tellUntold(0)),
    settled: () => db.writesEnded(),
    nearBytesMax: config.cache.nearBytesMax,
    leaseMs: config.cache.refill.leaseMs,
    jitter: config.cache.refill.jitterPercent / 100,
    earlyRefreshBeta: config.cache.refill.earlyRefreshBeta,
  });
  const verifiedCache = verified(plainCache, config, timersEveryMs);
  const cache = tracing ? tracedCache(verifiedCache, tracing) : verifiedCache;
  logCacheEvents(cache, logger);
  const metrics = config.metrics.isEnabled ? createMetrics({ cache, pool: db.pool }) : undefined;
  db.onChanges(
    createInvalidator({ cache, logger, strictTypes: strictTypesOf(config), onLoss: config.cache.onRedisLoss }),
  );
  const sweeper = startSweeper({ db, logger, everyMs: sweepEveryMs, olderThanMs: sweepOlderThanMs });
  const reaper = startReaper({ cache, db, logger, everyMs: reapEveryMs, olderThanMs: reapOlderThanMs });

  const tokens = createTokens({ secret: jwtSecret, accessTtlSeconds: config.auth.accessTokenTtlS, clock });
  const services = createServices(db, clock, tokens, config, logger);
  const apollo = createApollo({
    schema,
    logger,
    introspection: config.graphql.hasIntrospection,
    tracing,
    onOperation: metrics?.operation,
  });
  await apollo.start();
  const caching = { cache, policy: policyOf(config) };
  const http = await createHttpServer({
    apollo,
    context: { caching, clock, services, tokens, defaultTenant: config.graphql.defaultTenant },
    logger,
    playground: config.graphql.hasPlayground
      ? { demoPassword: config.database.seedsDemo ? demoPassword : undefined }
      : undefined,
    ...config.http,
    tracing,
    metrics: metrics && { ...metrics, token: config.metrics.token },
    readiness: createReadiness(db, cache),
  });

  let timers: Rounds | undefined;
  let closing: Promise<void> | undefined;
  return {
    db,
    async listen() {
      await http.listen({ host: config.http.host, port: config.http.port });
      const due = createTimerService({ db, clock, logger, more: [disputeTimer] });
      timers = startTimers({ timers: due, logger, everyMs: timersEveryMs });
      const { port } = http.server.address() as AddressInfo;
      return urlOf(config.http.host, port);
    },
    close: () =>
      (closing ??= (async () => {
        await http.close();
        await apollo.stop();
        await timers?.stop();
        await sweeper.stop();
        await reaper.stop();
        await cache.close();
        await db.close();
        await tracing?.close();
      })()),
  };
}

/** An address that a reader can open: of a server that listens everywhere, this very machine's. */
function urlOf(host: string, port: number): string {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  return `http://${isEverywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
}

function createServices(db: Db, clock: Clock, tokens: Tokens, config: Config, logger: Logger): Services {
  const passwords = createPasswords();
  const refreshTtlSeconds = config.auth.refreshTokenTtlS;
  return {
    accounts: createAccountService({ db, clock, passwords, tokens, refreshTtlSeconds }),
    banks: createBankService({ db }),
    disputes: createDisputeService({ db, clock }),
    errands: createErrandService({ db, clock }),
    escrows: createEscrowService({ db, clock }),
    ledger: createLedgerService({ db }),
    offers: createOfferService({ db, clock }),
    tenants: createTenantService({ db }),
    users: createUserService({ db, clock }),
    wallets: createWalletService({
      db,
      clock,
      logger,
      provider: config.payments.hasSandbox ? createSandboxProvider() : undefined,
    }),
  };
}

/** With the cache switched off but Redis configured, writes are still told to the processes that do cache. */
function storeOf({ cache, redis }: Config): Store {
  const { keyPrefix, memoryBytesMax, memoryEntriesMax, quarantineMs, redisTimeoutMs, tagsMax } = cache;
  if (redis) {
    const tagAgeMsMax = longestTimeoutMs(cache) + tagGraceMs;
    const commandTimeoutMs = redisTimeoutMs;
    return createRedisStore({
      url: redis.url,
      prefix: keyPrefix,
      commandTimeoutMs,
      quarantineMs,
      tagsMax,
      tagAgeMsMax,
    });
  }
  return cache.isEnabled
    ? createMemoryStore({ bytesMax: memoryBytesMax, entriesMax: memoryEntriesMax })
    : createNullStore();
}

/** An entry may live on for a while beyond its time to live, and its load may take long. */
const tagGraceMs = 3_600_000;

function longestTimeoutMs({ types }: Config['cache']): number {
  return Math.max(...cacheTypes.map((type) => types[type].timeoutS)) * 1000;
}

/** A time to live shorter than this is meant to the word: nothing is loaded anew before it is over. */
const softTtlFromMs = 10_000;

function policyOf({ cache }: Config): TtlPolicy {
  const { softTtlPercent, staleIfErrorS, negativeTimeoutS } = cache.refill;
  const entries = cacheTypes.map((type): [CacheType, TypePolicy] => {
    const { timeoutS, consistency, boundMs } = cache.types[type];
    const ttlMs = cache.isEnabled ? timeoutS * 1000 : 0;
    const isSoft = softTtlPercent < 100 && ttlMs >= softTtlFromMs;
    const times = { staleIfErrorMs: staleIfErrorS * 1000, negativeTtlMs: negativeTimeoutS * 1000 };
    const bound = boundMs !== undefined && { boundMs };
    const soft = isSoft && { softTtlMs: (ttlMs * softTtlPercent) / 100 };
    return [type, { ttlMs, tier: consistency, ...bound, ...times, ...soft }];
  });
  return Object.fromEntries(entries) as TtlPolicy;
}

function strictTypesOf({ cache }: Config): ReadonlySet<CacheType> {
  return new Set(cacheTypes.filter((type) => cache.types[type].consistency === 'strict'));
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
