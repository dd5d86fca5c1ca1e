import { describe, expect, it } from 'vitest';
import { isOutcomeUnknown, withRetries } from '../../src/db/retry.js';
import { AppError } from '../../src/kernel/index.js';

const withCode = (code: string): Error => Object.assign(new Error(code), { meta: { code } });

/** Fails `failures` times and then succeeds; remembers the pauses it was given. */
function attempts(failures: number, error: Error, random = () => 0.5) {
  const pauses: number[] = [];
  let tries = 0;
  const attempt = async (): Promise<number> => {
    tries += 1;
    if (tries <= failures) throw error;
    return tries;
  };
  return {
    pauses,
    run: () => withRetries(attempt, { random, pause: async (ms) => void pauses.push(ms) }),
    tries: () => tries,
  };
}

describe('a write that meets others', () => {
  it.each(['40001', '40P01', 'P2034'])(
    'is tried four times at most after %s, and then may be asked again',
    async (code) => {
      expect(await attempts(3, withCode(code)).run()).toBe(4);
      const { run, tries } = attempts(4, withCode(code));
      await expect(run()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
      expect(tries()).toBe(4);
    },
  );

  it('pauses for a time drawn evenly from nothing to 20, 40 and 80 ms', async () => {
    const draws = [0, 0.5, 0.999];
    for (const draw of draws) {
      const { run, pauses } = attempts(3, withCode('40P01'), () => draw);
      await run();
      expect(pauses).toEqual([draw * 20, draw * 40, draw * 80]);
    }
  });

  it('is not tried again after any other failure', async () => {
    const { run, tries, pauses } = attempts(1, withCode('23505'));
    await expect(run()).rejects.toThrow('23505');
    expect([tries(), pauses]).toEqual([1, []]);
  });

  it('is not tried again when nobody knows whether it was committed, and says so', async () => {
    const { run, tries } = attempts(1, new Error('Connection terminated unexpectedly'));
    const failure: unknown = await run().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', retryable: false });
    expect([tries(), isOutcomeUnknown(failure), isOutcomeUnknown(new AppError('UNAVAILABLE', 'away'))]).toEqual([
      1,
      true,
      false,
    ]);
  });
});
