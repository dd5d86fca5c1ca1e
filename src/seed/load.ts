import type { Db, Tx } from '../db/index.js';
import { isLoading, takeTurn } from '../modules/markets/index.js';
import { insertRows, type Table } from './bulk.js';
import type { World } from './world.type.js';

/** One transaction of a bulk load, and how many rows it writes. */
export interface Chunk {
  readonly rows: number;
  write(tx: Tx): Promise<unknown>;
}

const rowsMax = 500;

/**
 * A world as transactions in the order its foreign keys ask for. Rows that are there already are left alone, so a load
 * that was cut off can be started again; a journal and its lines are never parted.
 */
export function chunksOf(world: World): readonly Chunk[] {
  const { cast, books, rows } = world;
  const { users, profiles, roleGrants, feePlans } = cast.rows;
  return [
    ...split('app_user', users),
    ...split('user_profile', profiles),
    ...split('role_grant', roleGrants),
    ...split('fee_plan', feePlans),
    ...split('errand', [...rows.errands.values()]),
    ...split('offer', [...rows.offers.values()]),
    ...split('escrow', [...rows.escrows.values()]),
    ...split('milestone', [...rows.milestones.values()]),
    ...split('proof', rows.proofs),
    ...split('process_event', rows.events),
    ...split('charge', rows.charges),
    ...split('dispute', [...rows.disputes.values()]),
    ...split('dispute_evidence', [...rows.evidence.values()]),
    ...split('dispute_decision', [...rows.decisions.values()]),
    ...split('payout_account', rows.payoutAccounts),
    ...split('payout', [...rows.payouts.values()]),
    ...split('payout_event', rows.payoutEvents),
    ...split('review', [...rows.reviews.values()]),
    ...split('notification', rows.notifications),
    ...split('audit_entry', rows.auditEntries),
    ...split('ledger_account', books.accountRows()),
    ...slices(books.journals).map((booked) => ({ rows: booked.length, write: (tx: Tx) => insertJournals(tx, booked) })),
  ];
}

/**
 * Writes the chunks one after the other, each in a transaction of its own. Once the markets are open, people may change
 * what is there, so nothing is written then. @returns false when another process opened them
 */
export async function load(
  db: Pick<Db, 'write'>,
  chunks: readonly Chunk[],
  onProgress: (done: number, all: number) => void,
): Promise<boolean> {
  const all = chunks.reduce((sum, { rows }) => sum + rows, 0);
  let done = 0;
  for (const chunk of chunks) {
    const isWritten = await db.write(async (tx) => {
      await takeTurn(tx);
      if (!(await isLoading(tx))) return false;
      await chunk.write(tx);
      return true;
    });
    if (!isWritten) return false;
    done += chunk.rows;
    onProgress(done, all);
  }
  return true;
}

async function insertJournals(tx: Tx, booked: World['books']['journals']): Promise<void> {
  await insertRows(
    tx,
    'journal',
    booked.map(({ journal }) => ({ reason: null, ...journal })),
  );
  await insertRows(
    tx,
    'journal_line',
    booked.flatMap(({ lines }) => lines),
  );
}

function split(table: Table, rows: readonly object[]): readonly Chunk[] {
  return slices(rows).map((part) => ({ rows: part.length, write: (tx) => insertRows(tx, table, part) }));
}

function slices<Row>(rows: readonly Row[]): readonly (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / rowsMax) }, (_, index) =>
    rows.slice(index * rowsMax, (index + 1) * rowsMax),
  );
}
