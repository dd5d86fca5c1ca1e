import { dataModel, type Model, type Tx } from '../../src/db/index.js';
import type { NestedOperation, Operation } from '../../src/invalidation/index.js';
import { uuidv7 } from '../../src/kernel/index.js';
import { delegateOf, insertSamples, sampleRow, type Row, type SampleRows } from './sample-rows.js';

/** Rows to write about. */
export interface Worlds {
  /** One row of every model, each naming the others. */
  readonly samples: SampleRows;
  /** The same beside it. */
  readonly spares: SampleRows;
  /** As `samples`, with a user and an errand that no other row names but the `leaves`, which no row names. */
  readonly quiet: SampleRows;
  readonly leaves: SampleRows;
  /** What new rows name. */
  readonly grounds: SampleRows;
}

export async function insertWorlds(tx: Tx): Promise<Worlds> {
  const samples = await insertSamples(tx);
  const spares = await insertSamples(tx);
  const quiet = await quietWorld(tx, samples);
  return { samples, spares, quiet, leaves: await leavesOf(tx, quiet), grounds: await quietWorld(tx, samples) };
}

/** A `where` that names one row by its primary key. */
export function whereOf(model: Model, row: Row): Row {
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
    UserBlock: { createdAt: new Date() },
    OfferRules: { tierNeeded: 1 },
    RoleGrant: { role: 'SUPPORT' },
    Session: { userAgent: 'Changed' },
    RefreshToken: { usedAt: new Date() },
    Errand: { title: 'Changed' },
    Offer: { message: 'Changed' },
    Escrow: { gross: 2n },
    Milestone: { title: 'Changed' },
    HandoverCode: { attempts: 1 },
    Proof: { note: 'Changed' },
    Dispute: { reason: 'Changed' },
    DisputeEvidence: { note: 'Changed' },
    DisputeDecision: { reason: 'Changed' },
    ProcessEvent: { reason: 'Changed' },
    LedgerAccount: { seq: 2 },
    Journal: { kind: 'CHANGED' },
    JournalLine: { amount: 2n },
    LedgerClose: { horizon: 2n },
    LedgerSeal: { events: 1 },
    Charge: { amount: 2n },
    WebhookInbox: { attempts: 2 },
    Bank: { name: 'Changed' },
    BankCode: { code: '002' },
    PayoutAccount: { last4: '9999' },
    Payout: { lastError: 'Changed' },
    PayoutEvent: { reason: 'Changed' },
    Review: { hiddenAt: new Date(), hiddenReason: 'Changed' },
    AuditEntry: { reason: 'Changed' },
    BankAlias: { name: uuidv7() },
    IdempotencyRecord: { answer: {} },
    RowChange: {},
    JobAhead: { name: 'another' },
    Outbox: { topic: 'changed' },
    WebhookEndpoint: { pausedReason: null, failingSince: new Date() },
    WebhookDelivery: { lastError: 'refused' },
    Notification: { readAt: new Date() },
  };
  return changes[model];
}

export function argumentsOf({ leaves, grounds }: Worlds, model: Model, operation: Operation): readonly object[] {
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
      return [where, whereOf(model, nowhere(grounds, model))].map((either) => ({ where: either, create, update }));
    case 'delete':
      return [{ where }];
    case 'deleteMany':
      return [{ where: partOf(leaves[model], dataModel[model].key) }];
  }
}

function nowhere(grounds: SampleRows, model: Model): Row {
  return {
    ...sampleRow(model, grounds),
    ...(dataModel[model].key.includes('seq') && { seq: model === 'Outbox' ? 0n : -1 }),
  };
}

function partOf(row: Row, fields: readonly string[]): Row {
  return Object.fromEntries(fields.map((field) => [field, row[field]]));
}

/** What a nested operation can be given: about rows that hang together with those of `samples`, of `quiet`, and about others. */
function nestedInputsOf(worlds: Worlds, model: Model, field: string, operation: NestedOperation): readonly unknown[] {
  const { samples, spares, quiet, leaves, grounds } = worlds;
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
      return [...wheres, whereOf(other, nowhere(grounds, other))].map((where) => ({ where, create }));
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

/**
 * The same write in two rows that exist and in a new one. An upsert is made of both, and takes the same input.
 */
export function nestedArguments(
  worlds: Worlds,
  model: Model,
  field: string,
  operation: NestedOperation,
): readonly (readonly [Operation, object])[] {
  const { samples, quiet, grounds } = worlds;
  const { holdsKey, key } = dataModel[model].relations[field]!;
  const fresh = Object.entries(sampleRow(model, grounds)).filter(([name]) => !holdsKey || !key.includes(name));
  const rows = new Set([samples[model], quiet[model]]);
  return nestedInputsOf(worlds, model, field, operation).flatMap((input) => {
    const writes = { [field]: { [operation]: input } };
    const updates = [...rows].map((row) => ['update', { where: whereOf(model, row), data: writes }] as const);
    return [...updates, ['create', { data: { ...Object.fromEntries(fresh), ...writes } }] as const];
  });
}

async function quietWorld(tx: Tx, samples: SampleRows): Promise<SampleRows> {
  const User = (await delegateOf(tx, 'User')['create']!({ data: sampleRow('User', samples) })) as Row;
  const data = { ...sampleRow('Errand', { ...samples, User }), runnerId: User['id'] };
  return { ...samples, User, Errand: (await delegateOf(tx, 'Errand')['create']!({ data })) as Row };
}

async function leavesOf(tx: Tx, world: SampleRows): Promise<SampleRows> {
  const rows: [string, unknown][] = [];
  for (const model of Object.keys(dataModel) as Model[])
    rows.push([model, await delegateOf(tx, model)['create']!({ data: sampleRow(model, world) })]);
  return Object.fromEntries(rows) as SampleRows;
}
