import { mkdtemp, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import type * as Database from '../../src/db/index.js';

export interface BenchPostgres {
  /** Of the database that is copied. */
  readonly url: string;
  /** Another database with the same rows. The first must have nobody connected. @returns its URL */
  copy(name: string): Promise<string>;
  /** A database without anything in it. @returns its URL */
  empty(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** The embedded PostgreSQL with its usual settings, writes to disk included, in a folder that goes with it. */
export async function startPostgres(rootDir: string): Promise<BenchPostgres> {
  const { startEmbeddedPostgres } = (await import(
    pathToFileURL(join(rootDir, 'dist', 'db', 'index.js')).href
  )) as typeof Database;
  const dataDir = await mkdtemp(join(tmpdir(), 'runam-bench-'));
  // Open to pass through, so that the server's own user reaches its folder in it when root starts it.
  await chmod(dataDir, 0o755);
  const logger = { debug() {}, info() {}, warn: console.warn, error: console.error };
  const postgres = await startEmbeddedPostgres({ dataDir, logger, isTemporary: true });
  return {
    url: postgres.url,
    async copy(name) {
      await query(databaseAt(postgres.url, 'postgres'), `CREATE DATABASE ${name} TEMPLATE runam`);
      return databaseAt(postgres.url, name);
    },
    async empty(name) {
      await query(databaseAt(postgres.url, 'postgres'), `CREATE DATABASE ${name}`);
      return databaseAt(postgres.url, name);
    },
    stop: () => postgres.stop(),
  };
}

/** Plans depend on statistics: taken once, before copying, they are the same in every copy. */
export async function analyze(databaseUrl: string): Promise<void> {
  await query(databaseUrl, 'VACUUM ANALYZE');
}

function databaseAt(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

async function query(connectionString: string, sql: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
