import { Prisma } from './generated/client.js';
import { dataModel } from './data-model.js';
import type { Model } from './watched.js';

/**
 * What to select of `alias` so that a statement written by hand gives the rows of a model as Prisma does: every column under
 * the name of its field, behind `prefix`.
 */
export function columnsOf(model: Model, alias: string, prefix = ''): Prisma.Sql {
  const key = `${model} ${alias} ${prefix}`;
  const known = written.get(key);
  if (known) return known;
  const columns = Object.entries(dataModel[model].columns);
  const sql = Prisma.raw(columns.map(([field, { name }]) => `${alias}."${name}" AS "${prefix}${field}"`).join(', '));
  written.set(key, sql);
  return sql;
}

const written = new Map<string, Prisma.Sql>();

/** What to set in an UPDATE of a model's table so that its rows say what `patch` says. Fields that are undefined are left as they are. */
export function assignmentsOf(model: Model, patch: Readonly<Record<string, unknown>>): Prisma.Sql {
  const { columns } = dataModel[model];
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  return Prisma.join(
    given.map(([field, value]) => {
      const column = columns[field];
      if (!column) throw new TypeError(`${model} has no column ${field}`);
      return Prisma.sql`${Prisma.raw(`"${column.name}"`)} = ${value}`;
    }),
  );
}
