import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { startTemporaryPostgres } from '../../src/db/embedded/index.js';
import { migrate } from '../../src/db/migrate.js';
import { silentLogger } from '../../src/kernel/index.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The run's PostgreSQL; the database it names is for creating and dropping others. */
    readonly postgresUrl: string;
    /** A migrated database to copy from. */
    readonly postgresTemplate: string;
  }
}

const template = 'runam_template';

/** One PostgreSQL for the whole run, with one migrated database that each test copies. All of it goes with the run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startTemporaryPostgres();
  try {
    await makeTemplate(postgres.url);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  project.provide('postgresUrl', postgres.url);
  project.provide('postgresTemplate', template);
  return () => postgres.stop();
}

async function makeTemplate(adminUrl: string): Promise<void> {
  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(`CREATE DATABASE ${template}`);
    const databaseUrl = new URL(adminUrl);
    databaseUrl.pathname = `/${template}`;
    const migrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
    await migrate({ databaseUrl: databaseUrl.href, migrationsDir, logger: silentLogger });
    // A database can be copied only while nobody, autovacuum included, is connected to it.
    await admin.query(`ALTER DATABASE ${template} ALLOW_CONNECTIONS false`);
  } finally {
    await admin.end();
  }
}
