import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createDb, migrate, startEmbeddedPostgres } from '../../../src/db/index.js';
import { silentLogger } from '../../../src/kernel/index.js';
import { openMarket } from '../../support/market.js';
import { startRedis, type RedisProcess } from '../../support/redis.js';

/** What has been started, to be stopped in the opposite order. */
export type Stops = (() => Promise<unknown>)[];

export interface Stage {
  /** A migrated database with a market in it, of its own for each run. */
  createDatabase(): Promise<string>;
  startRedis(): Promise<RedisProcess>;
}

/** Rows are thrown away, so nothing waits for the disk; commit times are what violations are dated by. */
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '400',
  track_commit_timestamp: 'on',
};

/** A PostgreSQL of our own in a folder that goes with it, also when this process is killed. */
export async function setStage(rootDir: string, stops: Stops): Promise<Stage> {
  const dataDir = await mkdtemp(join(tmpdir(), 'runam-cache-check-'));
  // Open to pass through, so that the server's own user reaches its folder in it when root starts it.
  await chmod(dataDir, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir, logger: silentLogger, settings, isTemporary: true });
  stops.push(() => postgres.stop());
  await migrate({
    databaseUrl: postgres.url,
    migrationsDir: join(rootDir, 'prisma', 'migrations'),
    logger: silentLogger,
  });
  const db = createDb({ url: postgres.url, logger: silentLogger });
  await openMarket(db);
  await db.close();
  let count = 0;
  return {
    async createDatabase() {
      const name = `cache_check_${(count += 1)}`;
      const admin = new Client({ connectionString: databaseAt(postgres.url, 'postgres') });
      await admin.connect();
      await admin.query(`CREATE DATABASE ${name} TEMPLATE runam`).finally(() => admin.end());
      return databaseAt(postgres.url, name);
    },
    startRedis: () => startRedis(),
  };
}

function databaseAt(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}
