import { afterEach, describe, expect, it } from 'vitest';
import { breakGuard } from '../sim/breaks.js';
import { simulate, type Simulated } from '../sim/simulate.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase | undefined;
afterEach(() => database?.drop());

async function play(seed: number, steps: number): Promise<Simulated> {
  database = await createTestDatabase();
  return simulate({ databaseUrl: database.url, seed, steps, auditEvery: Number(process.env['AUDIT'] ?? 100) });
}

describe('the simulation', { timeout: 600_000 }, () => {
  it('finds every invariant held', async () => {
    const t = Date.now();
    const result = await play(Number(process.env['SEED'] ?? 1), Number(process.env['STEPS'] ?? 300));
    console.log(JSON.stringify(result, null, 1), Date.now() - t);
    expect(result.breaches).toEqual([]);
  });
});
void breakGuard;
