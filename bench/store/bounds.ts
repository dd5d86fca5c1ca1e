import { Redis } from 'ioredis';
import { startRedis } from '../stage/redis.js';
import type { Stops } from '../stage/stops.type.js';
import { many, medianMs, openCache, rowOf, type Library } from './library.js';

const total = 1_000_000;
const step = 250_000;
const tagsMax = 100_000;

export interface MemoryLine {
  readonly keysRead: number;
  readonly entries: number;
  readonly entryBytes: number;
  readonly rssMb: number;
}

/** A million distinct keys and as many distinct tags through the store in the process, with its usual bounds. */
export async function benchMemory(library: Library): Promise<readonly MemoryLine[]> {
  const { store, cache } = await openCache(library, library.createMemoryStore());
  const lines: MemoryLine[] = [];
  for (let start = 0; start < total; start += step) {
    await many(step, async (index) => {
      await cache.read(rowOf(start + index));
      await cache.bump([`errand:${start + index}`]);
    });
    const entries = await store.inspect(await store.scan('*', total));
    const entryBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    const rssMb = Math.round(process.memoryUsage.rss() / 2 ** 20);
    lines.push({ keysRead: start + step, entries: entries.length, entryBytes, rssMb });
  }
  await cache.close();
  return lines;
}

export interface ControlLine {
  readonly writes: number;
  /** Everything in Redis but entries. */
  readonly controlKeys: number;
  readonly usedMb: number;
  readonly bumpMs: number;
  /** Of a validated hit. */
  readonly hitMs: number;
}

/** A million writes, each of a row of its own, with a hundred thousand tags remembered at most. */
export async function benchControlKeys(library: Library, stops: Stops): Promise<readonly ControlLine[]> {
  const redis = await startRedis();
  stops.push(() => redis.stop());
  const client = new Redis(redis.url);
  stops.push(async () => client.disconnect());
  const store = library.createRedisStore({ url: redis.url, prefix: 'bench', quarantineMs: 0, tagsMax });
  const { cache } = await openCache(library, store);
  stops.push(() => cache.close());
  const lines: ControlLine[] = [];
  for (let writes = 0; ; writes += step) {
    lines.push({
      writes,
      controlKeys: await client.dbsize(),
      usedMb: Math.round(Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]) / 2 ** 20),
      bumpMs: await medianMs(1000, (index) => cache.bump([`errand:hot:${index % 10}`])),
      hitMs: await medianMs(1000, () => cache.read(rowOf(total))),
    });
    if (writes >= total) return lines;
    await many(step, (index) => cache.bump([`errand:${writes + index}`]));
    await store.unlink(await store.scan('bench:e:*', 10));
  }
}
