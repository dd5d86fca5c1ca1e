import { afterEach, describe, expect, it, vi } from 'vitest';
import { CacheUnavailable } from '../../src/cache/index.js';
import type { Cache, OpenIntent } from '../../src/cache/index.js';
import { startReaper, type ReaperOptions } from '../../src/invalidation/index.js';
import { silentLogger, type Rounds } from '../../src/kernel/index.js';

const soon = { timeout: 45_000, interval: 1 };
let reaper: Rounds | undefined;
afterEach(() => reaper?.stop());

interface Told {
  readonly ended: (readonly string[])[];
  readonly logged: unknown[];
  rounds: number;
}

/** A reaper over writes that are open until they are ended. @param outcomes how the database says each of them went */
function reap(
  outcomes: Record<string, 'committed' | 'rolledBack' | 'running'>,
  more: Partial<ReaperOptions> = {},
): Told {
  const told: Told = { ended: [], logged: [], rounds: 0 };
  const open = new Map(Object.keys(outcomes).map((token) => [token, { token, ageMs: 1500 } satisfies OpenIntent]));
  reaper = startReaper({
    cache: {
      async openIntents(olderThanMs, limit) {
        told.rounds += 1;
        return [...open.values()].filter(({ ageMs }) => ageMs >= olderThanMs).slice(0, limit);
      },
      async end(token, outcome) {
        told.ended.push([token, outcome]);
        return open.delete(token);
      },
    },
    db: { outcomeOf: async (token) => outcomes[token] ?? 'running' },
    logger: { ...silentLogger, info: (facts) => void told.logged.push(facts) },
    everyMs: 1,
    olderThanMs: 1000,
    ...more,
  });
  return told;
}

describe('the reaper', () => {
  it('ends each write as the database says it went, says so once, and leaves one that still runs', async () => {
    const told = reap({ a: 'committed', b: 'running', c: 'rolledBack' });
    await vi.waitFor(() => expect(told.rounds).toBeGreaterThan(3), soon);
    expect(told.ended).toEqual([
      ['a', 'committed'],
      ['c', 'rolledBack'],
    ]);
    expect(told.logged).toEqual([
      { token: 'a', outcome: 'committed', ageMs: 1500 },
      { token: 'c', outcome: 'rolledBack', ageMs: 1500 },
    ]);
  });

  it('leaves young ones to the process that announced them', async () => {
    const told = reap({ a: 'committed' }, { olderThanMs: 2000 });
    await vi.waitFor(() => expect(told.rounds).toBeGreaterThan(3), soon);
    expect(told.ended).toEqual([]);
  });

  it('says nothing when another process was first', async () => {
    const end = async (): Promise<boolean> => false;
    const openIntents = vi.fn<Cache['openIntents']>(async () => [{ token: 'a', ageMs: 1500 }]);
    const told = reap({ a: 'committed' }, { cache: { openIntents, end } });
    await vi.waitFor(() => expect(openIntents.mock.calls.length).toBeGreaterThan(3), soon);
    expect(told.logged).toEqual([]);
  });

  it('looks at a bounded number in one round', async () => {
    const openIntents = vi.fn<Cache['openIntents']>(async () => []);
    reap({}, { cache: { openIntents, end: async () => true }, roundMax: 7 });
    await vi.waitFor(() => expect(openIntents).toHaveBeenCalledWith(1000, 7), soon);
  });

  it('goes on after a round in which the cache or the database was away', async () => {
    let calls = 0;
    const outcomeOf = async () => {
      calls += 1;
      if (calls < 3) throw new CacheUnavailable('away, on purpose');
      return 'committed' as const;
    };
    const told = reap({ a: 'committed' }, { db: { outcomeOf } });
    await vi.waitFor(() => expect(told.ended).toEqual([['a', 'committed']]), soon);
  });

  it('is still once stopped', async () => {
    const told = reap({ a: 'running' });
    await vi.waitFor(() => expect(told.rounds).toBeGreaterThan(1), soon);
    await reaper?.stop();
    const { rounds } = told;
    await new Promise((resolve) => setImmediate(resolve));
    expect(told.rounds).toBe(rounds);
  });
});
