import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createDb,
  dataModel,
  Prisma,
  watchedColumns,
  type Db,
  type Model,
  type ModelRelation,
  type Tx,
} from '../../src/db/index.js';
import {
  nestedOperations,
  operations,
  tagsOfRow,
  touchedAtMost,
  touchedBy,
  touchedByNested,
  touchedByOperation,
  type NestedOperation,
  type Operation,
} from '../../src/invalidation/index.js';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { delegateOf, insertSamples, sampleRow, type Row, type SampleRows } from '../support/sample-rows.js';

/** RowChange is where changes are noted; it cannot watch itself. */
const models = (Object.keys(dataModel) as Model[]).filter((model) => model !== 'RowChange');

let database: TestDatabase;
let db: Db;
/** One row of every model, each naming the others. */
let samples: SampleRows;
/** The same beside it. */
let spares: SampleRows;
/** As `samples`, with a user and an errand that no other row names but the `leaves`, which no row names. */
let quiet: SampleRows;
let leaves: SampleRows;
/** What new rows name. */
let grounds: SampleRows;

beforeAll(async () => {
  database = await createTestDatabase();
  await watchEverything(database.url);
  db = createDb({ url: database.url, logger: silentLogger });
  samples = await db.write(insertSamples);
  spares = await db.write(insertSamples);
  quiet = await db.write(quietWorld);
  leaves = await db.write((tx) => leavesOf(tx, quiet));
  grounds = await db.write(quietWorld);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

interface NestedWrite {
  readonly name: string;
  readonly model: Model;
  readonly field: string;
  readonly operation: NestedOperation;
  readonly relation: ModelRelation;
}

interface Seen {
  readonly models: readonly Model[];
  readonly rows: readonly { readonly model: Model; readonly before: Row | null; readonly after: Row | null }[];
}

/**
 * Does `work` for real, reads which rows the triggers saw change, and rolls it back. `unknown`: Prisma has no such operation
 * here; `refused`: it has, but not for these rows.
 */
async function changesOf(work: (tx: Tx) => Promise<unknown>): Promise<Seen | 'unknown' | 'refused'> {
  const rollback = new Error('rolled back on purpose');
  let seen: Seen | 'unknown' | 'refused' = 'refused';
  const attempt = db.write(async (tx) => {
    await work(tx);
    const rows = await tx.$queryRaw<Seen['rows']>`
      SELECT model, before, after FROM row_change WHERE xid = pg_current_xact_id()::text::bigint`;
    seen = { models: [...new Set(rows.map(({ model }) => model))], rows };
    throw rollback;
  });
  await attempt.catch((error: unknown) => {
    if (error instanceof Prisma.PrismaClientValidationError) seen = 'unknown';
    else if (error !== rollback && !(error instanceof Prisma.PrismaClientKnownRequestError)) throw error;
  });
  return seen;
}

describe('the models that an operation can touch', () => {
  it.each(models)(
    'contain every model that an operation on %s was seen to change, whichever operation',
    async (model) => {
      for (const operation of operations) {
        const seen = [];
        for (const args of argumentsOf(model, operation)) {
          const changes = await changesOf((tx) => delegateOf(tx, model)[operation]!(args));
          if (typeof changes === 'string') continue;
          seen.push(...changes.models);
          expectWithin(`${model}.${operation}`, changes, touchedBy(model, operation, args));
          expectSpoilt(changes);
        }
        expect([operation, seen]).toEqual([operation, expect.arrayContaining([model])]);
        expect([...touchedByOperation(model, operation)]).toEqual(expect.arrayContaining(seen));
      }
    },
  );

  it('are exactly those that a delete takes along when rows hang on the deleted one', async () => {
    const hanging: Partial<Record<Model, readonly Model[]>> = {
      User: ['UserProfile', 'RoleGrant', 'Session', 'RefreshToken'],
      Session: ['RefreshToken'],
      Errand: ['Offer'],
      Bank: ['BankCode', 'BankAlias'],
    };
    for (const model of models) {
      const seen = await changesOf(async (tx) => {
        const own = {
          ...samples,
          [model]: await delegateOf(tx, model)['create']!({ data: sampleRow(model, grounds) }),
        };
        for (const child of hanging[model] ?? []) {
          own[child] = (await delegateOf(tx, child)['create']!({
            data: sampleRow(child, { ...own, ...(child === 'Offer' && { User: samples.User, Errand: own.Errand }) }),
          })) as Row;
        }
        await tx.$executeRaw`DELETE FROM row_change WHERE xid = pg_current_xact_id()::text::bigint`;
        await delegateOf(tx, model)['delete']!({ where: whereOf(model, own[model]) });
      });
      expect([model, typeof seen === 'object' && seen.models.toSorted()]).toEqual([
        model,
        [...touchedByOperation(model, 'delete')].toSorted(),
      ]);
    }
  });

  it('contain those whose foreign keys follow a key that changes', async () => {
    const args = { where: { id: samples.User['id'] }, data: { id: uuidv7() } };
    const seen = await changesOf((tx) => delegateOf(tx, 'User')['update']!(args));
    const following = ['Charge', 'Errand', 'Escrow', 'Offer', 'Proof', 'RoleGrant', 'Session', 'User', 'UserProfile'];
    expect(typeof seen === 'object' && seen.models.toSorted()).toEqual(following);
    expect([...touchedBy('User', 'update', args)].toSorted()).toEqual(following);
    expect([...touchedBy('User', 'update', { data: { kycTier: 2 } })]).toEqual(['User']);
  });
});

describe('the models that a nested write can touch', () => {
  const nested: readonly NestedWrite[] = models.flatMap((model) =>
    Object.entries(dataModel[model].relations).flatMap(([field, relation]) =>
      nestedOperations.map((operation) => ({
        name: `${model}.${field}.${operation}`,
        model,
        field,
        operation,
        relation,
      })),
    ),
  );

  it('contain every model that it was seen to change, through every relation, both ways, for every operation', async () => {
    const offered = new Set<string>();
    const performed = new Set<string>();
    for (const { name, model, field, operation } of nested) {
      for (const [outer, args] of nestedArguments(model, field, operation)) {
        const seen = await changesOf((tx) => delegateOf(tx, model)[outer]!(args));
        if (seen !== 'unknown') offered.add(name);
        if (typeof seen === 'string') continue;
        performed.add(name);
        expectWithin(`${name} in ${outer}`, seen, touchedBy(model, outer, args));
        expectWithin(`${name} in ${outer}`, seen, new Set([model, ...touchedByNested(model, field, operation)]));
        expectWithin(`${name} in ${outer}`, seen, touchedAtMost(model, outer));
        expectSpoilt(seen);
      }
    }
    const unseen = nested.filter(({ name }) => offered.has(name) && !performed.has(name));
    expect(unseen.filter((write) => !isForbidden(write)).map(({ name }) => name)).toEqual([]);
    expect(new Set([...performed].map((name) => name.split('.')[2]))).toEqual(new Set(nestedOperations));
  }, 120_000);

  it('follow writes nested in nested writes, and cascades behind them', () => {
    const args = {
      data: {
        sessions: { create: [{ refreshTokens: { create: {} } }] },
        profile: { upsert: { create: {}, update: {} } },
      },
    };
    expect([...touchedBy('User', 'update', args)]).toEqual(['User', 'Session', 'RefreshToken', 'UserProfile']);
    const deleting = { data: { users: { delete: { id: 'u' } } } };
    expect([...touchedBy('Tenant', 'update', deleting)].toSorted()).toEqual([
      'RefreshToken',
      'RoleGrant',
      'Session',
      'Tenant',
      'User',
      'UserProfile',
    ]);
  });
});

function expectWithin(what: string, seen: Seen, bound: ReadonlySet<Model>): void {
  expect([what, [...bound]]).toEqual([what, expect.arrayContaining([...seen.models])]);
}

/** Untying rows whose key must name something, or deleting rows that others name, is refused whatever the rows are. */
function isForbidden({ model, relation, operation }: NestedWrite): boolean {
  const { model: other, holdsKey, key } = relation;
  if (operation.startsWith('delete'))
    return Object.values(dataModel[other].relations).some(({ onDelete }) => onDelete === 'Restrict');
  const holder = dataModel[holdsKey ? model : other];
  return ['disconnect', 'set'].includes(operation) && key.some((field) => holder.columns[field]!.isRequired);
}

/** Every changed row of a watched model spoils something, before and after. */
function expectSpoilt({ rows }: Seen): void {
  for (const { model, before, after } of rows) {
    if (watchedColumns[model].length === 0) continue;
    for (const row of [before, after]) {
      if (row) expect([model, tagsOfRow(model as never, row as never)]).not.toEqual([model, []]);
    }
  }
}

/**
 * Has every table note its changes, also those that nothing shown depends on, and takes back what forbids changes: that
 * tables are append-only, that an open errand has no runner.
 */
async function watchEverything(url: string): Promise<void> {
  const psql = new Client({ connectionString: url });
  await psql.connect();
  for (const model of models.filter((model) => watchedColumns[model].length === 0)) {
    const { table, key, columns } = dataModel[model];
    const names = key.map((field) => columns[field]!.name);
    await psql.query('SELECT watch_rows($1, $2, $3, $4)', [table, model, names.at(-1), names]);
  }
  const { rows } = await psql.query<{ sql: string }>(
    `SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) AS sql FROM pg_trigger
     WHERE tgname LIKE '%append_only' OR tgname IN ('fee_plan_immutable', 'journal_line_balances')`,
  );
  for (const { sql } of rows) await psql.query(sql);
  for (const check of ['errand_no_runner_when_open', 'errand_runner_not_customer']) {
    await psql.query(`ALTER TABLE errand DROP CONSTRAINT ${check}`);
  }
  await psql.end();
}

async function quietWorld(tx: Tx): Promise<SampleRows> {
  const User = (await delegateOf(tx, 'User')['create']!({ data: sampleRow('User', samples) })) as Row;
  const data = { ...sampleRow('Errand', { ...samples, User }), runnerId: User['id'] };
  return { ...samples, User, Errand: (await delegateOf(tx, 'Errand')['create']!({ data })) as Row };
}

async function leavesOf(tx: Tx, world: SampleRows): Promise<SampleRows> {
  const rows: [string, unknown][] = [];
  for (const model of models)
    rows.push([model, await delegateOf(tx, model)['create']!({ data: sampleRow(model, world) })]);
  return Object.fromEntries(rows) as SampleRows;
}

/** A `where` that names one row by its primary key. */
function whereOf(model: Model, row: Row): Row {
  const named = Object.fromEntries(dataModel[model].key.map((field) => [field, row[field]]));
  const { key } = dataModel[model];
  return key.length === 1 ? named : { [key.join('_')]: named };
}

/** Something that a row may say instead, in a column that names no other row. */
function changeOf(model: Model): Row {
  const changes: Readonly<Record<Model, Row>> = {
    Tenant: { name: 'Changed' },
    FeePlan: { vatBps: 2 },
    User: { kycTier: 2 },
    UserProfile: { bio: 'Changed' },
    RoleGrant: { role: 'SUPPORT' },
    Session: { userAgent: 'Changed' },
    RefreshToken: { usedAt: new Date() },
    Errand: { title: 'Changed' },
    Offer: { message: 'Changed' },
    Escrow: { gross: 2n },
    Proof: { note: 'Changed' },
    ProcessEvent: { reason: 'Changed' },
    LedgerAccount: { seq: 2 },
    Journal: { kind: 'CHANGED' },
    JournalLine: { amount: 2n },
    Charge: { amount: 2n },
    Bank: { name: 'Changed' },
    BankCode: { code: '002' },
    BankAlias: { name: uuidv7() },
    RowChange: {},
    Outbox: { topic: 'changed' },
  };
  return changes[model];
}

function argumentsOf(model: Model, operation: Operation): readonly object[] {
  const where = whereOf(model, leaves[model]);
  const create = sampleRow(model, grounds);
  const update = changeOf(model);
  switch (operation) {
    case 'create':
      return [{ data: create }];
    case 'createMany':
    case 'createManyAndReturn':
      return [{ data: [create] }];
    case 'update':
      return [{ where, data: update }];
    case 'updateMany':
    case 'updateManyAndReturn':
      return [{ where: partOf(leaves[model], dataModel[model].key), data: update }];
    case 'upsert':
      return [where, whereOf(model, nowhere(model))].map((either) => ({ where: either, create, update }));
    case 'delete':
      return [{ where }];
    case 'deleteMany':
      return [{ where: partOf(leaves[model], dataModel[model].key) }];
  }
}

function nowhere(model: Model): Row {
  return { ...sampleRow(model, grounds), ...('seq' in leaves[model] && { seq: model === 'Outbox' ? 0n : -1 }) };
}

function partOf(row: Row, fields: readonly string[]): Row {
  return Object.fromEntries(fields.map((field) => [field, row[field]]));
}

/** What a nested operation can be given: about rows that hang together with those of `samples`, of `quiet`, and about others. */
function nestedInputsOf(model: Model, field: string, operation: NestedOperation): readonly unknown[] {
  const { model: other, isList, holdsKey, key } = dataModel[model].relations[field]!;
  const fresh = Object.entries(sampleRow(other, grounds)).filter(([name]) => holdsKey || !key.includes(name));
  const create = Object.fromEntries(fresh);
  const update = changeOf(other);
  const rows = new Set([samples, leaves, spares, quiet, grounds].map((world) => world[other]));
  const wheres = [...rows].map((row) => whereOf(other, row));
  switch (operation) {
    case 'create':
      return [create];
    case 'createMany':
      return [{ data: [create] }];
    case 'connect':
      return wheres;
    case 'connectOrCreate':
      return [...wheres, whereOf(other, nowhere(other))].map((where) => ({ where, create }));
    case 'disconnect':
    case 'delete':
      return isList ? wheres : [true];
    case 'set':
      return [...wheres.map((where) => [where]), []];
    case 'update':
      return isList ? wheres.map((where) => ({ where, data: update })) : [update];
    case 'updateMany':
      return [...rows].map((row) => ({ where: partOf(row, dataModel[other].key), data: update }));
    case 'upsert':
      return isList ? wheres.map((where) => ({ where, create, update })) : [{ create, update }];
    case 'deleteMany':
      return [{}];
  }
}

/** Nested writes go into updates of an existing row, into a new row, and into both halves of an upsert. */
function nestedArguments(
  model: Model,
  field: string,
  operation: NestedOperation,
): readonly (readonly [Operation, object])[] {
  return nestedInputsOf(model, field, operation).flatMap((input) =>
    outerArguments(model, field, { [operation]: input }),
  );
}

function outerArguments(model: Model, field: string, writes: Row): readonly (readonly [Operation, object])[] {
  const { holdsKey, key } = dataModel[model].relations[field]!;
  const fresh = Object.entries(sampleRow(model, grounds)).filter(([name]) => !holdsKey || !key.includes(name));
  const create = { ...Object.fromEntries(fresh), [field]: writes };
  const update = { [field]: writes };
  return [
    ...[samples, quiet].map((world) => ['update', { where: whereOf(model, world[model]), data: update }] as const),
    ['create', { data: create }],
    ['upsert', { where: whereOf(model, samples[model]), create, update }],
  ];
}
