import { invariant } from '../../kernel/index.js';
import type { LedgerClose, Reader, Tx } from '../../db/index.js';

/**
 * What a step did: `announced` a time from which nothing more is recorded, `watching` the transactions that may not have
 * read it, `closed` the period, `waiting` for one of them, `idle` when it is too early for the next announcement.
 */
export type ClosingStep = 'announced' | 'watching' | 'closed' | 'waiting' | 'idle';

export interface ClosingTimes {
  readonly now: Date;
  /** A period ends this long before now, so that what is being booked is rarely too late for it. */
  readonly lagMs: number;
}

const onlyRow = { id: 1 } as const;

/** How far the books are closed: no journal and no process event will ever be recorded at or before `closedThrough`. */
export async function closingOf(reader: Pick<Reader, 'ledgerClose'>): Promise<LedgerClose> {
  const row = await reader.ledgerClose.findUnique({ where: onlyRow });
  invariant(row, 'the row of ledger_close is gone: nobody knows which periods are closed');
  return row;
}

/**
 * Locks the closing. It is looked at before, so that the id which the lock gives this transaction is taken after the
 * announcement was there to be read. @returns undefined when another process has it in hand, or had just now
 */
export async function holdClosing(tx: Tx): Promise<LedgerClose | undefined> {
  const seen = await closingOf(tx);
  const held = await tx.$queryRaw<unknown[]>`SELECT id FROM ledger_close WHERE id = 1 FOR UPDATE SKIP LOCKED`;
  const closing = await closingOf(tx);
  const isAsSeen = closing.announcedThrough.getTime() === seen.announcedThrough.getTime();
  return held.length === 1 && isAsSeen ? closing : undefined;
}

/**
 * Takes the closing one step on; each step is a transaction of its own, because each relies on the one before being
 * committed. A writer of the books takes its transaction id, then reads the announcement (trigger record_in_open_period).
 * So whoever read an older one has a smaller id than the horizon: the id of a transaction that began when the announcement
 * could be read. When all smaller ids have ended, nobody is left who could record something in the period. No clock takes
 * part in this: times that are late, stand still or go back make periods longer or shorter, never wrong.
 */
export async function stepClosing(tx: Tx, closing: LedgerClose, { now, lagMs }: ClosingTimes): Promise<ClosingStep> {
  const { announcedThrough, closedThrough, horizon } = closing;
  if (announcedThrough.getTime() === closedThrough.getTime()) {
    const through = new Date(now.getTime() - lagMs);
    if (through.getTime() <= announcedThrough.getTime()) return 'idle';
    await tx.ledgerClose.update({ where: onlyRow, data: { announcedThrough: through, horizon: null } });
    return 'announced';
  }
  const { oldest, own } = await transactionIds(tx);
  // A horizon beyond our own id is of another cluster, from which this database was copied.
  if (horizon === null || horizon > own) {
    await tx.ledgerClose.update({ where: onlyRow, data: { horizon: own } });
    return 'watching';
  }
  if (oldest < horizon) return 'waiting';
  await tx.ledgerClose.update({ where: onlyRow, data: { closedThrough: announcedThrough, horizon: null } });
  return 'closed';
}

/** The oldest transaction that still runs, of whatever database, and this one. */
async function transactionIds(tx: Tx): Promise<{ readonly oldest: bigint; readonly own: bigint }> {
  const [row] = await tx.$queryRaw<{ oldest: bigint; own: bigint }[]>`
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest, pg_current_xact_id()::text::bigint AS own`;
  invariant(row, 'the database names no transaction');
  return row;
}
