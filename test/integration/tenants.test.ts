import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { createTenantService } from '../../src/modules/tenants/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let db: Db;
const statements: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const onStatement = (sql: string) => void (sql.includes('row_change') || statements.push(sql));
  db = createDb({ url: database.url, logger: silentLogger, onStatement });
});

afterAll(async () => {
  await db?.close();
  await database?.drop();
});

describe('tenants', () => {
  it('are found by slug in one statement, and always as they are now', async () => {
    const tenants = createTenantService({ db });
    const id = uuidv7();
    await db.write(async (tx) => {
      await tx.tenant.createMany({
        data: [{ id, slug: 'lagos', name: 'Lagos', currency: 'NGN', createdAt: new Date() }],
      });
    });
    statements.length = 0;
    expect(await tenants.bySlug('lagos')).toMatchObject({ id, name: 'Lagos', currency: 'NGN' });
    expect(statements).toHaveLength(1);
    await db.write(async (tx) => {
      await tx.tenant.updateMany({ where: { id }, data: { name: 'Lagos Mainland' } });
    });
    expect((await tenants.bySlug('lagos')).name).toBe('Lagos Mainland');
  });

  it('that do not exist are NOT_FOUND, whatever was asked for', async () => {
    const tenants = createTenantService({ db });
    for (const slug of ['atlantis', '', 'Lagos', 'lagos\0', "' OR true --", 'x'.repeat(100_000), '\ud800']) {
      await expect(tenants.bySlug(slug)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });
});
