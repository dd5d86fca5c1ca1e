import type { Cache, ExplainRequest, Outcome, Position } from '../cache/index.js';
import type { Viewer } from '../kernel/index.js';
import type { CacheOperating } from './cache-admin/cache-operating.js';
import type { CacheTrace } from './caching/cache-trace.js';
import type { TtlPolicy } from './caching/ttl-policy.js';
import type { Loaders } from './loaders.js';
import type { Services } from './services.js';

/** What reading through the cache takes. */
export interface Caching {
  readonly cache: Cache;
  readonly policy: TtlPolicy;
}

/** Made afresh for every request. */
export interface GraphqlContext {
  readonly viewer: Viewer;
  readonly services: Services;
  readonly caching: Caching;
  readonly cacheAdmin: CacheOperating;
  readonly requestId: string;
  readonly userAgent: string | undefined;
  /** Replaced before each mutation field, so nothing read before a write is shown after it. */
  loaders: Loaders;
  readonly cacheTrace: CacheTrace[];
  /** What was read through the cache to learn who asks. */
  readonly viewerReads: readonly Outcome[];
  /** The answer is to say what the cache did. */
  readonly isTraced: boolean;
  /** No read of this request may show anything older. */
  readonly floor: Position | undefined;
  /** The `Idempotency-Key` header, parsed. */
  readonly idempotencyKey: string | undefined;
  /** A cached field is being loaded again behind an answer. */
  readonly isReload?: boolean;
  /** Present while a query is explained: cached fields hand over what they would have read, and read nothing. */
  readonly explain?: (request: ExplainRequest) => Promise<undefined>;
}
