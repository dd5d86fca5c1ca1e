import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, MigrationError } from '../../src/db/migrate.js';
import { silentLogger } from '../../src/kernel/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const ownMigrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

describe('migrating', () => {
  let database: TestDatabase;
  let migrationsDir: string;

  beforeEach(async () => {
    database = await createTestDatabase({ isEmpty: true });
    migrationsDir = await mkdtemp(join(tmpdir(), 'runam-test-'));
    await write('20260101000000_first', 'CREATE TABLE first (id int);');
    await write('20260102000000_second', 'ALTER TABLE first ADD COLUMN name text;\nCREATE TABLE second (id int);');
  });

  afterEach(async () => {
    await database.drop();
    await rm(migrationsDir, { recursive: true });
  });

  it('applies what is missing in the order of the names, and nothing the second time', async () => {
    expect(await run()).toEqual({ applied: ['20260101000000_first', '20260102000000_second'] });
    expect(await run()).toEqual({ applied: [] });
    await write('20260103000000_third', 'CREATE TABLE third (id int);');
    expect(await run()).toEqual({ applied: ['20260103000000_third'] });
  });

  it('records each migration as "prisma migrate deploy" does, whatever the line ends of the checkout', async () => {
    await run();
    const sql = await readFile(join(migrationsDir, '20260101000000_first', 'migration.sql'));
    const [row] = await ask(
      'SELECT *, finished_at >= started_at AS in_order FROM _prisma_migrations ORDER BY started_at LIMIT 1',
    );
    expect(row).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      checksum: createHash('sha256').update(sql).digest('hex'),
      migration_name: '20260101000000_first',
      logs: null,
      rolled_back_at: null,
      applied_steps_count: 1,
      in_order: true,
    });
    await write('20260102000000_second', 'ALTER TABLE first ADD COLUMN name text;\r\nCREATE TABLE second (id int);');
    expect(await run()).toEqual({ applied: [] });
  });

  it('applies each migration once when four processes start at once, and all of them succeed', async () => {
    const outcomes = await Promise.all([run(), run(), run(), run()]);
    expect(outcomes.flatMap(({ applied }) => applied)).toEqual(['20260101000000_first', '20260102000000_second']);
  });

  it('rolls a failing migration back whole, names its line, and goes on once it is mended', async () => {
    await write('20260103000000_third', 'CREATE TABLE third (id int);\n\nALTER TABLE nowhere ADD COLUMN x int;');
    await expect(run()).rejects.toThrow(
      'Migration 20260103000000_third failed and was rolled back: relation "nowhere" does not exist',
    );
    await write('20260103000000_third', 'CREATE TABLE third (id int);\nSELEKT 1;');
    await expect(run()).rejects.toThrow('line 2: syntax error');
    await write('20260103000000_third', 'CREATE TABLE third (id int);');
    expect(await run()).toEqual({ applied: ['20260103000000_third'] });
  });

  it('refuses when an applied migration was changed', async () => {
    await run();
    await write('20260101000000_first', 'CREATE TABLE first (id bigint);');
    await expect(run()).rejects.toThrow(/^Migration 20260101000000_first was changed after it had been applied/);
  });

  it('refuses when the database holds a migration that this version does not know', async () => {
    await run();
    await rm(join(migrationsDir, '20260102000000_second'), { recursive: true });
    await expect(run()).rejects.toThrow(
      /^The database holds migration 20260102000000_second, which this version does not know/,
    );
  });

  it('refuses when a migration is recorded as failed, until it is marked as rolled back', async () => {
    await run();
    await ask(`UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '20260102000000_second'`);
    await expect(run()).rejects.toThrow(/^Migration 20260102000000_second has failed on this database before/);
    await ask(
      `DROP TABLE second; ALTER TABLE first DROP COLUMN name; UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL`,
    );
    expect(await run()).toEqual({ applied: ['20260102000000_second'] });
  });

  it('takes the migrations of this version to an empty database', async () => {
    await rm(migrationsDir, { recursive: true });
    await cp(ownMigrationsDir, migrationsDir, { recursive: true });
    const { applied } = await run();
    expect(applied.length).toBeGreaterThan(0);
    expect(await ask(`SELECT to_regclass('errand') IS NOT NULL AS made`)).toEqual([{ made: true }]);
  });

  it.each([
    [
      'a wrong password',
      (url: URL) => (url.password = 'hunter2'),
      /^PostgreSQL at 127\.0\.0\.1:\d+ refuses user "runam"/,
    ],
    [
      'a missing database',
      (url: URL) => (url.pathname = '/nowhere'),
      /^PostgreSQL at 127\.0\.0\.1:\d+ has no database "nowhere"; create it/,
    ],
    [
      'an unknown host',
      (url: URL) => (url.hostname = 'nowhere.invalid'),
      /^The host of DATABASE_URL \(nowhere\.invalid:\d+\) is not known/,
    ],
  ])('says in one sentence that DATABASE_URL has %s, and never the password', async (_what, damage, sentence) => {
    const url = new URL(database.url);
    damage(url);
    const fault = await faultOf(url.href);
    expect(fault.message).toMatch(sentence);
    expect(fault.message).not.toContain(decodeURIComponent(url.password));
  });

  it('says in one sentence that nothing listens where DATABASE_URL points', async () => {
    const port = await unusedPort();
    const fault = await faultOf(`postgresql://runam:hunter2@127.0.0.1:${port}/runam`);
    expect(fault.message).toBe(`No PostgreSQL listens at 127.0.0.1:${port}; start it, or correct DATABASE_URL.`);
  });

  function run() {
    return migrate({ databaseUrl: database.url, migrationsDir, logger: silentLogger });
  }

  async function write(name: string, sql: string): Promise<void> {
    await mkdir(join(migrationsDir, name), { recursive: true });
    await writeFile(join(migrationsDir, name, 'migration.sql'), sql);
  }

  async function ask(sql: string): Promise<readonly unknown[]> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query<object>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async function faultOf(databaseUrl: string): Promise<Error> {
    const fault: unknown = await migrate({ databaseUrl, migrationsDir, logger: silentLogger }).catch(
      (error: unknown) => error,
    );
    if (fault instanceof Error && !(fault instanceof MigrationError)) return fault;
    throw new Error(`expected a connection fault, got ${String(fault)}`);
  }
});

async function unusedPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('no port');
}
