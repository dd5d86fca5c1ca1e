import { startRedis } from '../stage/redis.js';
import type { Stops } from '../stage/stops.type.js';
import { many, medianMs, middleOf, openCache, rowOf, type Library, type OpenedCache } from './library.js';

const sizes = [1_000, 10_000, 100_000, 1_000_000];
const rounds = 21;
const bumpsEach = 100;
const tagsEach = 5;

export interface InvalidationLine {
  readonly entries: number;
  /** Of one bump, from call to answer, in the median round. */
  readonly bumpMs: number;
  /** Of one bump after another, to the same number of bumps beside the fewest entries: median of the rounds. */
  readonly toSmallest: number;
}

/**
 * What a bump of five tags costs beside ever more cached entries. Each size has a Redis of its own, and they take turns, so
 * that what else the machine does hits all alike.
 */
export async function benchInvalidation(library: Library, stops: Stops): Promise<readonly InvalidationLine[]> {
  const stages: OpenedCache[] = [];
  for (const size of sizes) {
    console.log(`  Filling a Redis with ${size} entries …`);
    const redis = await startRedis();
    stops.push(() => redis.stop());
    const opened = await openCache(
      library,
      library.createRedisStore({ url: redis.url, prefix: 'bench', quarantineMs: 0 }),
    );
    stops.push(() => opened.cache.close());
    await many(size, (index) => opened.cache.read(rowOf(index)));
    stages.push(opened);
  }
  const measured: number[][] = sizes.map(() => []);
  for (let round = -1; round < rounds; round += 1) {
    for (const [stage, { cache }] of stages.entries()) {
      const size = sizes[stage] ?? 1;
      const ms = await medianMs(bumpsEach, (bump) => cache.bump(tagsOf(round * bumpsEach + bump, size)));
      // The first round warms up.
      if (round >= 0) measured[stage]?.push(ms);
    }
  }
  for (const [stage, { cache }] of stages.entries()) await assertSpoilt(cache, sizes[stage] ?? 1);
  return sizes.map((entries, stage) => ({
    entries,
    bumpMs: middleOf(measured[stage] ?? []),
    toSmallest: middleOf((measured[stage] ?? []).map((ms, round) => ms / (measured[0]?.[round] ?? Number.NaN))),
  }));
}

/** Rows all over the table. */
function tagsOf(bump: number, size: number): readonly string[] {
  return Array.from({ length: tagsEach }, (_, tag) => `errand:${Math.abs((bump * tagsEach + tag) * 7919) % size}`);
}

/** A bump that spoilt nothing would be cheap. */
async function assertSpoilt(cache: OpenedCache['cache'], size: number): Promise<void> {
  await cache.read(rowOf(size - 1));
  await cache.read(rowOf(size - 2));
  await cache.bump([`errand:${size - 1}`]);
  const [spoilt, kept] = [await cache.read(rowOf(size - 1)), await cache.read(rowOf(size - 2))];
  if (spoilt.outcome.kind !== 'miss' || kept.outcome.kind !== 'hit')
    throw new Error(`after a bump of one row: ${spoilt.outcome.kind} of it, ${kept.outcome.kind} of another`);
}
