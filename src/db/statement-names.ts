import { sqlCodeOf } from './failures.js';

/** Under which names the connections of one client keep statements parsed and planned. */
interface StatementNames {
  /** Empty: it is not kept. */
  of(sql: string): string;
  /** After a statement failed: every statement is told anew from now on, if that is why. */
  heed(error: unknown): void;
}

/** A statement costs PostgreSQL memory in each connection; those that are written in so many ways are not worth it. */
const namesMax = 200;
/** What is forgotten more often is behind a pooler that gives each transaction another connection. */
const renewalsMax = 20;

/**
 * Emptied all the time: planned then, a statement would read all of it, and go on so when there is much to read. Plans are made anew
 * when a table is vacuumed, which is when this one is empty.
 */
const emptied = /\brow_change\b/;

/** The same statement has the same name until one of them was lost. */
export function createStatementNames(): StatementNames {
  const names = new Map<string, string>();
  let renewals = 0;
  return {
    of(sql) {
      const known = names.get(sql);
      if (known !== undefined) return known;
      if (names.size === namesMax || renewals > renewalsMax || emptied.test(sql)) return '';
      const name = `runam_${renewals}_${names.size}`;
      names.set(sql, name);
      return name;
    },
    heed(error) {
      if (!isStatementLost(error)) return;
      names.clear();
      renewals += 1;
    },
  };
}

/**
 * PostgreSQL: feature_not_supported, which is what a plan that does not fit its altered table any more is; invalid_sql_statement_name
 * and duplicate_prepared_statement, of a connection that has forgotten ours or keeps another's.
 */
const lostCodes: ReadonlySet<unknown> = new Set(['0A000', '26000', '42P05']);

/** The same transaction, run again, may succeed. */
export function isStatementLost(error: unknown): boolean {
  return lostCodes.has(sqlCodeOf(error));
}
