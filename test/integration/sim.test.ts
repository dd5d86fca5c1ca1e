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
    const result = await play(1, 300);
    expect(result.breaches).toEqual([]);
    expect(result.ok).toBe(true);
    expect(result.steps).toBe(300);
    const { I11: _, I12: __, I13: ___, ...exercised } = result.invariants;
    expect(Object.values(exercised).map(({ verdict }) => verdict)).toEqual(Object.keys(exercised).map(() => 'held'));
    expect(result.faults).toMatchObject({ cutBeforeStatement: expect.any(Number), clockJump: expect.any(Number) });
  });

  it('breaks as soon as a guard is taken out, and says what and where', async () => {
    const result = await play(1, 300, 'anybodyConfirms');
    expect(result.ok).toBe(false);
    expect(result.steps).toBeLessThan(300);
    expect(result.breaches[0]).toMatchObject({ what: 'I17', step: result.steps, problem: expect.any(String) });
  });

  it('plays a seed the same way every time', async () => {
    const [first, second] = [await play(7, 60), await play(7, 60)];
    expect(second.log).toBe(first.log);
    expect((await play(8, 60)).log).not.toBe(first.log);
  });
});
