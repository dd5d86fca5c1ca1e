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
  type WatchedModel,
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
} from '../../src/invalidation/index.js';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { delegateOf, sampleRow, type Row } from '../support/sample-rows.js';
import { argumentsOf, insertWorlds, nestedArguments, whereOf, type Worlds } from '../support/sample-writes.js';

/** RowChange is where changes are noted; it cannot watch itself. */
const models = (Object.keys(dataModel) as Model[]).filter((model) => model !== 'RowChange');

let database: TestDatabase;
let db: Db;
let worlds: Worlds;

beforeAll(async () => {
  database = await createTestDatabase();
  await watchEverything(database.url);
  db = createDb({ url: database.url, logger: silentLogger });
  worlds = await db.write(insertWorlds);
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
        for (const args of argumentsOf(worlds, model, operation)) {
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
      User: ['UserProfile', 'UserBlock', 'RoleGrant', 'Session', 'RefreshToken', 'IdempotencyRecord', 'Notification'],
      Session: ['RefreshToken'],
      Errand: ['Offer', 'Notification'],
      WebhookEndpoint: ['WebhookDelivery'],
      Bank: ['BankCode', 'BankAlias'],
    };
    const { samples, grounds } = worlds;
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
    const args = { where: { id: worlds.samples.User['id'] }, data: { id: uuidv7() } };
    const seen = await changesOf((tx) => delegateOf(tx, 'User')['update']!(args));
    const following = [
      'Charge',
      'Dispute',
      'DisputeEvidence',
      'Errand',
      'Escrow',
      'IdempotencyRecord',
      'Notification',
      'Offer',
      'Payout',
      'PayoutAccount',
      'Proof',
      'Review',
      'RoleGrant',
      'Session',
      'User',
      'UserBlock',
      'UserProfile',
      'WebhookEndpoint',
    ];
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
      for (const [outer, args] of nestedArguments(worlds, model, field, operation)) {
        const seen = await changesOf((tx) => delegateOf(tx, model)[outer]!(args));
        // What an update does not take, a create does not either.
        if (seen === 'unknown' && outer === 'update') break;
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
  }, 900_000);

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
      'IdempotencyRecord',
      'Notification',
      'RefreshToken',
      'RoleGrant',
      'Session',
      'Tenant',
      'User',
      'UserBlock',
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
  const unspoilt = rows
    .filter(({ model }) => watchedColumns[model].length > 0)
    .flatMap(({ model, before, after }) => [before, after].map((row) => ({ model: model as WatchedModel, row })))
    .filter(({ model, row }) => row && tagsOfRow(model, row as Parameters<typeof tagsOfRow>[1]).length === 0);
  expect(unspoilt).toEqual([]);
}

/**
 * Has every table note its changes, also those that nothing shown depends on, and takes back what forbids changes: that
 * tables are append-only, that an open errand has no runner, that a payment for an errand names it.
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
  for (const check of ['errand_no_runner_when_open', 'errand_runner_not_customer', 'charge_purpose']) {
    await psql.query(`ALTER TABLE ${check.split('_')[0]} DROP CONSTRAINT ${check}`);
  }
  await psql.end();
}
