import type { Tier } from '../types.js';
import { InvalidCacheKey, InvalidCacheOption } from './faults.js';

/** How one entry is kept. */
export interface EntryOptions<V> {
  /** Milliseconds; 0: do not cache. Default: the alias's. */
  readonly ttlMs?: number;
  /** What the value is made of: `invalidate` of any of them makes the entry invalid. Of a tenant they are the tenant's own. */
  readonly tags?: readonly string[];
  /** Tags that only the value tells, such as one per row of a list. */
  readonly tagsFound?: (value: V) => readonly string[];
  /** Tags as other handles and programs spell them, in a tenant too. */
  readonly sharedTags?: readonly string[];
  /** Default `acked`. `strict` keeps its promise only if writers announce themselves: `begin` and `end` of the engine. */
  readonly tier?: Tier;
  /** The kind of value, for statistics and for clearing. An entry is only found by reads of its type. Default: the alias. */
  readonly type?: string;
  /** Longer values are stored compressed, bytes. Default: the alias's. */
  readonly compressAboveBytes?: number;
}

const names: ReadonlySet<string> = new Set<keyof EntryOptions<unknown>>([
  'ttlMs',
  'tags',
  'tagsFound',
  'sharedTags',
  'tier',
  'type',
  'compressAboveBytes',
]);
const tiers: ReadonlySet<unknown> = new Set<Tier>(['strict', 'acked', 'ttl']);
const yearMs = 31_536_000_000;

/** @throws InvalidCacheOption naming the option, what it got and what it takes. @param more names the caller takes besides */
export function checkEntryOptions(options: object, more: readonly string[] = []): void {
  const unknown = Object.keys(options).find((name) => !names.has(name) && !more.includes(name));
  if (unknown !== undefined)
    throw new InvalidCacheOption(
      unknown,
      (options as Record<string, unknown>)[unknown],
      `nothing: there is no such option; there are ${[...names, ...more].join(', ')}`,
    );
  const { ttlMs, tags, tagsFound, sharedTags, tier, type, compressAboveBytes } = options as EntryOptions<unknown>;
  if (ttlMs !== undefined) checkNumber('ttlMs', ttlMs, 0, yearMs, 'milliseconds');
  if (compressAboveBytes !== undefined && compressAboveBytes !== Number.POSITIVE_INFINITY)
    checkNumber('compressAboveBytes', compressAboveBytes, 0, 2 ** 40, 'bytes');
  if (tags !== undefined && typeof tags !== 'function') checkTags('tags', tags);
  if (sharedTags !== undefined) checkTags('sharedTags', sharedTags);
  if (tagsFound !== undefined && typeof tagsFound !== 'function')
    throw new InvalidCacheOption('tagsFound', tagsFound, 'a function from the value to tags');
  if (tier !== undefined && !tiers.has(tier))
    throw new InvalidCacheOption('tier', tier, `one of ${[...tiers].join(', ')}`);
  if (type !== undefined) checkName('type', type);
}

export function checkNumber(option: string, value: unknown, min: number, max: number, unit: string): void {
  if (typeof value !== 'number' || !(value >= min && value <= max))
    throw new InvalidCacheOption(option, value, `${unit} from ${min} to ${max}`);
}

export function checkName(option: string, value: unknown): void {
  if (typeof value !== 'string' || value === '' || value.length > 200)
    throw new InvalidCacheOption(option, value, 'a text of 1 to 200 characters');
}

export function checkTags(option: string, tags: unknown): void {
  const takes = 'a list of texts of 1 to 500 characters';
  if (!Array.isArray(tags)) throw new InvalidCacheOption(option, tags, takes);
  for (const tag of tags as readonly unknown[]) {
    if (typeof tag !== 'string' || tag === '' || tag.length > 500) throw new InvalidCacheOption(option, tag, takes);
  }
}

export function checkFunction(option: string, value: unknown, takes: string): void {
  if (typeof value !== 'function') throw new InvalidCacheOption(option, value, takes);
}

/** @throws InvalidCacheKey */
export function checkKey(key: unknown): void {
  if (typeof key !== 'string' || key === '' || key.length > 1000)
    throw new InvalidCacheKey(
      `key: got ${typeof key === 'string' ? `${key.length} characters` : typeof key}; takes a text of 1 to 1000 characters`,
    );
  if (key.startsWith('t:'))
    throw new InvalidCacheKey(`key: got "${key.slice(0, 40)}"; "t:" begins the keys of tenants, use tenant(id)`);
}
