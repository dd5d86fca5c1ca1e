import { readFile } from 'node:fs/promises';
import { startTemporaryPostgres } from '../../src/db/embedded/index.js';
import { migrate } from '../../src/db/migrate.js';
import { silentLogger } from '../../src/kernel/index.js';
import { diffToSchema } from './schema-engine.js';

export interface MigrationDiffOptions {
  readonly migrationsDir: string;
  readonly schemaFile: string;
}

/** The SQL that the migrations lack to reach schema.prisma, worked out on a database of its own; undefined for none. */
export async function diffMigrations({ migrationsDir, schemaFile }: MigrationDiffOptions): Promise<string | undefined> {
  const postgres = await startTemporaryPostgres();
  try {
    await migrate({ databaseUrl: postgres.url, migrationsDir, logger: silentLogger });
    return await diffToSchema({ databaseUrl: postgres.url, schema: await readFile(schemaFile, 'utf8') });
  } finally {
    await postgres.stop();
  }
}
