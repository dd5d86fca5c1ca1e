import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger, startRounds, type Logger, type Rounds } from '../../src/kernel/index.js';
import { createOverdueRound, type TimerRound, type TimerService } from '../../src/modules/escrows/index.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const everyMs = 60_000;
const quiet: TimerRound = { fired: 0, skipped: 0, failed: 0 };
const full: TimerRound = { ...quiet, fired: 100 };

/** Rounds that go by a script, the last one for ever, and a count of them. */
function scripted(...script: (() => Promise<TimerRound>)[]) {
  let rounds = 0;
  const fireDue = (): Promise<TimerRound> => {
    rounds += 1;
    return script[Math.min(rounds, script.length) - 1]!();
  };
  return { rounds: () => rounds, timers: { fireDue } };
}

/** Rounds of the timers in this process. */
function start(timers: Pick<TimerService, 'fireDue'>, logger: Logger = silentLogger): Rounds {
  const work = createOverdueRound({ timers, logger });
  return startRounds({ work, everyMs, logger, failing: 'timers cannot fire now', mended: 'timers fire again' });
}

describe('timers', () => {
  it('go a round after every pause until they are stopped, and then no more', async () => {
    const { timers, rounds } = scripted(async () => quiet);
    const running = start(timers);
    await vi.advanceTimersByTimeAsync(everyMs - 1);
    expect(rounds()).toBe(0);
    await vi.advanceTimersByTimeAsync(4 * everyMs);
    expect(rounds()).toBe(4);
    await running.stop();
    await running.stop();
    await vi.advanceTimersByTimeAsync(10 * everyMs);
    expect(rounds()).toBe(4);
  });

  it('work off a backlog without pausing', async () => {
    const { timers, rounds } = scripted(
      async () => full,
      async () => full,
      async () => full,
      async () => quiet,
    );
    const running = start(timers);
    await vi.advanceTimersByTimeAsync(everyMs);
    expect(rounds()).toBe(4);
    await vi.advanceTimersByTimeAsync(everyMs);
    expect(rounds()).toBe(5);
    await running.stop();
  });

  it('wait on stopping for the round under way, and begin no other, backlog or not', async () => {
    let finish: (round: TimerRound) => void = () => {};
    const { timers, rounds } = scripted(() => new Promise((resolve) => (finish = resolve)));
    const running = start(timers);
    await vi.advanceTimersByTimeAsync(everyMs);
    let isStopped = false;
    const stopping = running.stop().then(() => (isStopped = true));
    await vi.advanceTimersByTimeAsync(everyMs);
    expect(isStopped).toBe(false);
    finish(full);
    await stopping;
    await vi.advanceTimersByTimeAsync(10 * everyMs);
    expect(rounds()).toBe(1);
  });

  it('try on when the database is away, and say so once when it goes and once when it is back', async () => {
    const said: string[] = [];
    const note = (_fields: object, message: string): void => void said.push(message);
    const logger: Logger = { debug: note, info: note, warn: note, error: note };
    const away = () => Promise.reject(new Error('connection refused'));
    const { timers } = scripted(away, away, away, async () => quiet);
    const running = start(timers, logger);
    await vi.advanceTimersByTimeAsync(6 * everyMs);
    await running.stop();
    expect(said).toEqual(['timers cannot fire now', 'timers fire again']);
  });
});
