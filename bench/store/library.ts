import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as library from '../../src/cache/index.js';
import type { Cache, ReadRequest, Store } from '../../src/cache/index.js';

export type Library = typeof library;

/** The cache as it was built. */
export async function loadLibrary(rootDir: string): Promise<Library> {
  return (await import(pathToFileURL(join(rootDir, 'dist', 'cache', 'index.js')).href)) as Library;
}

export interface OpenedCache {
  readonly store: Store;
  readonly cache: Cache;
}

export async function openCache(library: Library, store: Store): Promise<OpenedCache> {
  const cache = library.createCache({ store, prefix: 'bench', settleMs: 0 });
  while ((await cache.health()).state !== 'ready') await new Promise((resolve) => setTimeout(resolve, 5));
  return { store, cache };
}

/** One row with two tags of its own beside those every entry has. */
export function rowOf(index: number): ReadRequest<unknown> {
  const key = `errand:${index}`;
  return { type: 'errand', key, tags: [key, `errand_list:${index % 1000}`], tier: 'acked', ttlMs: 3_600_000, load };
}

async function load(): Promise<unknown> {
  return { title: 'Buy two bags of rice and bring them to Yaba', minor: 450_000n, postedAt: new Date(0) };
}

/** Runs `work` for 0 to `count` - 1, a few at a time. */
export async function many(count: number, work: (index: number) => Promise<unknown>, atOnce = 64): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

/** Milliseconds that each of `count` runs took, one after the other: the one in the middle. */
export async function medianMs(count: number, work: (index: number) => Promise<unknown>): Promise<number> {
  const taken = new Float64Array(count);
  for (let index = 0; index < count; index += 1) {
    const startedMs = performance.now();
    await work(index);
    taken[index] = performance.now() - startedMs;
  }
  return middleOf(taken);
}

export function middleOf(values: Float64Array | readonly number[]): number {
  return Float64Array.from(values).toSorted()[Math.floor(values.length / 2)] ?? Number.NaN;
}
