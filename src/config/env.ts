import { aliasOfType, type CacheAlias, cacheAliases } from './cache-aliases.js';
import { cachedTypes, type CachedType } from './cached-types.js';
import {
  type AliasConfig,
  type CacheConfig,
  type CachedTypeConfig,
  type Config,
  ConfigError,
  type ConfigFault,
  type Consistency,
  type PayoutsConfig,
  type NewsConfig,
  type RedisConfig,
  type TracingConfig,
} from './config.js';
import { aliasVariable, aliasVariables, consistencyVariables, timeoutVariables } from './cache.variables.js';
import { paymentFaults, paymentsOf } from './payments.js';
import type { Variable } from './variable.js';
import { variables } from './variables.js';

/** Shaped like `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

type Variables = typeof variables;
type Values = {
  readonly [Name in keyof Variables]: Variables[Name] extends Variable<infer Value>
    ? Variables[Name] extends { readonly standard: string }
      ? Value
      : Value | undefined
    : never;
};

/**
 * Reads the whole configuration. An empty variable counts as unset.
 * @throws ConfigError naming every fault: the variable, what it got, what it takes
 */
export function loadEnv(env: Env): Config {
  const faults: ConfigFault[] = [...unknownNames(env)];
  const values = readAll(variables, env, faults) as Values;
  const aliases = readAliases(env, values, faults);
  const types = readTypes(env, aliases, faults);
  if (values.NODE_ENV === 'production' && !isSet(env['JWT_SECRET'])) {
    faults.push({
      variable: 'JWT_SECRET',
      message: `is not set; production takes ${variables.JWT_SECRET.kind.takes}.`,
    });
  }
  faults.push(...paymentFaults(values));
  if (faults.length > 0) throw new ConfigError(faults);
  return group(values, types, aliases);
}

function readAll(
  table: Readonly<Record<string, Variable<unknown>>>,
  env: Env,
  faults: ConfigFault[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(table).map(([name, variable]) => [name, readOne(name, variable, env, faults)]),
  );
}

function readOne(name: string, { kind, standard }: Variable<unknown>, env: Env, faults: ConfigFault[]): unknown {
  const given = env[name];
  const text = isSet(given) ? given.trim() : standard;
  if (text === undefined) return undefined;
  const parsed = kind.schema.safeParse(text);
  if (parsed.success) return parsed.data;
  const got = kind.isSecret ? 'got something else (not shown)' : `got ${JSON.stringify(text)}`;
  faults.push({ variable: name, message: `${got}; takes ${kind.takes}.` });
  return undefined;
}

function readAliases(env: Env, values: Values, faults: ConfigFault[]): CacheConfig['aliases'] {
  const given = readAll(aliasVariables, env, faults);
  const main = redisOf(values)?.url;
  const entries = cacheAliases.map((alias): [CacheAlias, AliasConfig] => {
    const url = given[aliasVariable(alias, 'REDIS_URL')] as string | undefined;
    const above = given[aliasVariable(alias, 'COMPRESS_ABOVE_BYTES')] ?? values.CACHE_COMPRESS_ABOVE_BYTES;
    return [
      alias,
      {
        timeoutS: (given[aliasVariable(alias, 'TIMEOUT')] ?? values.CACHE_DEFAULT_TIMEOUT) as number,
        redis: url === undefined || url === main || values.USE_REDIS === false ? undefined : { url },
        compressAboveBytes: above === 0 ? Number.POSITIVE_INFINITY : (above as number),
      },
    ];
  });
  return Object.fromEntries(entries) as CacheConfig['aliases'];
}

function readTypes(env: Env, aliases: CacheConfig['aliases'], faults: ConfigFault[]): CacheConfig['types'] {
  const timeouts = readAll(timeoutVariables, env, faults);
  const consistencies = readAll(consistencyVariables, env, faults);
  const entries = cachedTypes.map((type): [CachedType, CachedTypeConfig] => [
    type,
    {
      timeoutS: (timeouts[`CACHE_TIMEOUT_${type}`] ?? aliases[aliasOfType(type)].timeoutS) as number,
      ...(consistencies[`CACHE_CONSISTENCY_${type}`] as Consistency),
      alias: aliasOfType(type),
    },
  ]);
  return Object.fromEntries(entries) as CacheConfig['types'];
}

/** A misspelt type would otherwise keep its default in silence. */
function unknownNames(env: Env): readonly ConfigFault[] {
  const families = [
    { prefix: 'CACHE_TIMEOUT_', known: timeoutVariables },
    { prefix: 'CACHE_CONSISTENCY_', known: consistencyVariables },
  ];
  const aliases = Object.keys(env)
    .filter((name) => name.startsWith('CACHE_ALIAS_') && !Object.hasOwn(aliasVariables, name))
    .map((name) => ({
      variable: name,
      message: `is no setting of an alias; there are ${cacheAliases.map((alias) => aliasVariable(alias, 'TIMEOUT')).join(', ')}, and the same with REDIS_URL and COMPRESS_ABOVE_BYTES.`,
    }));
  const types = families.flatMap(({ prefix, known }) =>
    Object.keys(env)
      .filter((name) => name.startsWith(prefix) && !Object.hasOwn(known, name))
      .map((name) => ({
        variable: name,
        message: `is not a cached type; ${prefix}<TYPE> takes ${cachedTypes.join(', ')}.`,
      })),
  );
  return [...types, ...aliases];
}

function group(values: Values, types: CacheConfig['types'], aliases: CacheConfig['aliases']): Config {
  const isProduction = values.NODE_ENV === 'production';
  return {
    nodeEnv: values.NODE_ENV,
    isProduction,
    dataDir: values.RUNAM_DATA_DIR,
    http: {
      host: values.HOST,
      port: values.PORT,
      trustProxy: values.TRUST_PROXY,
      corsOrigins: values.CORS_ORIGINS ?? [],
      bodyLimitBytes: values.BODY_LIMIT_BYTES,
      rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE ?? (isProduction ? 600 : 0),
    },
    graphql: {
      hasPlayground: values.PLAYGROUND ?? !isProduction,
      hasIntrospection: values.INTROSPECTION ?? !isProduction,
      defaultTenant: values.DEFAULT_TENANT,
      platformTenant: values.PLATFORM_TENANT ?? (isProduction ? undefined : values.DEFAULT_TENANT),
    },
    auth: {
      jwtSecret: values.JWT_SECRET,
      accessTokenTtlS: values.ACCESS_TOKEN_TTL,
      refreshTokenTtlS: values.REFRESH_TOKEN_TTL,
    },
    database: {
      url: values.DATABASE_URL,
      poolMax: values.DATABASE_POOL_MAX,
      transactionTimeoutMs: values.DATABASE_TRANSACTION_TIMEOUT_MS,
      seedsDemo: values.SEED_DEMO ?? !isProduction,
    },
    redis: redisOf(values),
    cache: cacheOf(values, types, aliases),
    idempotencyKeyTtlS: values.IDEMPOTENCY_KEY_TTL,
    payouts: payoutsOf(values),
    payments: paymentsOf(values),
    jobs: {
      isInside: values.WORKER === 'inside',
      concurrency: values.WORKER_CONCURRENCY,
      expiredSessionsKeptDays: values.EXPIRED_SESSIONS_KEPT_DAYS,
    },
    news: newsOf(values),
    markets: { adminPassword: values.RUNAM_ADMIN_PASSWORD },
    log: { level: values.LOG_LEVEL, isPretty: !isProduction },
    metrics: {
      isEnabled: values.METRICS_ENABLED ?? (!isProduction || values.METRICS_TOKEN !== undefined),
      token: values.METRICS_TOKEN,
    },
    tracing: tracingOf(values),
  };
}

function payoutsOf(values: Values): PayoutsConfig {
  const isProduction = values.NODE_ENV === 'production';
  return {
    keys: values.PAYOUT_ENCRYPTION_KEY,
    coolOffS: values.PAYOUT_COOL_OFF ?? (isProduction ? 86_400 : 0),
    approvalAbove: values.PAYOUT_APPROVAL_ABOVE,
    payoutMax: values.PAYOUT_MAX,
    dayMax: values.PAYOUT_DAY_MAX,
    nameMatchMin: values.PAYOUT_NAME_MATCH_MIN ?? (isProduction ? 50 : 0),
    clearingS: values.PAYOUT_CLEARING ?? (isProduction ? 86_400 : 0),
    remindAfterS: values.PAYOUT_REMIND_AFTER,
    giveBackAfterS: values.PAYOUT_GIVE_BACK_AFTER,
  };
}

function newsOf(values: Values): NewsConfig {
  return {
    webhookKey: values.WEBHOOK_KEY,
    giveUpAfterS: values.WEBHOOK_GIVE_UP_AFTER,
    retentionS: values.NEWS_RETENTION,
    subscriptions: {
      connectionsMax: values.SUBSCRIPTION_CONNECTIONS_MAX,
      connectionsPerViewerMax: values.SUBSCRIPTION_CONNECTIONS_PER_VIEWER_MAX,
      viewerCheckMs: values.SUBSCRIPTION_VIEWER_CHECK_MS,
    },
  };
}

function tracingOf(values: Values): TracingConfig | undefined {
  if (values.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return undefined;
  return {
    url: `${values.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/+$/, '')}/v1/traces`,
    headers: values.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    serviceName: values.OTEL_SERVICE_NAME,
    share: values.OTEL_TRACES_SAMPLER_ARG,
  };
}

function cacheOf(values: Values, types: CacheConfig['types'], aliases: CacheConfig['aliases']): CacheConfig {
  return {
    isEnabled: values.CACHE_ENABLED,
    keyPrefix: values.CACHE_KEY_PREFIX,
    site: siteOf(values, aliases),
    memoryBytesMax: values.CACHE_MEMORY_BYTES_MAX,
    memoryEntriesMax: values.CACHE_MEMORY_ENTRIES_MAX,
    nearBytesMax: values.CACHE_NEAR_BYTES_MAX,
    tagsMax: values.CACHE_TAGS_MAX,
    redisTimeoutMs: values.CACHE_REDIS_TIMEOUT_MS,
    quarantineMs: values.CACHE_QUARANTINE_MS,
    onRedisLoss: values.CACHE_ON_REDIS_LOSS,
    refill: {
      leaseMs: values.CACHE_FILL_LEASE_MS,
      softTtlPercent: values.CACHE_SOFT_TTL_PERCENT,
      earlyRefreshBeta: values.CACHE_EARLY_REFRESH_BETA,
      jitterPercent: values.CACHE_TTL_JITTER_PERCENT,
      staleIfErrorS: values.CACHE_STALE_IF_ERROR_S,
      negativeTimeoutS: values.CACHE_NEGATIVE_TIMEOUT_S,
    },
    shadowShare: (values.CACHE_SHADOW_PERCENT ?? (values.NODE_ENV === 'production' ? 0.1 : 0)) / 100,
    warming: { atStart: values.CACHE_WARM_AT_START, concurrency: values.CACHE_WARM_CONCURRENCY },
    types,
    aliases,
  };
}

/**
 * With the cache switched off but Redis set, writes are still told there. Every process writes to all the stores that any
 * alias has, so the stores must be the same everywhere; which alias stands in which need not.
 */
function siteOf(values: Values, aliases: CacheConfig['aliases']): string {
  const redis = redisOf(values);
  if (!redis && values.CACHE_ENABLED) return 'memory';
  const others = Object.values(aliases).flatMap((alias) => (alias.redis ? [addressOf(alias.redis.url)] : []));
  const addresses = [...(redis ? [addressOf(redis.url)] : []), ...new Set(others.toSorted())];
  if (addresses.length === 0) return 'none';
  return `shared ${values.CACHE_STORE_NAME ?? `${addresses.join(' ')} ${values.CACHE_KEY_PREFIX}`}`;
}

/** Without login and parameters. Of clusters and sentinels as it is written, as any of their nodes may be named. */
function addressOf(redisUrl: string): string {
  const [, kind = '', hosts = '', path = ''] =
    /^rediss?(-\w+)?:\/\/(?:[^@/?]*@)?([^/?]*)\/?([^?]*)/.exec(redisUrl) ?? [];
  if (kind !== '') return `${kind.slice(1)} ${hosts}/${path}`;
  const { hostname, port, pathname } = new URL(redisUrl);
  return `${hostname}:${port || '6379'}/${pathname.slice(1) || '0'}`;
}

function redisOf(values: Values): RedisConfig | undefined {
  if (values.USE_REDIS === false) return undefined;
  if (values.REDIS_URL !== undefined) return { url: values.REDIS_URL };
  if (values.REDIS_HOST === undefined && values.USE_REDIS === undefined) return undefined;
  const host = values.REDIS_HOST ?? '127.0.0.1';
  const login = values.REDIS_PASSWORD === undefined ? '' : `:${encodeURIComponent(values.REDIS_PASSWORD)}@`;
  return { url: `redis://${login}${host.includes(':') ? `[${host}]` : host}:${values.REDIS_PORT}/${values.REDIS_DB}` };
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== '';
}
