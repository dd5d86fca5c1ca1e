import { dataModel, Prisma, type Model, type ModelColumn, type Tx } from '../../src/db/index.js';
import type { Row } from './sample-rows.js';

/** A row as PostgreSQL writes it as JSON, by the names of its columns in the database. */
export type JsonRow = Readonly<Record<string, unknown>>;

/** What may stand in a column instead, as SQL; the first that the database takes is tried first. */
function candidates(
  model: Model,
  field: string,
  { name, type, isEnum, isList, isRequired }: ModelColumn,
): readonly string[] {
  const column = `t."${name}"`;
  const empty = isRequired ? [] : ['NULL'];
  if (isList) return [`array_append(${column}, 'x')`];
  if (isEnum) {
    const other = `SELECT v FROM unnest(enum_range(${column})) v WHERE v IS DISTINCT FROM ${column} ORDER BY v`;
    return [`(${other} LIMIT 1)`, `(${other} DESC LIMIT 1)`];
  }
  switch (type) {
    case 'Int':
    case 'BigInt':
    case 'Float':
      return [`coalesce(${column}, 0) + 1`, `${column} - 1`];
    case 'Boolean':
      return [`NOT ${column}`];
    case 'DateTime':
      return [`coalesce(${column}, '2026-01-01') + interval '1 hour'`, `${column} - interval '1 hour'`];
    default:
      return [
        ...otherKeys(model, field),
        `coalesce(${column}, '') || 'x'`,
        `'GHS'`,
        `'GH'`,
        'gen_random_uuid()',
        ...empty,
      ];
  }
}

/** Foreign keys can name another row. */
function otherKeys(model: Model, field: string): readonly string[] {
  return Object.values(dataModel[model].relations)
    .filter(({ holdsKey, key }) => holdsKey && key.includes(field))
    .map((relation) => {
      const { table, columns } = dataModel[relation.model];
      const named = columns[relation.references[relation.key.indexOf(field)]!]!.name;
      const own = dataModel[model].columns[field]!.name;
      return `(SELECT o."${named}" FROM ${table} o WHERE o."${named}" IS DISTINCT FROM t."${own}" ORDER BY 1 LIMIT 1)`;
    });
}

export async function firstRowOf(tx: Pick<Tx, '$queryRaw'>, model: Model): Promise<JsonRow> {
  const { table, key, columns } = dataModel[model];
  const order = Prisma.raw(key.map((field) => `t."${columns[field]!.name}"`).join(', '));
  const rows = await tx.$queryRaw<{ row: JsonRow }[]>`
    SELECT to_jsonb(t.*) AS row FROM ${Prisma.raw(table)} t ORDER BY ${order} LIMIT 1`;
  return rows[0]!.row;
}

/** Puts something else into one column of one row. @param nth which of the candidates. @returns the row then, or undefined when there are no more */
export async function changeColumn(
  tx: Tx,
  model: Model,
  field: string,
  row: JsonRow,
  nth: number,
): Promise<JsonRow | undefined> {
  const column = dataModel[model].columns[field]!;
  const value = candidates(model, field, column)[nth];
  if (value === undefined) return undefined;
  const [changed] = await tx.$queryRaw<{ row: JsonRow }[]>`
    UPDATE ${Prisma.raw(dataModel[model].table)} t SET ${Prisma.raw(`"${column.name}" = ${value}`)}
    WHERE to_jsonb(t.*) = ${row}::jsonb RETURNING to_jsonb(t.*) AS row`;
  return changed!.row;
}

/** Makes the column of `row` what it is in `before`. */
export async function restoreColumn(tx: Tx, model: Model, field: string, before: JsonRow, row: JsonRow): Promise<void> {
  const { table, columns } = dataModel[model];
  const column = Prisma.raw(`"${columns[field]!.name}"`);
  await tx.$executeRaw`
    UPDATE ${Prisma.raw(table)} t SET ${column} = (jsonb_populate_record(NULL::${Prisma.raw(table)}, ${before}::jsonb)).${column}
    WHERE to_jsonb(t.*) = ${row}::jsonb`;
}

export async function deleteRow(tx: Tx, model: Model, row: Row): Promise<void> {
  const { table, key, columns } = dataModel[model];
  const isIt = key.map((field) => Prisma.sql`${Prisma.raw(`"${columns[field]!.name}"`)}::text = ${row[field]}`);
  await tx.$executeRaw`DELETE FROM ${Prisma.raw(table)} WHERE ${Prisma.join(isIt, ' AND ')}`;
}
