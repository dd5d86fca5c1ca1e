import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchOptions } from '../options.js';
import { createCases, type BenchCase } from './cases.js';
import { analyze, startPostgres, type BenchPostgres } from './postgres.js';
import { startRedis } from './redis.js';
import { startRunAm } from './servers.js';
import type { Stops } from './stops.type.js';

export interface StageOptions extends BenchOptions {
  readonly rootDir: string;
}

/**
 * Brings up everything that is measured: the demo, loaded once and copied, so that each RunAm has the same rows in a
 * database of its own (processes with different caches refuse to share one); its peers; and a Redis.
 */
export async function setStage(options: StageOptions, stops: Stops): Promise<readonly BenchCase[]> {
  const { rootDir, profileDir } = options;
  const postgres = await startPostgres(rootDir);
  stops.push(() => postgres.stop());
  const redis = await startRedis();
  stops.push(() => redis.stop());
  await loadDemo(rootDir, postgres, stops);

  const start = async (database: string, env: Readonly<Record<string, string>>) => {
    const databaseUrl = await postgres.copy(database);
    const server = await startRunAm({ rootDir, profileDir, env: { DATABASE_URL: databaseUrl, ...env } });
    stops.push(() => server.stop());
    return server;
  };
  const memory = await start('bench_memory', {});
  const shared = await start('bench_redis', { REDIS_URL: redis.url });
  const farOnly = await start('bench_redis_far', {
    REDIS_URL: redis.url,
    CACHE_KEY_PREFIX: 'bench-far',
    CACHE_NEAR_BYTES_MAX: '0',
  });
  const uncached = await start('bench_uncached', { CACHE_ENABLED: 'False' });
  const sdl = await readFile(join(rootDir, 'docs', 'schema.graphql'), 'utf8');
  return createCases({ servers: { memory, shared, farOnly, uncached }, sdl, connections: options.connections, stops });
}

export async function loadDemo(rootDir: string, postgres: BenchPostgres, stops: Stops): Promise<void> {
  const env = { DATABASE_URL: postgres.url, SEED_DEMO: 'true' };
  const server = await startRunAm({ rootDir, env, profileDir: undefined });
  stops.push(() => server.stop());
  await server.stop();
  await analyze(postgres.url);
}
