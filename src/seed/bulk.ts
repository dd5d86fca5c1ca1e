import { Prisma, type Tx } from '../db/index.js';
import { invariant } from '../kernel/index.js';

/** Tables a load fills. */
export type Table =
  | 'app_user'
  | 'user_profile'
  | 'role_grant'
  | 'fee_plan'
  | 'errand'
  | 'offer'
  | 'escrow'
  | 'milestone'
  | 'proof'
  | 'process_event'
  | 'charge'
  | 'dispute'
  | 'dispute_evidence'
  | 'dispute_decision'
  | 'payout_account'
  | 'payout'
  | 'payout_event'
  | 'review'
  | 'notification'
  | 'audit_entry'
  | 'ledger_account'
  | 'journal'
  | 'journal_line';

/**
 * Inserts rows of one shape with a single parameter, in their order, several times as fast as a parameter a value.
 * Rows that are there already are left alone; columns that no row names take their defaults.
 */
export async function insertRows(tx: Tx, table: Table, rows: readonly object[]): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const names = Object.keys(first);
  invariant(
    rows.every((row) => Object.keys(row).length === names.length && names.every((name) => name in row)),
    `rows of ${table} differ in shape`,
  );
  const columns = Prisma.raw(names.map((name) => columnOf(table, name)).join(', '));
  const json = JSON.stringify(rows.map((row) => toRecord(table, row)));
  await tx.$executeRaw`
    INSERT INTO ${Prisma.raw(table)} (${columns})
    SELECT ${columns} FROM json_populate_recordset(NULL::${Prisma.raw(table)}, ${json}::json)
    ON CONFLICT DO NOTHING`;
}

/** Where a column is not its field in snake case. */
const renamed: Readonly<Record<string, string>> = {
  'process_event.from': 'from_state',
  'process_event.to': 'to_state',
  'payout_event.from': 'from_state',
  'payout_event.to': 'to_state',
};

function columnOf(table: Table, field: string): string {
  return renamed[`${table}.${field}`] ?? field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toRecord(table: Table, row: object): object {
  return Object.fromEntries(Object.entries(row).map(([field, value]) => [columnOf(table, field), toJson(value)]));
}

function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return String.raw`\x${Buffer.from(value).toString('hex')}`;
  return value;
}
