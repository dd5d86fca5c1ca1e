import { describe, expect, it } from 'vitest';
import { uuidv7 } from '../../src/kernel/index.js';
import { createSignInGuard, type SignInGuard, type SignInGuardOptions } from '../../src/modules/users/index.js';

const minuteMs = 60_000;
const [lagos, nairobi] = [uuidv7(), uuidv7()];
const ada = 'ada@runam.test';

function guarded(options: Omit<SignInGuardOptions, 'clock'> = {}) {
  let nowMs = Date.parse('2026-03-01T09:00:00Z');
  const clock = { now: () => new Date(nowMs) };
  return { guard: createSignInGuard({ clock, ...options }), forward: (ms: number) => void (nowMs += ms) };
}

const wrong = async (): Promise<undefined> => undefined;
const right = async (): Promise<string> => 'ada';

async function failTimes(guard: SignInGuard, times: number, tenantId = lagos, email = ada): Promise<void> {
  for (let round = 0; round < times; round += 1) expect(await guard.attempt(tenantId, email, wrong)).toBeUndefined();
}

describe('the sign-in guard', () => {
  it('refuses the eleventh attempt within 15 minutes of ten wrong ones, right or wrong, without looking', async () => {
    const { guard } = guarded();
    await failTimes(guard, 10);
    let looked = false;
    const attempt = guard.attempt(lagos, ada, async () => {
      looked = true;
      return 'ada';
    });
    await expect(attempt).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      message: 'Too many failed sign-ins for this email address: try again in 15 minutes.',
    });
    expect(looked).toBe(false);
  });

  it('says in how many minutes, and lets the next one through when they are over', async () => {
    const { guard, forward } = guarded();
    await failTimes(guard, 4);
    forward(13 * minuteMs);
    await failTimes(guard, 6);
    await expect(guard.attempt(lagos, ada, right)).rejects.toThrow('try again in 2 minutes');
    forward(2 * minuteMs - 1);
    await expect(guard.attempt(lagos, ada, right)).rejects.toThrow('try again in 1 minute.');
    forward(1);
    expect(await guard.attempt(lagos, ada, right)).toBe('ada');
  });

  it('does not hold refused attempts against anybody', async () => {
    const { guard, forward } = guarded();
    await failTimes(guard, 10);
    forward(14 * minuteMs);
    for (let round = 0; round < 20; round += 1) {
      await expect(guard.attempt(lagos, ada, wrong)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    }
    forward(minuteMs);
    expect(await guard.attempt(lagos, ada, right)).toBe('ada');
  });

  it('forgets what was wrong once it is right', async () => {
    const { guard } = guarded();
    await failTimes(guard, 9);
    expect(await guard.attempt(lagos, ada, right)).toBe('ada');
    await failTimes(guard, 10);
    await expect(guard.attempt(lagos, ada, right)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('counts each address of each market by itself', async () => {
    const { guard } = guarded();
    await failTimes(guard, 10);
    await failTimes(guard, 10, nairobi);
    await failTimes(guard, 10, lagos, 'bola@runam.test');
    await expect(guard.attempt(nairobi, ada, right)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await guard.attempt(nairobi, 'bola@runam.test', right)).toBe('ada');
  });

  it('lets ten of a hundred attempts through that come at once', async () => {
    const { guard } = guarded();
    let looks = 0;
    let answer: () => void = () => {};
    const slow = new Promise<undefined>((resolve) => (answer = () => resolve(undefined)));
    const attempts = Array.from({ length: 100 }, () =>
      guard.attempt(lagos, ada, () => {
        looks += 1;
        return slow;
      }),
    );
    answer();
    const outcomes = await Promise.allSettled(attempts);
    expect([looks, outcomes.filter(({ status }) => status === 'rejected').length]).toEqual([10, 90]);
  });

  it('does not count an attempt that could not be looked at', async () => {
    const { guard } = guarded();
    for (let round = 0; round < 30; round += 1) {
      const away = guard.attempt(lagos, ada, () => Promise.reject(new Error('the database is away')));
      await expect(away).rejects.toThrow('the database is away');
    }
    await failTimes(guard, 10);
    await expect(guard.attempt(lagos, ada, right)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('remembers so many addresses and no more, forgetting the one longest left alone', async () => {
    const { guard } = guarded({ accountsMax: 3, failuresMax: 1 });
    for (const name of ['a', 'b', 'c', 'd']) await failTimes(guard, 1, lagos, name);
    await expect(guard.attempt(lagos, 'b', right)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await guard.attempt(lagos, 'a', right)).toBe('ada');
  });
});
