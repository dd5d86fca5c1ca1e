import type { LedgerSeal, Reader } from '../../db/index.js';
import { rowsOf, sealHash, sealedRows, type SealedRow } from './seal.js';

/** Something in the books that is not as it was sealed. */
export interface ChainFault {
  readonly kind: 'journal' | 'event' | 'seal' | 'close';
  /** A journal's id, `{errandId}#{seq}` of an event, a seal's number, or `1` for the closing. */
  readonly name: string;
  readonly problem: string;
}

export interface ChainState {
  readonly seals: number;
  /** Hash of the last seal, in hex; null when nothing is sealed. Kept elsewhere, it proves later that nothing was exchanged. */
  readonly head: string | null;
  /** Rows up to this time are sealed; null when nothing is. */
  readonly sealedThrough: Date | null;
  /** Nothing is ever recorded at or before this time again. */
  readonly closedThrough: Date;
  readonly journals: number;
  readonly events: number;
}

export interface ChainReport extends ChainState {
  readonly faults: readonly ChainFault[];
}

type ChainReader = Pick<Reader, 'journal' | 'ledgerAccount' | 'processEvent' | 'ledgerSeal' | 'ledgerClose'>;

/**
 * Hashes every sealed row anew and follows the chain from its first link. What is sealed stands still, so this is right
 * beside running writers; what they seal meanwhile is left for the next time.
 * @param knownHead a head that was kept elsewhere: it must be a link of the chain
 */
export async function checkChain(reader: ChainReader, knownHead?: string): Promise<ChainReport> {
  const closing = await reader.ledgerClose.findUnique({ where: { id: 1 } });
  const faults: ChainFault[] = [];
  const counts = { journals: 0, events: 0 };
  let previous: LedgerSeal | undefined;
  let hasKnownHead = knownHead === undefined;
  for await (const seal of sealsUpTo(reader, closing?.seals ?? 0)) {
    faults.push(...linkFaults(seal, previous), ...(await rowFaults(reader, seal, previous)));
    hasKnownHead ||= seal.hash === knownHead;
    counts.journals += seal.journals;
    counts.events += seal.events;
    previous = seal;
  }
  if (!closing) faults.push(closeFault('is gone'));
  else {
    const isEnd = closing.seals === (previous?.seq ?? 0) && closing.head === (previous?.hash ?? null);
    if (!isEnd) faults.push(closeFault(`says the chain ends with seal ${closing.seals}, ${closing.head ?? 'no hash'}`));
    const isBehind = previous !== undefined && closing.closedThrough.getTime() < previous.through.getTime();
    if (isBehind) faults.push(closeFault('says that sealed periods are open'));
  }
  if (!hasKnownHead) faults.push(closeFault(`the chain has no link ${knownHead}`));
  return {
    seals: previous?.seq ?? 0,
    head: previous?.hash ?? null,
    sealedThrough: previous?.through ?? null,
    closedThrough: closing?.closedThrough ?? new Date(0),
    ...counts,
    faults,
  };
}

/** In order, one by one: a manifest can be large. */
async function* sealsUpTo(reader: ChainReader, seals: number): AsyncGenerator<LedgerSeal, void, void> {
  let last = 0;
  for (;;) {
    const seal = await reader.ledgerSeal.findFirst({
      where: { seq: { gt: last, lte: seals } },
      orderBy: { seq: 'asc' },
    });
    if (!seal) return;
    yield seal;
    last = seal.seq;
  }
}

function linkFaults(seal: LedgerSeal, previous: LedgerSeal | undefined): readonly ChainFault[] {
  const fault = (problem: string): ChainFault => ({ kind: 'seal', name: String(seal.seq), problem });
  const rows = rowsOf(seal.manifest);
  const journals = rows.filter(({ kind }) => kind === 'journal').length;
  return [
    ...(sealHash(seal) === seal.hash ? [] : [fault('its hash is not that of its content')]),
    ...(seal.seq === (previous?.seq ?? 0) + 1 ? [] : [fault(`seal ${(previous?.seq ?? 0) + 1} before it is gone`)]),
    ...(seal.prevHash === (previous?.hash ?? null) ? [] : [fault('it does not name the seal before it')]),
    ...(seal.after.getTime() === (previous?.through.getTime() ?? 0)
      ? []
      : [fault('its period does not begin where the one before ends')]),
    ...(journals === seal.journals && rows.length - journals === seal.events ? [] : [fault('its counts are wrong')]),
  ];
}

/** The rows of its period now, against those of its manifest. */
async function rowFaults(
  reader: ChainReader,
  { manifest, through }: LedgerSeal,
  previous: LedgerSeal | undefined,
): Promise<readonly ChainFault[]> {
  const keyOf = ({ kind, name }: SealedRow): string => `${kind} ${name}`;
  const found = await sealedRows(reader, { after: previous?.through ?? new Date(0), through });
  const now = new Map([...found.journals, ...found.events].map((row) => [keyOf(row), row]));
  const sealed = new Map(rowsOf(manifest).map((row) => [keyOf(row), row]));
  const faults: ChainFault[] = [];
  for (const [key, { kind, name, digest }] of sealed) {
    const row = now.get(key);
    if (!row) faults.push({ kind, name, problem: 'was sealed and is gone, or was moved to another time' });
    else if (row.digest !== digest) faults.push({ kind, name, problem: 'is not as it was sealed' });
  }
  for (const [key, { kind, name }] of now) {
    if (!sealed.has(key)) faults.push({ kind, name, problem: 'came into a period after it was sealed' });
  }
  return faults;
}

function closeFault(problem: string): ChainFault {
  return { kind: 'close', name: '1', problem };
}
