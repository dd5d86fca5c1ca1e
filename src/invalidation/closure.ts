import { dataModel, type Model, type ModelRelation } from '../db/index.js';

/** Prisma's writing operations on a model. */
export const operations = [
  'create',
  'createMany',
  'createManyAndReturn',
  'update',
  'updateMany',
  'updateManyAndReturn',
  'upsert',
  'delete',
  'deleteMany',
] as const;
export type Operation = (typeof operations)[number];

/** Prisma's writing operations on a relation, inside `data` of another model. */
export const nestedOperations = [
  'create',
  'createMany',
  'connect',
  'connectOrCreate',
  'disconnect',
  'set',
  'update',
  'updateMany',
  'upsert',
  'delete',
  'deleteMany',
] as const;
export type NestedOperation = (typeof nestedOperations)[number];

type Data = Readonly<Record<string, unknown>>;

/** The operations whose `data` takes writes of related models. */
const nesting: ReadonlySet<Operation> = new Set(['create', 'update', 'upsert']);

/**
 * The models whose rows an operation can change when `data` names no related models: its own, and those that PostgreSQL
 * changes along with it by referential actions.
 */
export function touchedByOperation(model: Model, operation: Operation): ReadonlySet<Model> {
  const touched = createTouched();
  if (operation.startsWith('delete')) touched.deleted(model);
  else if (operation.startsWith('create')) touched.created(model);
  else touched.updated(model, columnsOf(model));
  return touched.models;
}

/** The models whose rows one nested operation can change, beside what `data` names further down. */
export function touchedByNested(model: Model, relation: string, operation: NestedOperation): ReadonlySet<Model> {
  const touched = createTouched();
  const everything = Object.fromEntries(columnsOf(relationOf(model, relation).model).map((column) => [column, null]));
  nestedWrite(touched, model, relation, operation, { create: {}, update: everything, data: everything });
  return touched.models;
}

/** The models whose rows an operation can change at most, whatever its arguments. */
export function touchedAtMost(model: Model, operation: Operation): ReadonlySet<Model> {
  const touched = new Set(touchedByOperation(model, operation));
  if (nesting.has(operation)) {
    // A relation can be followed both ways and `data` nests without end, so everything that is connected can be reached.
    for (const reached of touched) for (const { model: next } of relationsOf(reached)) touched.add(next);
  }
  return touched;
}

/** The models whose rows an operation with these very arguments can change: nested writes followed, cascades included. */
export function touchedBy(model: Model, operation: Operation, args: unknown): ReadonlySet<Model> {
  const { data, create, update } = (args ?? {}) as { data?: Data; create?: Data; update?: Data };
  const touched = createTouched();
  switch (operation) {
    case 'create':
      createdWith(touched, model, data ?? {});
      break;
    case 'createMany':
    case 'createManyAndReturn':
      touched.created(model);
      break;
    case 'update':
    case 'updateMany':
    case 'updateManyAndReturn':
      updatedWith(touched, model, data ?? {});
      break;
    case 'upsert':
      createdWith(touched, model, create ?? {});
      updatedWith(touched, model, update ?? {});
      break;
    case 'delete':
    case 'deleteMany':
      touched.deleted(model);
  }
  return touched.models;
}

interface Touched {
  readonly models: ReadonlySet<Model>;
  created(model: Model): void;
  /** Follows the foreign keys that name these fields. */
  updated(model: Model, fields: readonly string[]): void;
  /** Follows the foreign keys that name the row. */
  deleted(model: Model): void;
}

function createTouched(): Touched {
  const models = new Set<Model>();
  const followed = new Set<string>();
  const isNew = (...step: readonly string[]): boolean => followed.size < followed.add(step.join(' ')).size;

  function updated(model: Model, fields: readonly string[]): void {
    models.add(model);
    if (!isNew('update', model, ...fields)) return;
    for (const { model: holder, key, references, onUpdate } of namedBy(model)) {
      const moved = key.filter((_field, index) => fields.includes(references[index] ?? ''));
      if (moved.length === 0 || onUpdate === 'Restrict' || onUpdate === 'NoAction') continue;
      updated(holder, onUpdate === 'Cascade' ? moved : key);
    }
  }

  function deleted(model: Model): void {
    models.add(model);
    if (!isNew('delete', model)) return;
    for (const { model: holder, key, onDelete } of namedBy(model)) {
      if (onDelete === 'Cascade') deleted(holder);
      else if (onDelete !== 'Restrict' && onDelete !== 'NoAction') updated(holder, key);
    }
  }

  return { models, created: (model) => void models.add(model), updated, deleted };
}

function createdWith(touched: Touched, model: Model, data: Data): void {
  touched.created(model);
  relatedWrites(touched, model, data);
}

function updatedWith(touched: Touched, model: Model, data: Data): void {
  touched.updated(
    model,
    Object.keys(data).filter((field) => field in dataModel[model].columns),
  );
  relatedWrites(touched, model, data);
}

function relatedWrites(touched: Touched, model: Model, data: Data): void {
  for (const [field, writes] of Object.entries(data)) {
    if (!(field in dataModel[model].relations) || typeof writes !== 'object' || writes === null) continue;
    for (const [operation, input] of Object.entries(writes)) {
      if (input === undefined) continue;
      const inputs: readonly unknown[] = Array.isArray(input) ? input : [input];
      // Set to none, a relation unties every row there is.
      for (const one of operation === 'set' && inputs.length === 0 ? [{}] : inputs) {
        nestedWrite(touched, model, field, operation as NestedOperation, one);
      }
    }
  }
}

function nestedWrite(touched: Touched, model: Model, field: string, operation: NestedOperation, input: unknown): void {
  const relation = relationOf(model, field);
  const other = relation.model;
  const { create, update, data } = (typeof input === 'object' ? (input ?? {}) : {}) as Data & {
    readonly create?: Data;
    readonly update?: Data;
    readonly data?: Data;
  };
  switch (operation) {
    case 'create':
      createdWith(touched, other, input as Data);
      break;
    case 'createMany':
      touched.created(other);
      return;
    case 'connectOrCreate':
      createdWith(touched, other, create ?? {});
      break;
    case 'update':
    case 'updateMany':
      updatedWith(touched, other, data ?? (input as Data));
      return;
    case 'upsert':
      createdWith(touched, other, create ?? {});
      updatedWith(touched, other, update ?? {});
      break;
    case 'delete':
    case 'deleteMany':
      touched.deleted(other);
      // A key on this side is emptied first, whatever becomes of rows that name what is deleted.
      if (!relation.holdsKey) return;
      break;
    case 'connect':
    case 'disconnect':
    case 'set':
  }
  // Whatever ties or unties two rows writes the key, on whichever side it is.
  touched.updated(relation.holdsKey ? model : other, relation.key);
}

/** The relations by which rows of others name a row of this model. */
function namedBy(model: Model): readonly ModelRelation[] {
  return relationsOf(model).filter(({ holdsKey }) => !holdsKey);
}

function columnsOf(model: Model): readonly string[] {
  return Object.keys(dataModel[model].columns);
}

function relationsOf(model: Model): readonly ModelRelation[] {
  return Object.values(dataModel[model].relations);
}

function relationOf(model: Model, name: string): ModelRelation {
  const relation = dataModel[model].relations[name];
  if (relation) return relation;
  const known = Object.keys(dataModel[model].relations).join(', ') || 'none';
  throw new TypeError(`${model} has no relation "${name}"; it has: ${known}.`);
}
