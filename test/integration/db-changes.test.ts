import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb, watchedColumns, type Db, type ModelChange, type Tx } from '../../src/db/index.js';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const now = new Date('2026-01-01T00:00:00Z');

describe('change events', () => {
  let database: TestDatabase;
  let db: Db;
  let told: ModelChange[];

  beforeAll(async () => {
    database = await createTestDatabase();
    db = createDb({ url: database.url, logger: silentLogger });
    db.onCommitted(async (changes) => void told.push(...changes));
  });
  beforeEach(() => {
    told = [];
  });
  afterAll(async () => {
    await db.close();
    await database.drop();
  });

  const tenantOf = (id: string, slug: string) => ({ id, slug, name: slug, currency: 'NGN', createdAt: now });
  const userOf = (tenantId: string, id = uuidv7()) => ({
    id,
    tenantId,
    email: `${id}@runam.test`,
    passwordHash: 'hash',
    status: 'ACTIVE' as const,
    kycTier: 0,
    version: 1,
    createdAt: now,
    updatedAt: now,
  });
  async function newTenant(tx: Tx): Promise<string> {
    const id = uuidv7();
    await tx.tenant.create({ data: tenantOf(id, `t-${id.slice(-12)}`) });
    return id;
  }
  const seen = () => told.map(({ model, before, after }) => [model, before !== undefined, after !== undefined]);

  it('tells of created, updated and deleted rows with what they were before and after', async () => {
    const id = uuidv7();
    await db.write((tx) => tx.tenant.create({ data: tenantOf(id, 'created') }));
    await db.write((tx) => tx.tenant.update({ where: { id }, data: { slug: 'renamed' } }));
    await db.write((tx) => tx.tenant.delete({ where: { id } }));
    expect(told.map(({ before, after }) => [before, after])).toEqual([
      [undefined, { id, slug: 'created' }],
      [
        { id, slug: 'created' },
        { id, slug: 'renamed' },
      ],
      [{ id, slug: 'renamed' }, undefined],
    ]);
  });

  it('tells of upserts, bulk writes, nested writes and raw SQL, row by row', async () => {
    const [one, two] = [uuidv7(), uuidv7()];
    await db.write(async (tx) => {
      const tenantId = await newTenant(tx);
      const profile = { displayName: 'Nested', version: 1, createdAt: now, updatedAt: now };
      await tx.user.create({ data: { ...userOf(tenantId, one), profile: { create: profile } } as never });
      await tx.user.upsert({ where: { id: two }, create: userOf(tenantId, two), update: {} });
      await tx.user.updateMany({ where: { tenantId }, data: { status: 'SUSPENDED' } });
      await tx.$executeRaw`UPDATE app_user SET status = 'CLOSED' WHERE id = ${two}::uuid`;
    });
    expect(seen()).toEqual([
      ['Tenant', false, true],
      ['User', false, true],
      ['UserProfile', false, true],
      ['User', false, true],
      ['User', true, true],
      ['User', true, true],
      ['User', true, true],
    ]);
    expect(told.at(-1)).toMatchObject({
      before: { id: two, status: 'SUSPENDED' },
      after: { id: two, status: 'CLOSED' },
    });
  });

  it('tells of rows that a cascade inside the database deleted', async () => {
    const userId = uuidv7();
    await db.write(async (tx) => {
      const tenantId = await newTenant(tx);
      await tx.user.create({ data: userOf(tenantId, userId) });
      await tx.userProfile.create({
        data: { userId, tenantId, displayName: 'Gone soon', version: 1, createdAt: now, updatedAt: now },
      });
      await tx.roleGrant.create({ data: { id: uuidv7(), tenantId, userId, role: 'RUNNER', createdAt: now } });
    });
    told = [];
    await db.write((tx) => tx.user.delete({ where: { id: userId } }));
    expect(seen().toSorted()).toEqual([
      ['RoleGrant', true, false],
      ['User', true, false],
      ['UserProfile', true, false],
    ]);
  });

  it('says nothing of a transaction that rolled back, and nothing before the commit', async () => {
    const failing = db.write(async (tx) => {
      await newTenant(tx);
      expect(told).toEqual([]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(told).toEqual([]);
  });

  it('says nothing of an update that changed nothing', async () => {
    const id = await db.write(newTenant);
    told = [];
    await db.write((tx) => tx.$executeRaw`UPDATE tenant SET name = name WHERE id = ${id}::uuid`);
    expect(told).toEqual([]);
  });

  it('does not let a write answer before everybody is told of it', async () => {
    const order: string[] = [];
    const slowDb = createDb({ url: database.url, logger: silentLogger });
    slowDb.onCommitted(async () => {
      // A statement of its own takes longer than an answer that does not wait.
      await db.read.$queryRaw`SELECT pg_sleep(0.05)::text`;
      order.push('told');
    });
    await slowDb.write(newTenant);
    order.push('answered');
    await slowDb.close();
    expect(order).toEqual(['told', 'answered']);
  });

  it('forgets what it told, and tells later what it could not', async () => {
    const failingDb = createDb({ url: database.url, logger: silentLogger });
    failingDb.onCommitted(() => Promise.reject(new Error('cache away')));
    const id = await failingDb.write(newTenant);
    await failingDb.close();
    expect(await db.tellUntold(0)).toBe(1);
    expect(told.map(({ after }) => after)).toMatchObject([{ id }]);
    expect(await db.tellUntold(0)).toBe(0);
  });

  it('keeps what it cannot tell when telling the untold fails too', async () => {
    const failingDb = createDb({ url: database.url, logger: silentLogger });
    failingDb.onCommitted(() => Promise.reject(new Error('cache away')));
    await failingDb.write(newTenant);
    await expect(failingDb.tellUntold(0)).rejects.toThrow('cache away');
    await failingDb.close();
    expect(await db.tellUntold(0)).toBe(1);
  });

  it('tells everything to those who hear, however much waits for one who does not', async () => {
    const halfDb = createDb({ url: database.url, logger: silentLogger });
    const heard = new Set<bigint>();
    halfDb.onCommitted(async (changes) => {
      for (const { id } of changes) heard.add(id);
      throw new Error('one store of two is away');
    });
    const psql = new Client({ connectionString: database.url });
    await psql.connect();
    await psql.query(`SELECT note_model_change('Tenant') FROM generate_series(1, 2500)`);
    await psql.end();
    await expect(halfDb.tellUntold(0, 'all')).rejects.toThrow('one store of two is away');
    expect(heard.size).toBe(2500);
    heard.clear();
    await expect(halfDb.tellUntold(0), 'one store: nobody hears, so nobody is told').rejects.toThrow('away');
    expect(heard.size).toBe(1000);
    await halfDb.close();
    expect(await db.tellUntold(0)).toBe(2500);
  });

  it('hears of writes by programs that do not know of it', async () => {
    const id = await db.write(newTenant);
    told = [];
    const psql = new Client({ connectionString: database.url });
    await psql.connect();
    await psql.query(`UPDATE tenant SET slug = 'by-hand' WHERE id = $1`, [id]);
    await psql.end();
    await db.tellUntold(0);
    expect(told.map(({ after }) => after)).toEqual([{ id, slug: 'by-hand' }]);
  });

  it('tells at once what was changed before the clock of the database was set back', async () => {
    const failingDb = createDb({ url: database.url, logger: silentLogger });
    failingDb.onCommitted(() => Promise.reject(new Error('cache away')));
    await failingDb.write(newTenant);
    await failingDb.close();
    const psql = new Client({ connectionString: database.url });
    await psql.connect();
    await psql.query(`UPDATE row_change SET at = at + interval '1 hour'`);
    await psql.end();
    // What a process that catches up asks for, and what its sweeper does.
    expect(await db.tellUntold(500)).toBe(1);
  });

  it('refuses a write outside a unit of work', async () => {
    const client = db.read as unknown as Tx;
    await expect(client.tenant.deleteMany()).rejects.toThrow('outside a unit of work');
  });

  it('watches exactly the tables and columns that the house says', async () => {
    const psql = new Client({ connectionString: database.url });
    await psql.connect();
    const { rows } = await psql.query<{ source: string }>(
      `SELECT prosrc AS source FROM pg_proc WHERE proname LIKE '%\\_row\\_change'`,
    );
    await psql.end();
    const inDatabase = rows.map(({ source }) => {
      const insert = /FROM new_rows n;/.exec(source) && source.slice(0, source.indexOf('FROM new_rows'));
      const [, model] = /::bigint, '(\w+)'/.exec(insert!)!;
      return [model, [...insert!.matchAll(/'(\w+)', n\./g)].map(([, column]) => column)];
    });
    const inHouse = Object.entries(watchedColumns).filter(([, columns]) => columns.length > 0);
    expect(Object.fromEntries(inDatabase)).toEqual(Object.fromEntries(inHouse));
  });
});
