import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb, noteModelChange, watchedColumns, type Db, type ModelChange } from '../../src/db/index.js';
import { migrate } from '../../src/db/migrate.js';
import { tagsSpoiledBy } from '../../src/invalidation/index.js';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const ownMigrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

let database: TestDatabase;
let db: Db;
let psql: Client;
let told: ModelChange[];
let tellings: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  db = createDb({ url: database.url, logger: silentLogger });
  db.onChanges({
    prepare: async (changes) => void tellings.push(`prepare ${changes.map(({ model }) => model).join()}`),
    settle: async (changes, _token, outcome) => {
      tellings.push(outcome);
      told.push(...changes);
    },
    tell: async (changes) => void told.push(...changes),
  });
  psql = new Client({ connectionString: database.url });
  await psql.connect();
  // Payouts hold on to their bank, and nothing of theirs can be truncated: here the directory stands for itself.
  await psql.query(letGoOfBanks);
});
beforeEach(async () => {
  await db.tellUntold(0);
  told = [];
  tellings = [];
});
afterAll(async () => {
  await psql.end();
  await db.close();
  await database.drop();
});

const letGoOfBanks = 'ALTER TABLE payout_account DROP CONSTRAINT payout_account_bank_id_fkey';
const seen = async () => {
  await db.tellUntold(0);
  return told.map(({ model, before, after }) => [model, before !== undefined, after !== undefined]);
};
const insertBank = (id: string) => `
  INSERT INTO bank (id, country, currency, name, slug, type, type_assigned, slug_derived, active, sources, valid_from, created_at, updated_at)
  VALUES ('${id}', 'NG', 'NGN', 'A bank', 'a-bank', 'NUBAN', true, true, true, '{}', now(), now(), now())`;

describe('a watched table that was truncated', () => {
  it('is told of as a change of the whole model, together with every table that CASCADE takes along', async () => {
    await psql.query('TRUNCATE bank CASCADE');
    expect((await seen()).toSorted()).toEqual([
      ['Bank', false, false],
      ['BankAlias', false, false],
      ['BankCode', false, false],
    ]);
    expect(tagsSpoiledBy(told)).toEqual(['type:BANKS_LIST']);
  });

  it('is told of when it was empty, and when rows were put back in the same transaction', async () => {
    await psql.query(`BEGIN; TRUNCATE bank CASCADE; ${insertBank(uuidv7())}; COMMIT`);
    expect((await seen()).filter(([model]) => model === 'Bank')).toEqual([
      ['Bank', false, false],
      ['Bank', false, true],
    ]);
  });

  it('is not told of when the transaction was rolled back', async () => {
    await psql.query('BEGIN; TRUNCATE bank CASCADE; ROLLBACK');
    expect(await seen()).toEqual([]);
  });

  it('is announced before the commit and told before the answer when a unit of work did it', async () => {
    await db.write((tx) => tx.$executeRaw`TRUNCATE offer`);
    expect(tellings).toEqual(['prepare Offer', 'committed']);
    expect(tagsSpoiledBy(told).toSorted()).toEqual(['type:ERRAND_DETAIL', 'type:OFFERS']);
  });
});

describe('changes of rows by ways around the application', () => {
  it.each([
    ['COPY', `COPY bank_alias (bank_id, name) FROM PROGRAM 'printf "%s\\tcopied\\n" BANK'`],
    [
      'MERGE',
      `MERGE INTO bank_alias USING (VALUES ('BANK'::uuid, 'merged')) AS v(id, n) ON bank_id = v.id AND name = v.n
       WHEN NOT MATCHED THEN INSERT (bank_id, name) VALUES (v.id, v.n)`,
    ],
    [
      'a session whose triggers are those of a replica',
      `SET session_replication_role = replica;
       INSERT INTO bank_alias (bank_id, name) VALUES ('BANK', 'replica'); SET session_replication_role = DEFAULT`,
    ],
  ])('are told row by row: %s', async (_way, sql) => {
    const bank = uuidv7();
    await psql.query(insertBank(bank));
    await db.tellUntold(0);
    told = [];
    await psql.query(sql.replace('BANK', bank));
    expect(await seen()).toEqual([['BankAlias', false, true]]);
  });

  it('are told of a truncation in a session whose triggers are those of a replica', async () => {
    await psql.query(
      'SET session_replication_role = replica; TRUNCATE session CASCADE; SET session_replication_role = DEFAULT',
    );
    expect(await seen()).toEqual([['Session', false, false]]);
  });
});

describe('a change that no trigger saw', () => {
  it('can be declared in SQL, in the transaction that makes it', async () => {
    await psql.query(`BEGIN; ALTER TABLE errand DISABLE TRIGGER USER; UPDATE errand SET title = 'x';
      ALTER TABLE errand ENABLE TRIGGER USER; SELECT note_model_change('Errand'); ROLLBACK`);
    expect(await seen()).toEqual([]);
    await psql.query(`SELECT note_model_change('Errand')`);
    expect(await seen()).toEqual([['Errand', false, false]]);
    expect(tagsSpoiledBy(told).toSorted()).toEqual(
      ['ERRAND_DETAIL', 'ERRAND_LIST', 'OFFERS', 'USER_ERRANDS'].map((type) => `type:${type}`),
    );
  });

  it('can be declared in a unit of work', async () => {
    await db.write((tx) => noteModelChange(tx, 'Tenant'));
    expect(tellings).toEqual(['prepare Tenant', 'committed']);
    expect(tagsSpoiledBy(told)).toEqual(['type:TENANT']);
  });

  it('is refused, naming what is accepted, for a name that is no watched model', async () => {
    await expect(psql.query(`SELECT note_model_change('errand')`)).rejects.toMatchObject({
      message: 'no table of the model "errand" is watched',
      hint: 'Models are named as in prisma/schema.prisma, for example Errand.',
    });
  });
});

describe('every watched table', () => {
  it('has triggers for INSERT, UPDATE, DELETE and TRUNCATE that fire whatever session_replication_role says', async () => {
    const { rows } = await psql.query<{ table: string; events: string; model: string | null }>(`
      SELECT tgrelid::regclass::text AS table, string_agg(right(tgname, 2) || tgenabled::text, ' ' ORDER BY tgname) AS events,
        max(encode(nullif(tgargs, ''), 'escape')) AS model
      FROM pg_trigger WHERE tgname LIKE '%\\_row\\_change\\_%' GROUP BY 1`);
    expect([...new Set(rows.map(({ events }) => events))]).toEqual(['_dA _iA _tA _uA']);
    const watched = Object.entries(watchedColumns).filter(([, columns]) => columns.length > 0);
    expect(rows.map(({ model }) => model?.replace('\\000', '')).toSorted()).toEqual(
      watched.map(([model]) => model).toSorted(),
    );
  });

  it('gets all four from one call of watch_rows', async () => {
    await psql.query(`CREATE TABLE planet (id uuid PRIMARY KEY, name text)`);
    await psql.query(`SELECT watch_rows('planet', 'Planet', 'id', '{id}')`);
    const { rows } = await psql.query(`SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'planet'::regclass`);
    expect(rows).toEqual(Array.from({ length: 4 }, () => ({ tgenabled: 'A' })));
    await psql.query('DROP TABLE planet');
  });

  it('gets them on a database that was in use before, with its rows as they were', async () => {
    const used = await createTestDatabase({ isEmpty: true });
    const migrationsDir = await mkdtemp(join(tmpdir(), 'runam-test-'));
    const names = (await readdir(ownMigrationsDir)).filter((name) => name < '20261120000200');
    for (const name of names) await cp(join(ownMigrationsDir, name), join(migrationsDir, name), { recursive: true });
    const upgraded = { databaseUrl: used.url, logger: silentLogger };
    await migrate({ ...upgraded, migrationsDir });
    await rm(migrationsDir, { recursive: true });
    const client = new Client({ connectionString: used.url });
    await client.connect();
    await client.query(insertBank(uuidv7()));
    expect((await migrate({ ...upgraded, migrationsDir: ownMigrationsDir })).applied[0]).toMatch(/_truncate$/);
    await client.query(letGoOfBanks);
    await client.query('TRUNCATE bank CASCADE');
    const { rows } = await client.query('SELECT model, after IS NULL AS whole FROM row_change ORDER BY id LIMIT 2');
    expect(rows).toEqual([{ model: 'Bank', whole: false }, expect.objectContaining({ whole: true })]);
    await client.end();
    await used.drop();
  });
});
