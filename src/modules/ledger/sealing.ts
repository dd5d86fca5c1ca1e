import { invariant, type Clock } from '../../kernel/index.js';
import type { Db, LedgerClose, Tx } from '../../db/index.js';
import { holdClosing, stepClosing, type ClosingStep } from './closing.js';
import { manifestOf, sealHash, sealedRows, type Period } from './seal.js';

export interface SealRound {
  /** Links added to the chain. */
  readonly seals: number;
  /** Hash of the last of them, in hex. */
  readonly head: string | undefined;
  /** The last step of closing; `busy` when another process has it in hand. */
  readonly closing: ClosingStep | 'busy';
}

export interface SealerDeps {
  readonly db: Pick<Db, 'write'>;
  readonly clock: Clock;
  /** How long after it was recorded a row may be sealed at the earliest. Default 10,000. */
  readonly lagMs?: number;
  /** Rows in one seal at most, unless more were recorded in the same millisecond. Default 1,000. */
  readonly sealRowsMax?: number;
}

/** Closes the books behind those who write them, and links what was closed into the hash chain. */
export interface Sealer {
  /** Safe in any number of processes at once, and to be cut off anywhere: each step is one transaction. */
  round(goesOn?: () => boolean): Promise<SealRound>;
}

const firstAfter = new Date(0);

export function createSealer({ db, clock, lagMs = 10_000, sealRowsMax = 1000 }: SealerDeps): Sealer {
  const step = (): Promise<ClosingStep | 'busy'> =>
    db.write(async (tx) => {
      const closing = await holdClosing(tx);
      return closing ? stepClosing(tx, closing, { now: clock.now(), lagMs }) : 'busy';
    });

  /** What an earlier round announced first, then one period more. */
  async function close(): Promise<ClosingStep | 'busy'> {
    for (let isNew = false; ;) {
      const done = await step();
      if (done === 'announced') isNew = true;
      if (done === 'idle' || done === 'waiting' || done === 'busy' || (done === 'closed' && isNew)) return done;
    }
  }

  return {
    async round(goesOn = () => true) {
      const closing = await close();
      let seals = 0;
      let head: string | undefined;
      while (goesOn()) {
        const hash = await db.write((tx) => sealNext(tx, clock.now(), sealRowsMax));
        if (hash === undefined) break;
        seals += 1;
        head = hash;
      }
      return { seals, head, closing };
    },
  };
}

/** Seals the oldest closed rows that are not sealed. @returns the seal's hash; undefined when there are none */
async function sealNext(tx: Tx, now: Date, rowsMax: number): Promise<string | undefined> {
  const closing = await holdClosing(tx);
  if (!closing) return undefined;
  const last = await tx.ledgerSeal.findFirst({ orderBy: { seq: 'desc' } });
  const isWhole = (last?.seq ?? 0) === closing.seals && (last?.hash ?? null) === closing.head;
  invariant(isWhole, `the chain of seals does not end as it was left, at ${closing.seals} ${closing.head}`);
  const period = await nextPeriod(tx, last?.through ?? firstAfter, closing, rowsMax);
  if (!period) return undefined;
  const { journals, events } = await sealedRows(tx, period);
  const content = {
    ...period,
    seq: closing.seals + 1,
    sealedAt: now,
    journals: journals.length,
    events: events.length,
    manifest: manifestOf([...journals, ...events]),
    prevHash: closing.head,
  };
  const seal = await tx.ledgerSeal.create({ data: { ...content, hash: sealHash(content) } });
  await tx.ledgerClose.update({ where: { id: closing.id }, data: { seals: seal.seq, head: seal.hash } });
  return seal.hash;
}

/** Up to the row that fills a seal, or to the end of what is closed. Undefined when nothing was recorded since `after`. */
async function nextPeriod(
  tx: Tx,
  after: Date,
  { closedThrough }: LedgerClose,
  rowsMax: number,
): Promise<Period | undefined> {
  const rows = await tx.$queryRaw<{ at: Date }[]>`
    SELECT max(recorded_at) AS at FROM (
      (SELECT recorded_at FROM journal WHERE recorded_at > ${after} AND recorded_at <= ${closedThrough}
       ORDER BY recorded_at LIMIT ${rowsMax})
      UNION ALL
      (SELECT recorded_at FROM process_event WHERE recorded_at > ${after} AND recorded_at <= ${closedThrough}
       ORDER BY recorded_at LIMIT ${rowsMax})
      ORDER BY recorded_at LIMIT ${rowsMax}
    ) AS oldest HAVING count(*) > 0`;
  const through = rows[0]?.at;
  return through && { after, through };
}
