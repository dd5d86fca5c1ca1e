import type { Floor, PastRow, Row, Truth } from './truth.js';

/** An object as an answer showed it. */
export type Sighting = Pick<Row, 'id' | 'version'>;

/** What a read was, and what it must not fall behind. */
export interface Reading {
  /** What the database showed before the request was sent: the floor of `strict`. */
  readonly floor: Floor;
  /** The highest version a write had been answered with before the request was sent: the floor of `acked`. */
  readonly answered: (id: string) => number | undefined;
  /** Which rows the answer is made of. */
  readonly belongs: (row: Row) => boolean;
}

/** One object that an answer showed, or lacked, against a floor. */
export interface Finding {
  /** Which floor it fell behind: G, of all that was committed; A, of all that was answered. */
  readonly promise: 'G' | 'A';
  readonly kind: 'older' | 'missing';
  readonly id: string;
  /** Undefined when it is missing. */
  readonly shown: number | undefined;
  /** The version it should have been at least. */
  readonly floor: number;
  /** How long before the read began what was shown had come to an end, by the clock of the database alone. */
  readonly ageMs: number;
}

/**
 * Compares one answer with both floors. Whether it fell behind is decided by the order of events in this process: the
 * floor had arrived here before the request left. Clocks only tell by how much.
 * @param isComplete whether the answer shows all there is, so that what is not in it is missing
 */
export async function judge(
  truth: Pick<Truth, 'history'>,
  reading: Reading,
  shown: readonly Sighting[],
  isComplete: boolean,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const sighting of shown) findings.push(...(await judgeShown(truth, reading, sighting)));
  if (!isComplete) return findings;
  const ids = new Set(shown.map(({ id }) => id));
  for (const row of reading.floor.rows.values()) {
    if (!ids.has(row.id) && reading.belongs(row)) findings.push(...(await judgeMissing(truth, reading, row)));
  }
  return findings;
}

async function judgeShown(
  truth: Pick<Truth, 'history'>,
  { floor, answered }: Reading,
  { id, version }: Sighting,
): Promise<readonly Finding[]> {
  const floors = { G: floor.rows.get(id)?.version ?? 0, A: answered(id) ?? 0 };
  if (version >= floors.G && version >= floors.A) return [];
  const [next] = await truth.history(id, version + 1);
  const ageMs = Math.max(0, floor.atMs - (next?.committedMs ?? floor.atMs));
  return (['G', 'A'] as const)
    .filter((promise) => version < floors[promise])
    .map((promise) => ({ promise, kind: 'older', id, shown: version, floor: floors[promise], ageMs }));
}

/** Missing rightly, when some version from the floor on does not belong: the answer may be as young as it likes. */
async function judgeMissing(
  truth: Pick<Truth, 'history'>,
  { floor, answered, belongs }: Reading,
  { id, version }: Row,
): Promise<readonly Finding[]> {
  const past = await truth.history(id, 1);
  const ageMs = Math.max(0, floor.atMs - belongingSinceMs(past, belongs));
  const from = { G: version, A: answered(id) };
  return (['G', 'A'] as const).flatMap((promise) => {
    const least = from[promise];
    if (least === undefined || past.some((row) => row.version >= least && !belongs(row))) return [];
    return [{ promise, kind: 'missing' as const, id, shown: undefined, floor: least, ageMs }];
  });
}

/** When the row came to belong for good. */
function belongingSinceMs(past: readonly PastRow[], belongs: Reading['belongs']): number {
  const last = past.findLastIndex((row) => !belongs(row));
  return past[last + 1]?.committedMs ?? 0;
}
