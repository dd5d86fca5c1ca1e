import type { Moment } from '../direct.js';
import type { CachedFunction, CachedOptions } from './cached-function.js';
import type { StoredKey } from './control.js';
import type { EntryOptions } from './entry-options.js';
import type { WarmEntry, WarmOptions, WarmResult } from './warm.js';

/** What a row of each model spoils. */
export type ModelTags = Readonly<Record<string, (row: never) => readonly string[]>>;

/**
 * One alias of a cache, or one tenant's part of it. Trouble with the store is never an error of a read: it goes to its
 * load. Keys and tags are texts of the program's choice; a tenant's are its own, whoever else uses the same words.
 */
export interface CacheHandle<Models extends ModelTags = ModelTags> {
  readonly aliasName: string;
  readonly tenantId: string | undefined;
  /** The value under `key`; undefined is a miss, and `null`, `0`, `''` and `[]` are values. */
  get<V>(key: string, options?: Pick<EntryOptions<V>, 'tags' | 'tier' | 'type'>): Promise<V | undefined>;
  /**
   * The value under `key`, or else from `load`, which is run once for all who wait for it. Never older than the guarantee of
   * its tier. Rejects only with what `load` threw. `undefined` is not kept.
   */
  getOrSet<V>(key: string, load: () => Promise<V> | V, options?: EntryOptions<V>): Promise<V>;
  /** The logical time of the store, for `set`: to be taken before the value is computed or read. Never rejects. */
  now(): Promise<Moment>;
  /**
   * Keeps a value that was computed after `since` was taken. A value that an invalidation overtook meanwhile is kept and
   * never shown. @returns whether the store took it @throws InvalidCacheOption without `since`
   */
  set<V>(key: string, value: V, options: EntryOptions<V> & { readonly since: Moment }): Promise<boolean>;
  /** Runs `load` now, whatever is stored, and keeps what it gives. */
  refresh<V>(key: string, load: () => Promise<V> | V, options?: EntryOptions<V>): Promise<V>;
  /**
   * Makes the entry under `key` invalid everywhere, loads of it that are under way included, and removes it.
   * @throws CacheUnavailable when that is not certain; it is done then before hits of this process resume
   */
  delete(key: string): Promise<void>;
  /** Makes every entry with one of these tags invalid. @throws CacheUnavailable as `delete` does */
  invalidate(...tags: readonly string[]): Promise<void>;
  /** The same with the tags that the rows spoil, by `models`; give a row as it was before and after its change. */
  invalidateModel<M extends keyof Models & string>(
    model: M,
    ...rows: readonly Parameters<Models[M]>[0][]
  ): Promise<void>;
  /** Makes everything this handle can reach invalid: its alias, or its tenant's part of it. @throws CacheUnavailable */
  clear(): Promise<void>;
  /** Removes the entries whose key matches the glob. @returns how many @throws CacheUnavailable */
  clearPattern(pattern: string): Promise<number>;
  /** Up to `limit` keys that match, in no order. Default 100, at most 10,000. @throws CacheUnavailable */
  keys(pattern: string, limit?: number): Promise<readonly StoredKey[]>;
  /** Loads what is not there yet. What fails is told in the result and stops nothing. */
  warmUp(entries: Iterable<WarmEntry> | AsyncIterable<WarmEntry>, options?: WarmOptions): Promise<WarmResult>;
  /** `load` answered from the cache, by its arguments. */
  cached<Args extends readonly unknown[], V>(
    load: (...args: Args) => Promise<V> | V,
    options?: CachedOptions<Args, V>,
  ): CachedFunction<Args, V>;
  /**
   * Rendered text that differs by everything in `vary`, and belongs to `vary.tenant` if one is given. From the default alias
   * it stands in the alias `template`, if there is one.
   * @throws InvalidCacheOption when `render` gives something other than a text
   */
  fragment(
    name: string,
    vary: FragmentVary,
    render: () => Promise<string> | string,
    options?: EntryOptions<string>,
  ): Promise<string>;
  /** The same alias for one tenant. @throws InvalidCacheOption in a handle of another tenant */
  tenant(id: string): CacheHandle<Models>;
}

/** What a fragment differs by. Further properties count as well. */
export interface FragmentVary {
  readonly tenant?: string;
  readonly language?: string;
  readonly role?: string;
  readonly date?: string | Date;
  readonly [name: string]: unknown;
}
