import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Random } from '../../src/seed/random.js';
import type { RedisProcess } from '../support/redis.js';
import type { FaultOptions } from './options.js';
import type { Shape } from './shape.js';
import type { Slot } from './stage/fleet.js';
import type { RedisProxy, Verdict } from './stage/proxy.js';
import type { WriteStep } from './stage/resp.js';

/** How often what was done to the servers and to Redis. */
export interface FaultCounts {
  crashes: number;
  flushes: number;
  redisRestarts: number;
  stalls: number;
  partitions: number;
  /** Steps of writes that passed on their way to Redis: announcements, and ends of committed writes. */
  announced: number;
  ended: number;
}

export interface Faults {
  readonly counts: FaultCounts;
  /** Asked for every step of a write before Redis gets it; does what is due at this very point. */
  atStep(slot: Slot | undefined, step: WriteStep): Verdict;
  /** Does all that was asked for, again and again, until it is stopped; then everything is whole again. */
  run(on: Targets): { stop(): Promise<void> };
}

export interface Targets {
  readonly slots: readonly Slot[];
  readonly proxies: readonly RedisProxy[];
  /** Of the tier that has had the fewest. */
  readonly hits: () => number;
}

export interface FaultsOptions {
  readonly faults: FaultOptions;
  readonly shape: Shape;
  readonly redis: RedisProcess;
  readonly random: Random;
  readonly seconds: number;
}

/** A fault aimed at one point of a write, to be done by whichever write gets there next. */
type Aim = 'stall' | 'flush';

export function createFaults(options: FaultsOptions): Faults {
  const { faults, shape, redis, random } = options;
  const counts: FaultCounts = {
    crashes: 0,
    flushes: 0,
    redisRestarts: 0,
    stalls: 0,
    partitions: 0,
    announced: 0,
    ended: 0,
  };
  const aims = new Set<Aim>();
  /** Each write of its own process once: those that end it for a dead one are spared. */
  const seen = new Set<string>();
  const stallMs = (): number => random.int(200, random.chance(50) ? 600 : 3000);
  const admin = createAdmin(redis);

  async function flush(): Promise<void> {
    if (await admin.flush()) counts.flushes += 1;
  }
  function stall(slot: Slot): number {
    const ms = stallMs();
    if (!slot.stall(ms)) return 0;
    counts.stalls += 1;
    return ms;
  }
  function atEnd(slot: Slot, token: string): Verdict {
    counts.ended += 1;
    const isFirst = token === '' || !seen.has(token);
    seen.add(token);
    if (slot.state !== 'up' || !isFirst) return 0;
    if (random.chance(faults.crashPercent)) {
      counts.crashes += 1;
      slot.kill();
      return 'die';
    }
    // Held back until the process goes on, as if it had not been sent.
    if (aims.delete('stall')) return stall(slot);
    const { percent, msMin, msMax } = shape.heldEnds;
    return random.chance(percent) ? random.int(msMin, msMax) : 0;
  }
  const loops = createLoops({ ...options, counts, aims, flush, stall, admin });
  return {
    counts,
    atStep(slot, { kind, token }) {
      if (!slot) return 0;
      if (kind === 'committed') return atEnd(slot, token);
      if (kind === 'begin') {
        counts.announced += 1;
        if (aims.delete('flush')) setTimeout(() => void flush(), flushAfterMs);
      }
      return 0;
    },
    run(on) {
      const over = new AbortController();
      const running = loops(on, over.signal);
      return {
        async stop() {
          over.abort();
          await Promise.all(running);
          admin.close();
        },
      };
    },
  };
}

/** After an announcement was passed on: it has arrived, and its COMMIT is still to come. */
const flushAfterMs = 3;

interface LoopDeps extends FaultsOptions {
  readonly counts: FaultCounts;
  readonly aims: Set<Aim>;
  readonly flush: () => Promise<void>;
  readonly stall: (slot: Slot) => number;
  readonly admin: Admin;
}

function createLoops(deps: LoopDeps) {
  const { faults, shape, random, seconds, aims, flush, stall } = deps;
  return ({ slots, proxies, hits }: Targets, over: AbortSignal): Promise<void>[] => {
    let hitsAtLast = 0;
    const wait: Wait = (msMin, msMax) => pauseUnless(over, random.int(msMin, msMax));
    const repeat = async (msMin: number, msMax: number, act: () => Promise<void>): Promise<void> => {
      while (!over.aborted) {
        await wait(msMin, msMax);
        if (!over.aborted) await act();
      }
    };
    const whenHit = (act: () => Promise<void>) => async (): Promise<void> => {
      while (!over.aborted && hits() - hitsAtLast < shape.hitsBetween) await wait(20, 20);
      if (!over.aborted) await act();
      hitsAtLast = hits();
    };
    const slice = (seconds * 1000) / 10;
    const [flushMsMin, flushMsMax] = shape.flushEveryMs;
    const loops: readonly [isAsked: boolean, msMin: number, msMax: number, act: () => Promise<void>][] = [
      [
        faults.flush,
        Math.min(flushMsMin, slice),
        Math.min(flushMsMax, 2 * slice),
        whenHit(async () => (random.chance(shape.flushesAimedPercent) ? void aims.add('flush') : flush())),
      ],
      [
        faults.stall,
        Math.min(500, slice),
        Math.min(2000, 2 * slice),
        async () => {
          if (random.chance(50)) aims.add('stall');
          else stall(random.pick(slots));
        },
      ],
      [
        faults.partition,
        Math.min(3000, 2 * slice),
        Math.min(6000, 3 * slice),
        whenHit(() => cutOff(deps, proxies, wait)),
      ],
      [faults.redisRestart, Math.min(6000, 3 * slice), Math.min(10_000, 4 * slice), whenHit(() => restart(deps, wait))],
      [
        faults.delayMsMax > 0,
        0,
        2000,
        async () => {
          // Processes differ: what one has long heard of is still on its way to another.
          for (const proxy of proxies) proxy.slow(Math.round(faults.delayMsMax * random.pick([0, 0.5, 1, 1])));
        },
      ],
    ];
    return loops.filter(([isAsked]) => isAsked).map(([, msMin, msMax, act]) => repeat(msMin, msMax, act));
  };
}

type Wait = (msMin: number, msMax: number) => Promise<void>;

async function cutOff(
  { random, seconds, counts }: LoopDeps,
  proxies: readonly RedisProxy[],
  wait: Wait,
): Promise<void> {
  const proxy = random.pick(proxies);
  proxy.cut(random.pick(['silent', 'refused']));
  counts.partitions += 1;
  await wait(300, Math.max(300, Math.min(3000, seconds * 300)));
  proxy.mend();
}

/** By turns from the dump of a while ago, and from nothing. A dump for the next time is taken before. */
async function restart({ redis, counts, admin }: LoopDeps, wait: Wait): Promise<void> {
  const dump = join(redis.directory, 'dump.rdb');
  const kept = join(redis.directory, 'kept.rdb');
  if (counts.redisRestarts % 2 === 0) {
    await admin.dump();
    await copyFile(dump, kept);
    await wait(300, 1500);
  }
  await redis.kill();
  if (counts.redisRestarts % 2 === 0) await copyFile(kept, dump);
  else await rm(dump, { force: true });
  counts.redisRestarts += 1;
  await wait(50, 800);
  await redis.restart();
}

interface Admin {
  /** @returns whether it was done */
  flush(): Promise<boolean>;
  dump(): Promise<void>;
  close(): void;
}

/** Past every proxy. While Redis is away it does nothing. */
function createAdmin(redis: RedisProcess): Admin {
  const client = new Redis(redis.url, { maxRetriesPerRequest: 0, retryStrategy: () => 50 });
  // Redis is killed again and again; what was to be done is not done then, and is not counted.
  client.on('error', () => undefined);
  return {
    flush: async () =>
      client.flushall().then(
        () => true,
        () => false,
      ),
    async dump() {
      while (client.status !== 'ready') await pause(20);
      await client.save();
    },
    close: () => client.disconnect(),
  };
}

async function pauseUnless(over: AbortSignal, ms: number): Promise<void> {
  await pause(ms, undefined, { signal: over }).catch((error: unknown) => {
    if (!over.aborted) throw error;
  });
}
