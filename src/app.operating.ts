import type { GraphQLSchema } from 'graphql';
import { createAdvisor, createCacheAdmin, createWarming, type CacheAdmin } from './admin/index.js';
import type { CacheControl } from './cache/index.js';
import type { Config } from './config/index.js';
import { createCacheOperating, createOperations, type ContextDeps, type TtlPolicy } from './graphql/index.js';
import type { CacheType } from './invalidation/index.js';
import type { Logger } from './kernel/index.js';

export interface OperatingOptions {
  readonly config: Pick<Config, 'cache' | 'graphql'>;
  readonly logger: Logger;
  readonly schema: GraphQLSchema;
  readonly control: CacheControl;
  readonly base: Omit<ContextDeps, 'cacheAdmin'>;
}

export interface Operating {
  readonly context: ContextDeps;
  /** Warms the cache in the background, when the configuration says so. */
  start(): void;
  stop(): Promise<void>;
}

/** The cache's administration, and the context of every request, which it is a part of. */
export function createOperating({ config, logger, schema, control, base }: OperatingOptions): Operating {
  const { tenants } = base.services;
  const { cache, policy } = base.caching;
  const types: Readonly<Record<string, TtlPolicy[CacheType]>> = policy;
  const advisor = createAdvisor({ cache, policyOf: (type) => types[type] });
  const warming = createWarming({ logger, concurrency: config.cache.warming.concurrency });
  const admin = createCacheAdmin({
    ...createOperations({ schema, context: () => context }),
    control,
    advisor,
    warming,
    logger,
    tenantIdOf: async (slug) => (await tenants.bySlug(slug)).id,
  });
  const { platformTenant } = config.graphql;
  const context: ContextDeps = { ...base, cacheAdmin: createCacheOperating({ admin, tenants, platformTenant }) };
  return {
    context,
    start: () => void (config.cache.warming.atStart && warmInBackground(admin, logger)),
    async stop() {
      advisor.stop();
      await warming.stop();
    },
  };
}

/** Whoever asks meanwhile is answered as ever. */
function warmInBackground(admin: CacheAdmin, logger: Logger): void {
  admin.warm({ name: 'start of the server', tenant: undefined }).then(
    ({ errors: _errors, ...counts }) => logger.info(counts, 'the cache is warm'),
    (error: unknown) => logger.warn({ err: error }, 'the cache could not be warmed'),
  );
}
