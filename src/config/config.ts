import type { CacheAlias } from './cache-aliases.js';
import type { Currency } from '../kernel/index.js';
import type { CachedType } from './cached-types.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export type CacheConsistency = 'strict' | 'acked' | 'bounded' | 'ttl';
export interface Consistency {
  readonly consistency: CacheConsistency;
  /** With `bounded`, milliseconds. */
  readonly boundMs?: number;
}
/** What becomes of a change of a strict type that cannot be announced. */
export type OnRedisLoss = 'commit' | 'abort';

/** Everything that can be set from outside, grouped by the room it is handed to. */
export interface Config {
  readonly nodeEnv: 'development' | 'production' | 'test';
  readonly isProduction: boolean;
  /** Absolute, or relative to the folder RunAm was started in. */
  readonly dataDir: string;
  readonly http: HttpConfig;
  readonly graphql: GraphqlConfig;
  readonly auth: AuthConfig;
  readonly database: DatabaseConfig;
  /** Undefined: no Redis, the cache stays in the process. */
  readonly redis: RedisConfig | undefined;
  readonly cache: CacheConfig;
  /** How long an idempotency key is remembered. */
  readonly idempotencyKeyTtlS: number;
  readonly payouts: PayoutsConfig;
  readonly payments: PaymentsConfig;
  readonly jobs: JobsConfig;
  readonly news: NewsConfig;
  readonly markets: MarketsConfig;
  readonly log: { readonly level: LogLevel; readonly isPretty: boolean };
  readonly metrics: MetricsConfig;
  /** Undefined: nothing is traced. */
  readonly tracing: TracingConfig | undefined;
}

export interface MarketsConfig {
  /** Of the first admin of a market that is being opened. Undefined: whoever opens it is asked. */
  readonly adminPassword: string | undefined;
}

export interface JobsConfig {
  /** Whether servers do the jobs of the queue themselves. */
  readonly isInside: boolean;
  readonly concurrency: number;
  readonly expiredSessionsKeptDays: number;
}

export interface NewsConfig {
  /** Undefined: derived from the secret of access tokens. */
  readonly webhookKey: string | undefined;
  readonly giveUpAfterS: number;
  readonly retentionS: number;
  readonly subscriptions: {
    /** Connections. 0: none. */
    readonly connectionsMax: number;
    readonly connectionsPerViewerMax: number;
    readonly viewerCheckMs: number;
  };
}

export interface HttpConfig {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Proxies in front. */
  readonly trustProxy: number;
  readonly corsOrigins: readonly string[];
  readonly bodyLimitBytes: number;
  /** 0: no limit. */
  readonly rateLimitPerMinute: number;
}

export interface MetricsConfig {
  readonly isEnabled: boolean;
  /** What scrapers must send as bearer token; undefined: nothing. */
  readonly token: string | undefined;
}

export interface TracingConfig {
  /** Where OTLP traces go, path included. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** 0 to 1. */
  readonly share: number;
}

export interface GraphqlConfig {
  readonly hasPlayground: boolean;
  readonly hasIntrospection: boolean;
  /** Slug of the tenant of requests that name none. */
  readonly defaultTenant: string;
  /** Slug of the tenant whose admins act on all tenants; undefined: there is none. */
  readonly platformTenant: string | undefined;
}

export interface PayoutsConfig {
  /** What account numbers are encrypted with, newest first. Undefined: `ensurePayoutKeys` keeps one in the data folder; in production there is none, and no account can be added. */
  readonly keys: readonly PayoutKeyConfig[] | undefined;
  /** Before a new account can be paid to. */
  readonly coolOffS: number;
  /** Minor units by currency; more than this in one payout waits for FINANCE, and everything in a currency that is not named. */
  readonly approvalAbove: ReadonlyMap<Currency, bigint>;
  /** Minor units by currency: in one payout, and of one user in 24 hours. No limit in a currency that is not named. */
  readonly payoutMax: ReadonlyMap<Currency, bigint>;
  readonly dayMax: ReadonlyMap<Currency, bigint>;
  /** Percent; a worse match of names waits for FINANCE. */
  readonly nameMatchMin: number;
  /** Before money of a charge can be paid out. */
  readonly clearingS: number;
  /** From the request of a payout that waits for FINANCE until they are told, and until it goes back. */
  readonly remindAfterS: number;
  readonly giveBackAfterS: number;
}

export interface PayoutKeyConfig {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

export interface AuthConfig {
  /** Undefined: `ensureJwtSecret` keeps one in the data folder. Never undefined in production. */
  readonly jwtSecret: string | undefined;
  readonly accessTokenTtlS: number;
  readonly refreshTokenTtlS: number;
}

export interface DatabaseConfig {
  /** Undefined: the embedded PostgreSQL. */
  readonly url: string | undefined;
  readonly poolMax: number;
  readonly transactionTimeoutMs: number;
  readonly seedsDemo: boolean;
}

export interface RedisConfig {
  readonly url: string;
}

export interface CacheConfig {
  readonly isEnabled: boolean;
  readonly keyPrefix: string;
  /** Where this process caches, for all others on its database to compare: `memory`, `none`, or the name of the shared store. */
  readonly site: string;
  readonly memoryBytesMax: number;
  readonly memoryEntriesMax: number;
  /** 0: no near store. */
  readonly nearBytesMax: number;
  readonly tagsMax: number;
  readonly redisTimeoutMs: number;
  readonly quarantineMs: number;
  readonly onRedisLoss: OnRedisLoss;
  readonly refill: CacheRefillConfig;
  /** Of the hits that are verified in the background, 0 to 1. */
  readonly shadowShare: number;
  readonly warming: { readonly atStart: boolean; readonly concurrency: number };
  readonly types: Readonly<Record<CachedType, CachedTypeConfig>>;
  readonly aliases: Readonly<Record<CacheAlias, AliasConfig>>;
}

export interface AliasConfig {
  /** Of entries that do not say how long they live. 0: not cached. */
  readonly timeoutS: number;
  /** Undefined: where the rest of the cache is. */
  readonly redis: RedisConfig | undefined;
  /** Infinity: never. */
  readonly compressAboveBytes: number;
}

/** What spares loads. */
export interface CacheRefillConfig {
  /** 0: off. */
  readonly leaseMs: number;
  /** 100: off. */
  readonly softTtlPercent: number;
  /** 0: off. */
  readonly earlyRefreshBeta: number;
  readonly jitterPercent: number;
  /** 0: off. */
  readonly staleIfErrorS: number;
  /** 0: off. */
  readonly negativeTimeoutS: number;
}

export interface CachedTypeConfig extends Consistency {
  /** 0: not cached. */
  readonly timeoutS: number;
  readonly alias: CacheAlias;
}

/** One variable that cannot be used as it is set. */
export interface ConfigFault {
  readonly variable: string;
  /** What it got and what it takes, in one sentence. Never holds a secret. */
  readonly message: string;
}

/** The environment cannot be used. Names every fault at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const count = faults.length === 1 ? 'One setting is' : `${faults.length} settings are`;
    super([`${count} wrong:`, ...faults.map(({ variable, message }) => `  ${variable}: ${message}`)].join('\n'));
    this.faults = faults;
  }
}

export interface PaymentsConfig {
  /** No real money moves. */
  readonly hasSandbox: boolean;
  /** Undefined: money neither comes in nor goes out. */
  readonly provider: ProviderConfig | undefined;
}

interface ProviderCommon {
  /** Longest wait for an answer; in milliseconds. */
  readonly timeoutMs: number;
  /** Where a payer's browser goes after the checkout page. */
  readonly returnUrl: string | undefined;
}

export type ProviderConfig = ProviderCommon &
  (
    | {
        readonly name: 'sandbox';
        /** Undefined: one that this process starts. */
        readonly baseUrl: string | undefined;
        /** Undefined: made at start, as the other secret. */
        readonly secretKey: string | undefined;
        readonly webhookSecret: string | undefined;
      }
    | { readonly name: 'paystack'; readonly baseUrl: string; readonly secretKey: string }
    | {
        readonly name: 'flutterwave';
        readonly baseUrl: string;
        readonly secretKey: string;
        readonly webhookSecret: string;
      }
  );
