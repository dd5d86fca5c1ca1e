import type { EntryOptions } from './entry-options.js';

export interface CachedOptions<Args extends readonly unknown[], V> extends Omit<EntryOptions<V>, 'tags' | 'type'> {
  /** The first part of the key and the type in statistics. One function a name, in all programs on the store. Default: the function's. */
  readonly name?: string;
  /** The whole key; calls that give the same one ask the same. Default: the name and the arguments in canonical form. */
  readonly key?: (...args: Args) => string;
  readonly tags?: readonly string[] | ((...args: Args) => readonly string[]);
}

/** A function answered from the cache. Rejects only with what the function threw, or InvalidCacheKey. */
export interface CachedFunction<Args extends readonly unknown[], V> {
  (...args: Args): Promise<V>;
  /** The key of this call, as `delete` and `keys` of the handle know it. @throws InvalidCacheKey */
  key(...args: Args): string;
  /** Makes the answer to this call invalid everywhere. @throws CacheUnavailable */
  invalidate(...args: Args): Promise<void>;
  /** The same for all calls this handle can reach. @throws CacheUnavailable */
  invalidateAll(): Promise<void>;
  /** Runs the function now, whatever is stored, and keeps what it gives. */
  refresh(...args: Args): Promise<V>;
}
