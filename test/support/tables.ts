import { Client } from 'pg';
import { dataModel, type Model } from '../../src/db/index.js';

export interface TablesIn {
  /** The models whose tables the statements name, and those whose rows they write. */
  readonly named: readonly Model[];
  readonly written: readonly Model[];
}

/**
 * What PostgreSQL itself takes the statements to be about: it parses each one, and then holds a lock on every table in it,
 * of the kind that reading or writing takes.
 */
export async function tablesIn(databaseUrl: string, sqls: Iterable<string>): Promise<TablesIn> {
  const psql = new Client({ connectionString: databaseUrl });
  await psql.connect();
  try {
    const locks: { table: string; mode: string }[] = [];
    for (const sql of sqls) locks.push(...(await locksOf(psql, sql)));
    const modelsOf = (tables: readonly string[]) =>
      (Object.keys(dataModel) as Model[]).filter((model) => tables.includes(dataModel[model].table)).toSorted();
    return {
      named: modelsOf(locks.map(({ table }) => table)),
      written: modelsOf(locks.filter(({ mode }) => mode === 'RowExclusiveLock').map(({ table }) => table)),
    };
  } finally {
    await psql.end();
  }
}

async function locksOf(psql: Client, sql: string): Promise<readonly { table: string; mode: string }[]> {
  await psql.query(`BEGIN; PREPARE looked_at AS ${sql}`);
  const { rows } = await psql.query<{ table: string; mode: string }>(
    `SELECT c.relname AS table, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
     WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')`,
  );
  await psql.query('ROLLBACK; DEALLOCATE looked_at');
  return rows;
}
