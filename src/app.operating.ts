import { setTimeout as delay } from 'node:timers/promises';
import type { GraphQLSchema } from 'graphql';
import { createAdvisor, createCacheAdmin, createWarming, type CacheAdmin, type Operator } from './admin/index.js';
import type { CacheControl } from './cache/index.js';
import type { Config } from './config/index.js';
import { createCacheOperating, createOperations, type ContextDeps, type TtlPolicy } from './graphql/index.js';
import type { CacheType } from './invalidation/index.js';
import { storable, type Logger } from './kernel/index.js';

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
  const { audit, tenants } = base.services;
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
    async record(by, action, scope) {
      if (by === serverStart) return;
      const reach = by.tenant ?? 'all markets';
      await audit.note(by.viewer ?? 'operator', { action, targetId: inWords(scope), after: { ...scope, reach } });
    },
  });
  const { platformTenant } = config.graphql;
  const context: ContextDeps = { ...base, cacheAdmin: createCacheOperating({ admin, tenants, platformTenant }) };
  let warmed: Promise<void> = Promise.resolve();
  let isStopped = false;
  const goesOn = (): boolean => !isStopped;
  return {
    context,
    start() {
      if (config.cache.warming.atStart) warmed = warmInBackground({ admin, control, logger, goesOn });
    },
    async stop() {
      isStopped = true;
      advisor.stop();
      await warming.stop();
      await warmed;
    },
  };
}

/** Not by hand. */
const serverStart: Operator = { name: 'start of the server', tenant: undefined };

function inWords(scope: object): string {
  const named = Object.entries(scope).filter(([, part]) => part !== undefined);
  const words = named.map(([name, part]) => `${name} ${String(part)}`).join(', ');
  return words === '' ? 'everything' : storable(words, scopeLengthMax);
}

const scopeLengthMax = 500;

interface WarmingAtStart {
  readonly admin: CacheAdmin;
  readonly control: Pick<CacheControl, 'health'>;
  readonly logger: Logger;
  readonly goesOn: () => boolean;
}

const readyPollMs = 100;
const readyPollsMax = 600;

/** Whoever asks meanwhile is answered as ever. Waits for stores that hold back, where nothing would be kept. Never rejects. */
async function warmInBackground({ admin, control, logger, goesOn }: WarmingAtStart): Promise<void> {
  const isReady = async (): Promise<boolean> =>
    Object.values(await control.health()).every(({ state }) => state === 'ready');
  for (let polls = 0; goesOn() && polls < readyPollsMax && !(await isReady()); polls += 1)
    await delay(readyPollMs, undefined, { ref: false });
  if (!goesOn()) return;
  try {
    const { errors: _errors, ...counts } = await admin.warm(serverStart);
    logger.info(counts, 'the cache is warm');
  } catch (error) {
    logger.warn({ err: error }, 'the cache could not be warmed');
  }
}
