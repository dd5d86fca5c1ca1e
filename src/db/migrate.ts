import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger as QueueLogger, runMigrations } from 'graphile-worker';
import { type Client, DatabaseError } from 'pg';
import type { Logger } from '../kernel/index.js';
import { connectOrExplain } from './connect.js';

export interface MigrateOptions {
  /** `postgresql://user:password@host:port/database` */
  readonly databaseUrl: string;
  /** The folder that holds one folder per migration, each with a `migration.sql`. */
  readonly migrationsDir: string;
  readonly logger: Logger;
}

export interface MigrateOutcome {
  /** Names of the migrations that this call applied, in order; empty when the database was up to date. */
  readonly applied: readonly string[];
}

/** The database cannot be brought to this version. The message is written for the operator. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, and of the file with the line ends of the other systems. */
  readonly checksums: readonly [string, ...string[]];
}

interface Recorded {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

/** The number `prisma migrate` locks too, so that neither works while the other does. */
const lockKey = 72_707_369;

/**
 * Applies the migrations that the database does not have yet, in the order of their names, each in a transaction of its
 * own and recorded in `_prisma_migrations` as `prisma migrate deploy` records them. Processes that start at once take
 * turns: one applies, the others find it done. Behind them the queue of jobs (schema `graphile_worker`) is brought up to
 * date, by its package's own migrations.
 * @throws DatabaseConnectionError when the database cannot be reached
 * @throws MigrationError when an applied migration has changed or is unknown here, one has failed before, or one fails now
 */
export async function migrate({ databaseUrl, migrationsDir, logger }: MigrateOptions): Promise<MigrateOutcome> {
  const migrations = await readMigrations(migrationsDir);
  const client = await connectOrExplain(databaseUrl);
  try {
    await takeTurn(client, logger);
    await client.query(recordTable);
    const pending = pendingOf(migrations, await readRecorded(client));
    for (const migration of pending) await apply(client, migration, logger);
    await migrateQueue(databaseUrl);
    return { applied: pending.map(({ name }) => name) };
  } finally {
    await client.end();
  }
}

async function readMigrations(migrationsDir: string): Promise<readonly Migration[]> {
  const entries = await readdir(migrationsDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(names.toSorted().map((name) => readMigration(name, join(migrationsDir, name, 'migration.sql'))));
}

async function readMigration(name: string, file: string): Promise<Migration> {
  const sql = await readFile(file, 'utf8');
  const unixSql = sql.replaceAll('\r\n', '\n');
  return { name, sql, checksums: [sha256(sql), sha256(unixSql), sha256(unixSql.replaceAll('\n', '\r\n'))] };
}

async function takeTurn(client: Client, logger: Logger): Promise<void> {
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [lockKey]);
  if (rows[0]?.taken) return;
  logger.info({}, 'Another process is migrating this database; waiting for it');
  await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
}

/** The columns are Prisma's. */
const recordTable = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

async function readRecorded(client: Client): Promise<readonly Recorded[]> {
  const { rows } = await client.query<Recorded>(
    'SELECT migration_name, checksum, finished_at FROM "_prisma_migrations" WHERE rolled_back_at IS NULL ORDER BY started_at',
  );
  return rows;
}

function pendingOf(migrations: readonly Migration[], recorded: readonly Recorded[]): readonly Migration[] {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { migration_name: name, checksum, finished_at: finishedAt } of recorded) {
    const migration = byName.get(name);
    if (migration === undefined) {
      throw new MigrationError(
        `The database holds migration ${name}, which this version does not know: it has been used by a newer RunAm. Run that version, or another database.`,
      );
    }
    if (finishedAt === null) {
      throw new MigrationError(
        `Migration ${name} has failed on this database before. Repair the database, then mark it with "npx prisma migrate resolve --applied ${name}" or "--rolled-back ${name}".`,
      );
    }
    if (!migration.checksums.includes(checksum)) {
      throw new MigrationError(
        `Migration ${name} was changed after it had been applied to this database. Put its migration.sql back as it was, and write the change as a new migration.`,
      );
    }
  }
  const done = new Set(recorded.map(({ migration_name: name }) => name));
  return migrations.filter(({ name }) => !done.has(name));
}

async function apply(client: Client, { name, sql, checksums }: Migration, logger: Logger): Promise<void> {
  const startedMs = performance.now();
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksums[0], name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client
      .query('ROLLBACK')
      .catch((rollbackError: unknown) => logger.debug({ err: rollbackError }, 'The connection broke while migrating'));
    throw new MigrationError(`Migration ${name} failed and was rolled back: ${placeOf(error, sql)}`, { cause: error });
  }
  logger.info({ migration: name, tookMs: Math.round(performance.now() - startedMs) }, 'Migration applied');
}

async function migrateQueue(databaseUrl: string): Promise<void> {
  try {
    await runMigrations({ connectionString: databaseUrl, maxPoolSize: 1, logger: new QueueLogger(() => () => {}) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new MigrationError(`The queue of jobs cannot be brought to this version: ${message}`, { cause: error });
  }
}

function placeOf(error: unknown, sql: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const position = error instanceof DatabaseError ? Number(error.position) : Number.NaN;
  if (!(position > 0)) return message;
  return `line ${sql.slice(0, position).split('\n').length}: ${message}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
