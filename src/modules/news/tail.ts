import type { Reader } from '../../db/index.js';
import { invariant } from '../../kernel/index.js';

/** What a source answers: the oldest transaction that still runs, and rows of it and later ones. */
export interface TailPage<Row> {
  /** Every transaction with a smaller id has ended, as seen by the very statement that read the rows. */
  readonly xmin: bigint;
  readonly rows: readonly Row[];
}

/** Reads rows by the transactions that wrote them. */
export interface TailSource<Row> {
  /** Rows of transactions from `xid` on, without those named, in the order of their numbers. */
  read(reader: Pick<Reader, '$queryRaw'>, xid: bigint, without: readonly Row[]): Promise<TailPage<Row>>;
}

/** Follows a table that rows are only added to. */
export interface Tail<Row> {
  /** What was committed since the last call. A call that fails has taken nothing. @throws what reading threw */
  next(): Promise<readonly Row[]>;
}

/**
 * A number from a sequence is drawn before COMMIT, so a smaller one may appear later, and "all after the last I saw" would
 * lose it. So what is remembered is not a number but the oldest transaction that still ran: those before it have ended and
 * were all seen, and of those since then each row is kept in mind until its transaction is old, too. No row is missed, none
 * comes twice, and none waits for another transaction. Transitions of one errand exclude each other, so theirs are in order.
 * @returns a tail of what is committed from now on
 */
export async function createTail<Row extends { readonly xid: bigint }>(
  reader: Pick<Reader, '$queryRaw'>,
  source: TailSource<Row>,
): Promise<Tail<Row>> {
  const [now] = await reader.$queryRaw<{ xmin: bigint }[]>`
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin`;
  invariant(now, 'the database names no transaction');
  // What younger transactions have committed already is no news any more.
  const first = await source.read(reader, now.xmin, []);
  let from = first.xmin;
  let seen = first.rows.filter(({ xid }) => xid >= from);
  return {
    async next() {
      const { xmin, rows } = await source.read(reader, from, seen);
      from = xmin;
      seen = [...seen, ...rows].filter(({ xid }) => xid >= xmin);
      return rows;
    },
  };
}
