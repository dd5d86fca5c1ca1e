import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diffToSchema } from '../../scripts/lib/schema-engine.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const schemaFile = new URL('../../prisma/schema.prisma', import.meta.url);

describe('schema.prisma and the migrations', () => {
  let database: TestDatabase;
  beforeEach(async () => void (database = await createTestDatabase()));
  afterEach(() => database.drop());

  it('say the same: the migrations lead to exactly what the schema describes', async () => {
    const schema = await readFile(schemaFile, 'utf8');
    expect(await diffToSchema({ databaseUrl: database.url, schema })).toBeUndefined();
  });

  it('are told apart when the schema has a column that no migration made', async () => {
    const schema = (await readFile(schemaFile, 'utf8')).replace(/^model Tenant \{$/m, '$&\n  planet String?');
    expect(await diffToSchema({ databaseUrl: database.url, schema })).toContain('ADD COLUMN     "planet" TEXT');
  });
});
