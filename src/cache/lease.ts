import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Breaker } from './breaker.js';
import type { Costs } from './costs.js';
import { leaseText } from './store.js';
import type { Lease, LeaseTerms, Seen, Store } from './store.js';
import type { Visit } from './visit.js';

export interface LeasingOptions {
  /** How long a fill is others' business too, milliseconds; 0: every process loads for itself. Default 5000. */
  readonly leaseMs?: number;
  /** How long a reader waits for the fills of other processes altogether, milliseconds. Default 2000. */
  readonly leaseWaitMsMax?: number;
  /** How time passes while waiting. Default: the monotonic clock and timers. */
  readonly timing?: Timing;
}

export interface Timing {
  /** Monotonic milliseconds. */
  nowMs(): number;
  pause(ms: number): Promise<void>;
}

/** What a fill holds while its load runs. */
export interface Hold {
  /** Never rejects. */
  release(): Promise<void>;
}

/** When, of `Timing`, those who wait together stop waiting: as early as the least patient of them wants. */
export interface Patience {
  endsAtMs: number;
  /** How often they look again because somebody has filled the entry meanwhile. */
  fillsLeft: number;
}

/**
 * One load for many processes. Guarantee: nothing here decides what may be shown. A wait is a pause before the next look,
 * which judges what it finds like any other; a lease lost, stolen or left behind changes only how many loads run.
 */
export interface Leasing {
  /** Of one read, whatever it waits for: its time begins with the first call. */
  patienceOf(visit: Visit): Patience;
  /**
   * Resolves when the load may begin; undefined: look again, because the fill of another process is over or, without
   * `patience`, because it is under way.
   */
  enter(visit: Visit, look: Seen, patience?: Patience): Promise<Hold | undefined>;
  /** Remembers whether a load of this key could be stored: nobody should wait for one that cannot. */
  learn(entryKey: string, isKept: boolean): void;
  readonly timing: Timing;
}

export interface LeasingDeps {
  readonly store: Store;
  readonly breaker: Breaker;
  readonly costs: Costs;
}

/** A few times what such a load takes; less than this is noise. */
const waitCostsMax = 5;
const waitMsMin = 100;
const pauseMsMin = 4;
const pauseMsMax = 32;
const fillsMax = 3;
const unkeptMax = 1000;

const systemTiming: Timing = {
  nowMs: () => performance.now(),
  pause: (ms) => delay(ms),
};
const noHold: Hold = { release: async () => {} };

export function createLeasing(deps: LeasingDeps, options: LeasingOptions): Leasing {
  const { leaseMs = 5000, leaseWaitMsMax = 2000, timing = systemTiming } = options;
  const patiences = new WeakMap<Visit, Patience>();
  const unkept = new LRUCache<string, true>({ max: unkeptMax });
  const boundOf = (type: string): number => {
    const costMs = deps.costs.of(type);
    return costMs === undefined ? leaseWaitMsMax : Math.min(leaseWaitMsMax, Math.max(waitMsMin, waitCostsMax * costMs));
  };
  return {
    timing,
    patienceOf(visit) {
      const known = patiences.get(visit);
      if (known) return known;
      const patience = { endsAtMs: timing.nowMs() + boundOf(visit.request.type), fillsLeft: fillsMax };
      patiences.set(visit, patience);
      return patience;
    },
    async enter(visit, look, patience) {
      const leastS0 = visit.request.tier === 'ttl' ? 0 : Math.max(0, ...look.tags.map(({ seq }) => seq));
      // A tag that cannot be read makes every entry invalid: there is nothing to wait for.
      if (leaseMs <= 0 || unkept.has(visit.entryKey) || !Number.isSafeInteger(leastS0)) return noHold;
      const lease = { generation: look.generation ?? '', s0: look.seq, token: randomUUID() };
      return claim(deps, visit.entryKey, lease, { leastS0, forMs: leaseMs, seen: look.stamp }, { timing, patience });
    },
    learn(entryKey, isKept) {
      if (isKept) unkept.delete(entryKey);
      else unkept.set(entryKey, true);
    },
  };
}

interface Waiting {
  readonly timing: Timing;
  readonly patience: Patience | undefined;
}

async function claim(
  deps: LeasingDeps,
  entryKey: string,
  lease: Lease,
  terms: LeaseTerms,
  { timing, patience }: Waiting,
): Promise<Hold | undefined> {
  const { leases } = deps.store;
  const ask = <T>(command: () => Promise<T>): Promise<T | 'lost'> =>
    deps.breaker.run(command).catch(() => 'lost' as const);
  const first = await ask(() => leases.claim(entryKey, lease, terms));
  if (first === 'lost') return noHold;
  if (first === leaseText(lease))
    return { release: async () => void (await ask(() => leases.release(entryKey, lease))) };
  if (!patience) return undefined;
  // Filled since the look: no need to wait, unless fills keep coming that do not help.
  if (first === '') {
    patience.fillsLeft -= 1;
    return patience.fillsLeft > 0 ? undefined : noHold;
  }
  return waitFor(first, patience, timing, () => ask(() => leases.standing(entryKey)));
}

/** Until the lease is another one or none, or patience is over; then whoever waited loads for itself. */
async function waitFor(
  standing: string,
  patience: Patience,
  timing: Timing,
  look: () => Promise<string | undefined>,
): Promise<Hold | undefined> {
  for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
    const leftMs = patience.endsAtMs - timing.nowMs();
    if (leftMs <= 0) return noHold;
    await timing.pause(Math.min(pauseMs, leftMs));
    if ((await look()) !== standing) return undefined;
  }
}
