import { setTimeout as pause } from 'node:timers/promises';
import { createApp } from '../../../src/app.js';
import { createCacheSet, type CacheSet, type CacheSetOptions } from '../../../src/cache/index.js';
import { loadEnv } from '../../../src/config/index.js';
import { createLogger } from '../../../src/observability/index.js';
import { variants, type Variant } from '../variants.js';
import { createAblatedCaches } from './ablated.js';
import { createDelAfterCommitCaches } from './del-after-commit.js';

/**
 * A server process of the check: the whole program, on the variant of the cache that CACHE_CHECK_VARIANT names, with loads
 * that take up to CACHE_CHECK_LOAD_MS_MAX milliseconds longer, as those of a busy database do. Ends with its parent.
 */
const env = process.env;
const config = loadEnv(env);
const variant = variants.find((name) => name === env['CACHE_CHECK_VARIANT']) ?? 'runam';
const loadMsMax = Number(env['CACHE_CHECK_LOAD_MS_MAX'] ?? 0);

function cachesOf(name: Variant, options: CacheSetOptions): CacheSet {
  if (name === 'runam') return createCacheSet(options);
  if (name !== 'del-after-commit') return createAblatedCaches(name, options);
  void options.store.close();
  return createDelAfterCommitCaches(config.redis?.url ?? '');
}

/** Who asks is looked up before every read, and would only keep the rest waiting. */
const viewersTypes: ReadonlySet<string> = new Set(['SESSION', 'ROLES', 'TENANT']);

/** What was read grows old on its way from the database. */
function withSlowLoads(cache: CacheSet): CacheSet {
  return {
    ...cache,
    read: (request) =>
      cache.read({
        ...request,
        async load() {
          const value = await request.load();
          if (!viewersTypes.has(request.type)) await pause(Math.random() * loadMsMax);
          return value;
        },
      }),
  };
}

const app = await createApp({
  config,
  databaseUrl: config.database.url ?? '',
  jwtSecret: config.auth.jwtSecret ?? '',
  logger: createLogger(config.log),
  cachesWith: (options) => withSlowLoads(cachesOf(variant, options)),
});
process.once('disconnect', () => process.exit());
process.send?.({ url: await app.listen() });
