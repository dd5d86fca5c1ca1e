import { describe, expect, it } from 'vitest';
import { createAnswered } from '../cache-check/load/answered.js';
import { judge, type Reading } from '../cache-check/verdict/judge.js';
import { createTally } from '../cache-check/verdict/tally.js';
import type { PastRow, Row } from '../cache-check/verdict/truth.js';

const id = 'e1';
const isOpen = ({ state }: Row): boolean => state === 'OPEN';

/** An errand of which version 1 is a draft, 2 to 4 are open, and 5 is assigned; each committed 100 ms after the last. */
const states = ['DRAFT', 'OPEN', 'OPEN', 'OPEN', 'ASSIGNED'];
const all: readonly PastRow[] = states.map((state, index) => ({
  id,
  version: index + 1,
  state,
  committedMs: 1000 + 100 * index,
}));

interface Case {
  /** The versions that are in the database by the time of the verdict. */
  readonly present: number;
  /** What the database showed, and a write was answered with, before the read began. */
  readonly committed: number;
  readonly answered?: number;
}

function readingOf({ committed, answered }: Case): Reading {
  const row = all[committed - 1] as PastRow;
  return { floor: { atMs: 1450, rows: new Map([[id, row]]) }, answered: () => answered, belongs: isOpen };
}

async function verdictOf(facts: Case, shown: number | undefined): Promise<readonly string[]> {
  const truth = { history: async (_: string, from: number) => all.slice(from - 1, facts.present) };
  const sightings = shown === undefined ? [] : [{ id, version: shown }];
  const findings = await judge(truth, readingOf(facts), sightings, true);
  return findings.map(({ promise, kind, ageMs }) => `${promise} ${kind} ${ageMs}`);
}

describe('the verdict on an answer', () => {
  it.each<{ what: string; facts: Case; shown: number | undefined; verdict: readonly string[] }>([
    {
      what: 'nothing against the version that was there',
      facts: { present: 4, committed: 4, answered: 4 },
      shown: 4,
      verdict: [],
    },
    { what: 'nothing against a younger one', facts: { present: 5, committed: 3 }, shown: 5, verdict: [] },
    {
      what: 'G, dated by the commit that ended it, when it is older than was committed and not yet answered',
      facts: { present: 4, committed: 4, answered: 3 },
      shown: 3,
      verdict: ['G older 150'],
    },
    {
      what: 'G and A when it is older than was answered',
      facts: { present: 4, committed: 4, answered: 4 },
      shown: 2,
      verdict: ['G older 250', 'A older 250'],
    },
    {
      what: 'G and A when a list lacks what every version since the floors would put into it',
      facts: { present: 4, committed: 4, answered: 3 },
      shown: undefined,
      verdict: ['G missing 350', 'A missing 350'],
    },
    {
      what: 'G alone when only versions since the committed one have to be in the list',
      facts: { present: 4, committed: 4, answered: 1 },
      shown: undefined,
      verdict: ['G missing 350'],
    },
    {
      what: 'nothing against a list that lacks what has left it meanwhile',
      facts: { present: 5, committed: 4, answered: 4 },
      shown: undefined,
      verdict: [],
    },
    {
      what: 'nothing against a list that lacks what never was in it',
      facts: { present: 1, committed: 1 },
      shown: undefined,
      verdict: [],
    },
  ])('is $what', async ({ facts, shown, verdict }) => {
    expect(await verdictOf(facts, shown)).toEqual(verdict);
  });

  it('counts what had been answered when the read began, and nothing that was answered later', () => {
    const answered = createAnswered();
    answered.note(id, 2);
    const before = answered.now();
    answered.note(id, 4);
    answered.note(id, 3);
    expect([before(id), answered.now()(id), before('other')]).toEqual([2, 4, undefined]);
  });

  it('is a violation only where the tier promises it', () => {
    const tally = createTally();
    const finding = { kind: 'older', id, shown: 1, floor: 2, ageMs: 7 } as const;
    const read = { read: 'errand', process: 0, cacheStatus: 'RunAm; hit' };
    tally.read({ ...read, tier: 'acked', findings: [{ ...finding, promise: 'G' }] });
    tally.read({ ...read, tier: 'strict', findings: [{ ...finding, promise: 'G' }] });
    const { acked, strict } = tally.tiers;
    expect(acked).toMatchObject({
      reads: 1,
      violations: 0,
      worstAgeMs: 0,
      olderThanCommitted: 1,
      olderThanCommittedWorstMs: 7,
    });
    expect(strict).toMatchObject({ reads: 1, violations: 1, worstAgeMs: 7 });
    expect(tally.violationsCount()).toBe(1);
  });
});
