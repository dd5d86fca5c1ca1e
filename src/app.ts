import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { printSchema } from 'graphql';
import type { CacheAdmin } from './admin/index.js';
import {
  createCacheSet,
  createMemoryStore,
  createNullStore,
  createRedisStore,
  type AliasOptions,
  type CacheEvent,
  type CacheSet,
  type Store,
} from './cache/index.js';
import type { Config } from './config/index.js';
import { createDb, startSweeper, type Db } from './db/index.js';
import { createApollo, createSchema, type Services, type TtlPolicy, type TypePolicy } from './graphql/index.js';
import { createHttpServer } from './http/index.js';
import { cacheTypes, createInvalidator, startReaper, tagsSpoiledBy, type CacheType } from './invalidation/index.js';
import { systemClock, type Clock, type Logger, type Rounds } from './kernel/index.js';
import { createBankService } from './modules/banks/index.js';
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
import { createOperating } from './app.operating.js';
import { demoPassword } from './seed/index.js';
import { verified } from './verified.js';

export interface App {
  readonly db: Db;
  /** What can be done to the cache by hand. */
  readonly cacheAdmin: CacheAdmin;
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
  readonly onCacheEvent?: (event: CacheEvent) => void;
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
  const caches = createCaches(config, shapeOf(printSchema(schema)), db);
  const verifiedCache = verified(caches, config, timersEveryMs);
  const cache = tracing ? tracedCache(verifiedCache, tracing) : verifiedCache;
  logCacheEvents(cache, logger);
  const metrics = config.metrics.isEnabled ? createMetrics({ cache, pool: db.pool }) : undefined;
  if (options.onCacheEvent) cache.on(options.onCacheEvent);
  db.onChanges(
    createInvalidator({ cache, logger, strictTypes: strictTypesOf(config), onLoss: config.cache.onRedisLoss }),
  );
  const sweeper = startSweeper({ db, logger, everyMs: sweepEveryMs, olderThanMs: sweepOlderThanMs });
  const reapers = caches.engines.map((engine) =>
    startReaper({ cache: engine, db, logger, everyMs: reapEveryMs, olderThanMs: reapOlderThanMs }),
  );

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
  const base = { caching, clock, services, tokens, defaultTenant: config.graphql.defaultTenant };
  const operating = createOperating({ config, logger, schema, control: caches.control, base });
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
    readiness: createReadiness(db, cache),
  });

  let timers: Rounds | undefined;
  let closing: Promise<void> | undefined;
  return {
    db,
    cacheAdmin: operating.context.cacheAdmin.admin,
    async listen() {
      await http.listen({ host: config.http.host, port: config.http.port });
      timers = startTimers({ timers: createTimerService({ db, clock, logger }), logger, everyMs: timersEveryMs });
      operating.start();
      const { port } = http.server.address() as AddressInfo;
      return urlOf(config.http.host, port);
    },
    close: () =>
      (closing ??= (async () => {
        await http.close();
        await apollo.stop();
        await operating.stop();
        await timers?.stop();
        await sweeper.stop();
        await Promise.all(reapers.map((reaper) => reaper.stop()));
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

function createCaches(config: Config, shape: string, db: Db): CacheSet {
  const { keyPrefix, types } = config.cache;
  const { main, aliases } = storesOf(config);
  const isOneStore = Object.values(aliases).every(({ store }) => store === main);
  return createCacheSet({
    store: main,
    aliases,
    typeAliases: Object.fromEntries(cacheTypes.map((type) => [type, types[type].alias])),
    prefix: `${keyPrefix}:${shape}`,
    // What is told to the one store is told to all. Of several, one catches up alone, and the rows wait for the others.
    replay: isOneStore
      ? async () => void (await db.tellUntold(0))
      : (target) => db.eachUntold((changes) => target.bump(tagsSpoiledBy(changes))),
    settled: () => db.writesEnded(),
    nearBytesMax: config.cache.nearBytesMax,
    leaseMs: config.cache.refill.leaseMs,
    jitter: config.cache.refill.jitterPercent / 100,
    earlyRefreshBeta: config.cache.refill.earlyRefreshBeta,
  });
}

/** With the cache switched off but Redis configured, writes are still told to the processes that do cache. */
function storesOf({ cache, redis }: Config): { main: Store; aliases: Readonly<Record<string, AliasOptions>> } {
  const { memoryBytesMax, memoryEntriesMax } = cache;
  const stores = new Map<string, Store>();
  const storeAt = (url: string): Store => {
    const store = stores.get(url) ?? redisStoreOf(url, cache);
    stores.set(url, store);
    return store;
  };
  const inProcess = (): Store =>
    cache.isEnabled ? createMemoryStore({ bytesMax: memoryBytesMax, entriesMax: memoryEntriesMax }) : createNullStore();
  const main = redis ? storeAt(redis.url) : inProcess();
  const aliases = Object.entries(cache.aliases).map(([name, { timeoutS, redis: own, compressAboveBytes }]) => {
    const store = own ? storeAt(own.url) : main;
    // Within the process nothing is transferred, and each hit would pay.
    const packing = store.kind === 'redis' ? { compressAboveBytes } : {};
    return [name, { store, ttlMs: timeoutS * 1000, ...packing }];
  });
  return { main, aliases: Object.fromEntries(aliases) as Readonly<Record<string, AliasOptions>> };
}

function redisStoreOf(url: string, cache: Config['cache']): Store {
  const { keyPrefix, quarantineMs, redisTimeoutMs, tagsMax } = cache;
  const tagAgeMsMax = longestTimeoutMs(cache) + tagGraceMs;
  return createRedisStore({
    url,
    prefix: keyPrefix,
    commandTimeoutMs: redisTimeoutMs,
    quarantineMs,
    tagsMax,
    tagAgeMsMax,
  });
}

/** An entry may live on for a while beyond its time to live, and its load may take long. */
const tagGraceMs = 3_600_000;

function longestTimeoutMs({ types, aliases }: Config['cache']): number {
  const timeoutsS = [
    ...cacheTypes.map((type) => types[type].timeoutS),
    ...Object.values(aliases).map((one) => one.timeoutS),
  ];
  return Math.max(...timeoutsS) * 1000;
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
