/** One object as some answer showed it. Its version grows by one with every change. */
export interface Sighting {
  readonly id: string;
  readonly version: number;
  /** Everything else the version decides, such as state and title. */
  readonly [field: string]: unknown;
}

export interface Violation {
  readonly kind: 'older' | 'missing' | 'mixed' | 'uninvited';
  /** Which read showed it. */
  readonly read: string;
  readonly detail: string;
}

/** A read under way: what had been answered when it began is what it must not fall behind. */
export interface Reading {
  /**
   * Checks what the read showed.
   * @param claims set for a list that shows everything: which objects belong into it
   */
  showed(sightings: readonly Sighting[], claims?: (object: Sighting) => boolean): void;
}

/** A write under way. */
export interface Writing {
  /** It was answered, with the objects as it left them. */
  answered(sightings: readonly Sighting[]): void;
  /** Nobody knows whether it happened. */
  unanswered(): void;
}

export interface Checker {
  /** To be called before the request is sent. @param ids the objects that the write may change */
  writing(ids: readonly string[]): Writing;
  /** To be called before the request is sent. */
  reading(read: string): Reading;
  /**
   * The database was seen to hold these objects so: no read sent later may fall behind them, whether their writes have been
   * answered or not. To be called before the request is sent.
   */
  committed(sightings: readonly Sighting[]): void;
  readonly violations: readonly Violation[];
  /** How many objects have been compared with what was known of them. */
  compared(): number;
}

interface Known {
  readonly history: { readonly at: number; readonly sighting: Sighting }[];
  writesOpen: number;
  /** When the last write of it was answered; nothing can be said of what a list lacks while one is under way. */
  writtenAt: number;
}

/**
 * Watches that answers never fall behind answered writes, or committed ones where those are told, whatever process wrote
 * and whatever process read: for each object a read shows, the highest version that a write had been answered with, or
 * the database had shown, before the read was sent is the floor.
 * Time is the order of events in this process, so no clock is involved.
 */
export function createChecker(): Checker {
  const objects = new Map<string, Known>();
  const violations: Violation[] = [];
  let now = 0;
  let compared = 0;
  const knownOf = (id: string): Known => {
    const known = objects.get(id) ?? { history: [], writesOpen: 0, writtenAt: 0 };
    objects.set(id, known);
    return known;
  };

  return {
    violations,
    compared: () => compared,
    writing(ids) {
      const touched = ids.map(knownOf);
      for (const known of touched) known.writesOpen += 1;
      return {
        answered(sightings) {
          now += 1;
          for (const known of touched) known.writesOpen -= 1;
          for (const sighting of sightings) learn(knownOf(sighting.id), sighting, now);
        },
        // Its objects stay as if it were under way: what a list lacks can no longer be said of them.
        unanswered: () => {},
      };
    },
    committed(sightings) {
      now += 1;
      for (const sighting of sightings) learn(knownOf(sighting.id), sighting, now);
    },
    reading(read) {
      const began = ++now;
      const report = (kind: Violation['kind'], detail: string): void => void violations.push({ kind, read, detail });
      return {
        showed(sightings, claims) {
          for (const sighting of sightings) {
            compared += 1;
            compare(knownOf(sighting.id), sighting, began, report);
            if (claims && !claims(sighting)) report('uninvited', `${show(sighting)} does not belong here`);
          }
          if (claims) findMissing(objects, new Set(sightings.map(({ id }) => id)), began, claims, report);
        },
      };
    },
  };
}

/** Answers of two writes may arrive in the other order than they were made in: only a newer version counts. */
function learn(known: Known, sighting: Sighting, at: number): void {
  const { history } = known;
  const last = history.at(-1);
  known.writtenAt = at;
  if (!last || sighting.version > last.sighting.version) history.push({ at, sighting });
}

type Report = (kind: Violation['kind'], detail: string) => void;

function compare({ history }: Known, sighting: Sighting, began: number, report: Report): void {
  const floor = history.findLast(({ at }) => at <= began)?.sighting;
  if (floor && sighting.version < floor.version) {
    report('older', `${show(sighting)} although ${show(floor)} had been answered`);
  }
  const same = history.find(({ sighting: { version } }) => version === sighting.version)?.sighting;
  const differs = same && Object.keys(sighting).some((field) => field in same && same[field] !== sighting[field]);
  if (differs) report('mixed', `${show(sighting)} is not ${show(same)}`);
}

/** Objects that were settled before the read began and during it, belong into the list, and are not there. */
function findMissing(
  objects: ReadonlyMap<string, Known>,
  shown: ReadonlySet<string>,
  began: number,
  claims: (object: Sighting) => boolean,
  report: Report,
): void {
  for (const [id, { history, writesOpen, writtenAt }] of objects) {
    const last = history.at(-1)?.sighting;
    if (!last || shown.has(id) || writesOpen > 0 || writtenAt > began || !claims(last)) continue;
    report('missing', `${show(last)} had been answered and is not in the list`);
  }
}

function show(sighting: Sighting): string {
  return JSON.stringify(sighting);
}
