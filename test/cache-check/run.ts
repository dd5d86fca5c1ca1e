import { setTimeout as pause } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { createRandom } from '../../src/seed/random.js';
import { createFaults, type FaultCounts } from './faults.js';
import { createAnswered } from './load/answered.js';
import { readSomething } from './load/reads.js';
import { signUpPlayers, type Hand, type World } from './load/world.js';
import { writeSomething } from './load/writes.js';
import type { CheckOptions, FaultOptions } from './options.js';
import { areReady, startFleet, type Slot } from './stage/fleet.js';
import { startRedisProxy, type RedisProxy } from './stage/proxy.js';
import type { Stage, Stops } from './stage/stage.js';
import type { Shape } from './shape.js';
import type { Variant } from './variants.js';
import { createTally, tiers, type Tally } from './verdict/tally.js';
import { openTruth } from './verdict/truth.js';

export interface RunOptions {
  readonly stage: Stage;
  readonly variant: Variant;
  readonly processes: number;
  readonly seconds: number;
  readonly seed: number;
  readonly faults: FaultOptions;
  readonly onRedisLoss: CheckOptions['onRedisLoss'];
  readonly shape: Shape;
  /** Asked before each request. @param seconds since the load began */
  readonly goesOn: (tally: Tally, faults: FaultCounts, seconds: number) => boolean;
  readonly stops: Stops;
}

export interface RunResult {
  readonly tally: Tally;
  readonly faults: FaultCounts;
  /** How long the load lasted. */
  readonly seconds: number;
}

const players = { customers: 4, runners: 3 };
const areas = ['Yaba', 'Lekki'];

/** One load on one variant of the cache, with servers, a database and a Redis of its own, all of which are gone afterwards. */
export async function runVariant(options: RunOptions): Promise<RunResult> {
  const stops: Stops = [];
  const stopAll = createStopAll(stops);
  options.stops.push(stopAll);
  try {
    return await run(options, stops);
  } finally {
    await stopAll();
  }
}

async function run(options: RunOptions, stops: Stops): Promise<RunResult> {
  const { stage, processes, seconds, seed, shape } = options;
  const random = createRandom(seed);
  const [databaseUrl, redis] = await Promise.all([stage.createDatabase(), stage.startRedis()]);
  stops.push(() => redis.stop());
  const truth = await openTruth(databaseUrl, shape.slowCommits);
  stops.push(() => truth.close());
  const faults = createFaults({ faults: options.faults, shape, redis, random, seconds });
  const slots: Slot[] = [];
  const proxies: RedisProxy[] = [];
  for (let index = 0; index < processes; index += 1) {
    const chance = (): number => random.int(0, 999_999) / 1_000_000;
    const proxy = await startRedisProxy({
      targetPort: redis.port,
      chance,
      onStep: (step) => faults.atStep(slots[index], step),
    });
    stops.push(() => proxy.close());
    proxies.push(proxy);
  }
  const secret = randomBytes(32).toString('base64url');
  const fleet = await startFleet(proxies.map(({ port }) => envOf({ ...options, databaseUrl, port, secret })));
  stops.push(() => fleet.stop());
  await areReady(fleet);
  const { url } = fleet.slots[0] as Slot;
  const customers = await signUpPlayers(url, 'CUSTOMER', players.customers);
  const runners = await signUpPlayers(url, 'RUNNER', players.runners);
  // From here on the steps of writes are the load's.
  slots.push(...fleet.slots);
  const isLoose = options.onRedisLoss === 'commit' && options.faults.partition;
  const tally = createTally({ strict: isLoose ? 'A' : 'G', acked: 'A' });
  let count = 0;
  const next = (): number => (count += 1);
  const shared = { shape, slots, truth, tally, customers, runners, areas, next };
  const world: World = { ...shared, answered: createAnswered(), stories: [], spotlight: [] };
  const startedMs = performance.now();
  const hits = (): number => Math.min(...tiers.map((tier) => tally.tiers[tier].hits));
  const acting = faults.run({ slots, proxies, hits });
  stops.push(() => acting.stop());
  const goesOn = (): boolean => options.goesOn(tally, faults.counts, (performance.now() - startedMs) / 1000);
  await Promise.race([load(options, world, goesOn), fleet.failed]);
  await acting.stop();
  return { tally, faults: faults.counts, seconds: (performance.now() - startedMs) / 1000 };
}

interface EnvOptions extends Pick<RunOptions, 'variant' | 'shape' | 'onRedisLoss'> {
  readonly databaseUrl: string;
  readonly port: number;
  readonly secret: string;
}

function envOf(options: EnvOptions): Readonly<Record<string, string>> {
  const { variant, databaseUrl, port, secret, shape, onRedisLoss } = options;
  return {
    NODE_ENV: 'test',
    LOG_LEVEL: 'warn',
    JWT_SECRET: secret,
    ACCESS_TOKEN_TTL: '86400',
    RATE_LIMIT_PER_MINUTE: '0',
    SEED_DEMO: 'false',
    DATABASE_URL: databaseUrl,
    REDIS_URL: `redis://127.0.0.1:${port}`,
    CACHE_ON_REDIS_LOSS: onRedisLoss,
    CACHE_QUARANTINE_MS: String(shape.quarantineMs),
    CACHE_CHECK_VARIANT: variant,
    CACHE_CHECK_LOAD_MS_MAX: String(shape.loadMsMax),
  };
}

/** Readers and writers, each with one request under way. */
async function load({ seed, shape }: RunOptions, world: World, goesOn: () => boolean): Promise<void> {
  const handOf = (index: number): Hand => ({ world, random: createRandom(seed + index * 7919) });
  const readers = Array.from({ length: shape.readers }, async (_, index) => {
    const hand = handOf(index);
    while (goesOn()) await readSomething(hand);
  });
  const pace = createPace(shape.writesPerSecondMax);
  const writers = Array.from({ length: shape.writers }, async (_, index) => {
    const hand = handOf(1000 + index);
    while (goesOn()) {
      await pace();
      await writeSomething(hand, index);
    }
  });
  await Promise.all([...readers, ...writers]);
}

/** Lets so many pass in a second, evenly. */
function createPace(perSecond: number): () => Promise<void> {
  let nextMs = 0;
  return async () => {
    const nowMs = performance.now();
    nextMs = Math.max(nowMs, nextMs + 1000 / perSecond);
    if (nextMs > nowMs) await pause(nextMs - nowMs);
  };
}

/** Newest first, once, and all of them whatever happens to one. */
export function createStopAll(stops: Stops): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  return () =>
    (stopping ??= (async () => {
      for (const stop of stops.toReversed()) {
        await stop().catch((error: unknown) => process.stderr.write(`a part did not stop cleanly: ${String(error)}\n`));
      }
    })());
}
