import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { migrate } from '../../src/db/index.js';
import { startTemporaryPostgres } from '../../src/db/embedded/index.js';
import { silentLogger } from '../../src/kernel/index.js';

/** What has been started, to be stopped in the opposite order. */
export type Stops = (() => Promise<unknown>)[];

/** A folder for everything that this run writes, which goes with it even when it is interrupted while something starts. */
export function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'runam-sim-'));
  // Passable: started by root, PostgreSQL runs as another user and has its rows in here.
  chmodSync(home, 0o755);
  process.env['TMPDIR'] = home;
  process.once('exit', () => rmSync(home, { recursive: true, force: true }));
  return home;
}

/** A PostgreSQL of our own. @returns what makes a migrated, empty database in it, and answers its address */
export async function startDatabases(rootDir: string, stops: Stops): Promise<() => Promise<string>> {
  const postgres = await startTemporaryPostgres();
  stops.push(() => postgres.stop());
  const migrationsDir = join(rootDir, 'prisma', 'migrations');
  let made = 0;
  return async () => {
    const name = `sim_${(made += 1)}`;
    const admin = new Client({ connectionString: postgres.url });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${name}`).finally(() => admin.end());
    const url = new URL(postgres.url);
    url.pathname = `/${name}`;
    await migrate({ databaseUrl: url.href, migrationsDir, logger: silentLogger });
    return url.href;
  };
}
