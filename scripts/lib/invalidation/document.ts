import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { dataModel, watchedColumns, type Model, type ModelRelation, type WatchedModel } from '../../../src/db/index.js';
import {
  cacheTypes,
  nestedOperations,
  tagsOfModel,
  tagsOfRow,
  touchedByNested,
  touchedByOperation,
  typesShowing,
  type NestedOperation,
  type Operation,
} from '../../../src/invalidation/index.js';
import { cachedReads, mutationWrites, readsThatSpoilNothing } from './observed.js';

const models = Object.keys(dataModel) as Model[];
const isWatched = (model: Model): model is WatchedModel => watchedColumns[model].length > 0;

/** docs/invalidation.md, worked out from the schema, the maps of what rows spoil, and what tests saw the server do. */
export async function invalidationDocument(): Promise<string> {
  const sections = [intro, modelSection(), operationSection(), relationSection(), mutationSection(), typeSection()];
  // Laid out as every other page, so that checking the layout finds nothing.
  const options = await resolveConfig(fileURLToPath(new URL('../../../docs/invalidation.md', import.meta.url)));
  return format(sections.join('\n'), { ...options, parser: 'markdown' });
}

const intro = `# What spoils what

Written by \`node scripts/verify.mjs\` from prisma/schema.prisma, \`src/db/watched.ts\`, \`src/invalidation/spoils.ts\` and what tests
saw the server do. Do not edit. How the cache uses it: [cache.md](cache.md).

Every changed row, whoever changed it and by whatever statement, spoils the tags of its values **before** the change and those of its
values **after** it. What is decided at run time is therefore always exact; the tables say beforehand what can happen.

A model is not watched when nothing that is shown from the cache depends on it. A model without a decision does not compile, a
relation without \`onDelete\` fails \`prisma generate\`, and a load for the cache that reads a table which does not spoil its type fails
the tests.
`;

function modelSection(): string {
  const rows = models
    .filter(isWatched)
    .map((model) => [
      code(model),
      watchedColumns[model].map(code).join(', '),
      tagTemplates(model).map(code).join('<br>'),
      typesShowing[model].map(code).join(', '),
    ]);
  const unwatched = models.filter((model) => !isWatched(model)).map(code);
  return `
## Models

A change of any column of a row counts; the columns named here are those that its tags are made of or that an event carries.
\`*\` stands for "any": each of the last three parts of a list tag is also spoilt in that form.
A whole table that was truncated, or that \`SELECT note_model_change('Errand')\` declares as changed, spoils \`type:<TYPE>\` of the
types in the last column, which every entry of the type carries.

${table(['model', 'columns in the event', 'tags a row spoils', 'types that can show it'], rows)}

Not watched, because no cached answer reads them: ${unwatched.join(', ')}.
`;
}

const operationGroups: readonly (readonly [string, Operation])[] = [
  ['create, createMany, createManyAndReturn', 'create'],
  ['update, updateMany, updateManyAndReturn, upsert', 'update'],
  ['delete, deleteMany', 'delete'],
];

function operationSection(): string {
  const rows = models.flatMap((model) =>
    operationGroups.map(([names, operation]) => {
      const touched = [...touchedByOperation(model, operation)];
      return [code(model), names, ownFirst(model, touched), spoiltTypes(touched)];
    }),
  );
  return `
## Operations

The models whose rows an operation of Prisma can change when its \`data\` names no other models: its own, and those that
PostgreSQL changes along with it (\`onDelete\` and \`onUpdate\` actions). An update reaches the others only when it changes a
key that their foreign keys name. The tags are those of the models, above.

${table(['model', 'operation', 'models whose rows can change', 'types spoilt'], rows)}
`;
}

function relationSection(): string {
  const rows = models.flatMap((model) =>
    Object.entries(dataModel[model].relations).flatMap(([field, relation]) => {
      const groups = new Map<string, string[]>();
      for (const operation of nestedOperations.filter((name) => isPossible(model, relation, name))) {
        const touched = ownFirst(model, [...touchedByNested(model, field, operation)]);
        groups.set(touched, [...(groups.get(touched) ?? []), operation]);
      }
      return [...groups].map(([touched, names]) => [code(`${model}.${field}`), names.join(', '), touched]);
    }),
  );
  return `
## Nested writes

What a write nested in \`create\`, \`update\` or \`upsert\` of the first model can change beside it. Writes nested deeper add their own
rows; all of it happens in one transaction and is told as one.

${table(['relation', 'nested operation', 'models whose rows can change'], rows)}

Raw SQL needs no declared tags: its rows are noted by the same triggers. Only what no trigger sees has to be declared, with
\`note_model_change\`.
`;
}

/** What Prisma offers for the relation, and a key that must name something can be made to do. */
function isPossible(
  model: Model,
  { isList, holdsKey, model: other, key }: ModelRelation,
  operation: NestedOperation,
): boolean {
  const holder = dataModel[holdsKey ? model : other];
  const isTied = key.some((field) => holder.columns[field]?.isRequired);
  if (isTied && (operation === 'disconnect' || operation === 'set')) return false;
  if (isTied && holdsKey && operation === 'delete') return false;
  return isList || !['createMany', 'set', 'updateMany', 'deleteMany'].includes(operation);
}

function mutationSection(): string {
  const rows = Object.entries(mutationWrites).map(([field, written]) => [
    code(field),
    written.map((model) => (isWatched(model) ? `**${model}**` : model)).join(', '),
    spoiltTypes(written),
  ]);
  return `
## Mutations

Seen by running each one against a real database, on its different ways through the code. Watched models are **bold**; the others spoil nothing.

${table(['mutation', 'models it writes', 'types spoilt'], rows)}
`;
}

function typeSection(): string {
  const rows = cacheTypes.map((type) => {
    const spoiling = models.filter((model) => isWatched(model) && typesShowing[model].includes(type));
    const exempt = Object.entries(readsThatSpoilNothing[type] ?? {}).map(([model, why]) => `${model}: ${why}`);
    return [code(type), cachedReads[type].join(', '), spoiling.join(', '), exempt.join('<br>') || 'none'];
  });
  return `
## Types of answers

What the loads of each type were seen to read, asked by every kind of viewer and with every kind of argument, and what spoils it. Entries that belong to one
viewer are also spoilt by User and RoleGrant, because they depend on what the viewer may do.

${table(['type', 'models its loads read', 'models that spoil it', 'read without spoiling it'], rows)}
`;
}

/** A row whose values are the names of its columns gives the form of its tags. */
function tagTemplates(model: WatchedModel): readonly string[] {
  const columns: readonly string[] = watchedColumns[model];
  const row = Object.fromEntries(columns.map((column) => [column, `{${column}}`]));
  const spoilt = tagsOfRow(model, row as Parameters<typeof tagsOfRow>[1]);
  // Areas are folded and escaped, which takes the shape of a name in braces along.
  const named = (tag: string) =>
    tag.replaceAll(/%7B(\w+)%7D/gi, (_all, name: string) => {
      return `{${columns.find((column) => column.toLowerCase() === name.toLowerCase()) ?? name}}`;
    });
  return spoilt.map(named).filter((tag) => !tag.includes(':*'));
}

function ownFirst(model: Model, touched: readonly Model[]): string {
  return touched
    .toSorted((a, b) => Number(b === model) - Number(a === model) || models.indexOf(a) - models.indexOf(b))
    .join(', ');
}

function spoiltTypes(touched: readonly Model[]): string {
  const spoilt = new Set(touched.filter(isWatched).flatMap((model) => tagsOfModel(model)));
  return (
    cacheTypes
      .filter((type) => spoilt.has(`type:${type}`))
      .map(code)
      .join(', ') || 'none'
  );
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return lines.join('\n');
}
