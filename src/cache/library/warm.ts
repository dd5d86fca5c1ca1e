import { checkNumber } from './entry-options.js';
import type { EntryOptions } from './entry-options.js';

/** One entry to have in the cache. */
export interface WarmEntry extends EntryOptions<unknown> {
  readonly key: string;
  readonly load: () => unknown;
}

export interface WarmOptions {
  /** How many load at once. Default 4, at most 64. */
  readonly concurrency?: number;
  /** Called after each entry. */
  readonly onProgress?: (progress: WarmProgress) => void;
  /** Load also what is there. Default false. */
  readonly refreshes?: boolean;
}

export interface WarmProgress {
  /** Those that failed included. */
  readonly done: number;
  readonly failed: number;
  /** Undefined while the entries are still being counted: they came from a generator. */
  readonly total: number | undefined;
  /** The entry just done. */
  readonly key: string;
}

export interface WarmResult {
  readonly done: number;
  readonly failures: readonly { readonly key: string; readonly error: unknown }[];
}

/** What of a handle is needed. */
interface Warmed {
  getOrSet(key: string, load: () => unknown, options: EntryOptions<unknown>): Promise<unknown>;
  refresh(key: string, load: () => unknown, options: EntryOptions<unknown>): Promise<unknown>;
}

/** Bounded, in the order given; entries are taken from a generator as they are needed. */
export async function warm(
  handle: Warmed,
  entries: Iterable<WarmEntry> | AsyncIterable<WarmEntry>,
  { concurrency = 4, onProgress, refreshes = false }: WarmOptions,
): Promise<WarmResult> {
  checkNumber('concurrency', concurrency, 1, 64, 'loads at once');
  const failures: { key: string; error: unknown }[] = [];
  const total = Array.isArray(entries) ? entries.length : undefined;
  const next = turnsOf(entries);
  let done = 0;
  const work = async (): Promise<void> => {
    for (let entry = await next(); entry; entry = await next()) {
      const { key, load, ...options } = entry;
      try {
        await (refreshes ? handle.refresh(key, load, options) : handle.getOrSet(key, load, options));
      } catch (error) {
        failures.push({ key, error });
      }
      done += 1;
      onProgress?.({ done, failed: failures.length, total, key });
    }
  };
  await Promise.all(Array.from({ length: Math.floor(concurrency) }, work));
  return { done, failures };
}

/** One caller at a time gets the next: a generator cannot be asked twice at once. */
function turnsOf<T>(items: Iterable<T> | AsyncIterable<T>): () => Promise<T | undefined> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const mine = last.then(async () => {
      const { done, value } = await iterator.next();
      return done ? undefined : (value as T);
    });
    last = mine;
    return mine;
  };
}
