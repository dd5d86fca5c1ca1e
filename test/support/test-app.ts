import { createApp, type App, type AppOptions } from '../../src/app.js';
import type { CacheEvent } from '../../src/cache/index.js';
import { loadEnv, type Env } from '../../src/config/index.js';
import { silentLogger, type Clock, type Logger } from '../../src/kernel/index.js';
import { createClient, type GraphqlClient } from './graphql-client.js';
import { createTestDatabase, type TestDatabase } from './postgres.js';

export interface TestApp {
  readonly app: App;
  readonly url: string;
  readonly database: TestDatabase;
  readonly client: GraphqlClient;
  close(): Promise<void>;
}

export interface TestAppOptions {
  readonly env?: Env;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Shared between apps; closing an app leaves it. Default: a database of its own. */
  readonly database?: TestDatabase;
  readonly onStatement?: (sql: string) => void;
  readonly onCacheEvent?: (event: CacheEvent) => void;
  readonly cachesWith?: AppOptions['cachesWith'] & {};
  readonly timersEveryMs?: number;
}

/**
 * A whole server in this process, on a real port with a real database, without a presence lock so that several may share one.
 * It does no jobs unless `env` says so: what happens by itself happens when the test says (`app.doRounds()`).
 */
export async function startTestApp({
  env,
  logger = silentLogger,
  clock,
  database,
  onStatement,
  onCacheEvent,
  cachesWith,
  timersEveryMs,
}: TestAppOptions = {}): Promise<TestApp> {
  const ownDatabase = database ?? (await createTestDatabase());
  const config = loadEnv({
    PORT: '0',
    NODE_ENV: 'test',
    RATE_LIMIT_PER_MINUTE: '0',
    DATABASE_URL: ownDatabase.url,
    SEED_DEMO: 'false',
    PAYOUT_ENCRYPTION_KEY: `test:${Buffer.alloc(32, 1).toString('base64')}`,
    WORKER: 'none',
    ...env,
  });
  const app = await createApp({
    config,
    databaseUrl: ownDatabase.url,
    jwtSecret: 'a secret for tests that is long enough',
    logger,
    ...(clock && { clock }),
    ...(onStatement && { onStatement }),
    ...(onCacheEvent && { onCacheEvent }),
    ...(cachesWith && { cachesWith }),
    ...(timersEveryMs !== undefined && { timersEveryMs }),
  });
  const url = await app.listen();
  return {
    app,
    url,
    database: ownDatabase,
    client: createClient(url),
    async close() {
      await app.close();
      if (!database) await ownDatabase.drop();
    },
  };
}
