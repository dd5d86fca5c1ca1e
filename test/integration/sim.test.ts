import { afterEach, describe, expect, it } from 'vitest';
import { breakGuard, type Break } from '../sim/breaks.js';
import { simulate, type Simulated } from '../sim/simulate.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

/** Far more than a quiet machine takes. */
const testMsMax = 300_000;

let database: TestDatabase | undefined;
let putBack: (() => void) | undefined;
afterEach(async () => {
  putBack?.();
  putBack = undefined;
  await database?.drop();
});

async function play(seed: number, steps: number, breaks?: Break): Promise<Simulated> {
  database = await createTestDatabase();
  if (breaks) putBack = breakGuard(breaks);
  return simulate({ databaseUrl: database.url, seed, steps, auditEvery: 75, breaks });
}

describe('a simulated market', { timeout: testMsMax }, () => {
  it('keeps every invariant through hostile people, broken connections, restarts and a provider that lies', async () => {
    const result = await play(1, 200);
    expect(result.breaches).toEqual([]);
    expect(result.ok).toBe(true);
    expect(result.steps).toBe(200);
    const verdicts = Object.entries(result.invariants).map(([name, { verdict }]) => `${name} ${verdict}`);
    expect(verdicts).toEqual(Object.keys(result.invariants).map((name) => `${name} held`));
    const cuts = Object.entries(result.faults).filter(([name]) => name.startsWith('cut'));
    expect(cuts.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(0);
  });

  it.each(['anyState', 'anyActor'] as const)(
    'breaks soon without the guard %s, and says what and where',
    async (guard) => {
      const result = await play(1, 200, guard);
      expect(result.ok).toBe(false);
      expect(result.steps).toBeLessThan(200);
      const [breach] = result.breaches;
      expect(breach).toMatchObject({ step: result.steps, problem: expect.stringContaining(' by ') });
      expect(['I17', 'model']).toContain(breach?.what);
    },
  );

  it('plays a seed the same way every time', async () => {
    const [first, second] = [await play(7, 40), await play(7, 40)];
    expect(second.log).toBe(first.log);
    expect(second.commands).toEqual(first.commands);
  });
});
