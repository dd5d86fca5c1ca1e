import type { CacheHealth, CacheStats, Counts } from '../types.js';

/** What an operator is shown of one stored entry. */
export interface StoredKey {
  /** As the program named it: without prefix, and without the alias and tenant it is found under. */
  readonly key: string;
  readonly alias: string;
  /** Milliseconds until the store drops it. */
  readonly ttlMs: number;
  /** As stored. */
  readonly bytes: number;
}

/** Which entries: those of one alias, or tenant, or both. Neither: all. */
export interface KeyScope {
  readonly alias?: string;
  readonly tenant?: string;
}

/** Which entries are made invalid. What is named together is cut: an alias and a tenant is that tenant's in that alias. */
export interface ClearScope extends KeyScope {
  readonly type?: string;
  /** A bump of each: entries with any of them. */
  readonly tags?: readonly string[];
}

/**
 * What an operator may do to the caches of a process: one port behind REST, command line and GraphQL. Nothing here can
 * make an old value visible: it counts, looks, and makes entries invalid.
 */
export interface CacheControl {
  readonly aliases: readonly string[];
  /** Of this process since it started. */
  stats(): CacheStats & { readonly aliases: Readonly<Record<string, Counts>> };
  /** Per alias. Never rejects. */
  health(): Promise<Readonly<Record<string, CacheHealth>>>;
  /**
   * Up to `limit` entries whose key matches the glob `pattern` (`*`, `?`, `[abc]`, `\` before one of these), in no order.
   * @throws CacheUnavailable, UnknownAlias
   */
  keys(pattern: string, options: KeyScope & { readonly limit: number }): Promise<readonly StoredKey[]>;
  /** Makes entries invalid, in every process, by bumps. @throws CacheUnavailable, UnknownAlias, InvalidCacheOption */
  clear(scope: ClearScope): Promise<void>;
  /** Removes the entries whose key matches. @returns how many @throws CacheUnavailable, UnknownAlias */
  clearPattern(pattern: string, options?: KeyScope): Promise<number>;
  /** Makes every entry invalid. @throws CacheUnavailable */
  clearAll(): Promise<void>;
}
