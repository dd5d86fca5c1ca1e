import { checkEntryOptions, checkFunction, checkName } from './entry-options.js';
import type { EntryOptions } from './entry-options.js';
import { InvalidCacheOption } from './faults.js';
import type { ModelTags } from './cache-handle.js';
import type { HandleDeps } from './handle.js';
import { questionOf } from './keys.js';
import type { Question } from './keys.js';

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

type Ask = <V>(key: string, load: () => Promise<V> | V, options: EntryOptions<V>, identity?: string) => Promise<V>;

export interface CachedDeps extends Pick<HandleDeps<ModelTags>, 'set' | 'member' | 'tenantId' | 'functions'> {
  readonly ask: Ask;
  readonly renew: Ask;
  readonly spoilKey: (key: string) => Promise<void>;
}

export function createCached<Args extends readonly unknown[], V>(
  deps: CachedDeps,
  load: (...args: Args) => Promise<V> | V,
  options: CachedOptions<Args, V> = {},
): CachedFunction<Args, V> {
  checkFunction('load', load, 'the function to answer from the cache');
  const named = { name: load.name, ...options };
  checkCachedOptions(named);
  claimName(deps, named.name, load);
  const call = (args: Args): Question =>
    options.key ? givenQuestion(options.key(...args)) : questionOf(named.name, args);
  const run = (how: Ask, args: Args): Promise<V> => {
    const { key, identity } = call(args);
    return how(key, async () => load(...args), entryOptionsOf(named, args), identity);
  };
  const { set, tenantId, spoilKey } = deps;
  return Object.assign(async (...args: Args) => run(deps.ask, args), {
    key: (...args: Args) => call(args).key,
    invalidate: async (...args: Args) => spoilKey(call(args).key),
    invalidateAll: () =>
      set.control.clear(tenantId === undefined ? { type: named.name } : { type: named.name, tenant: tenantId }),
    refresh: async (...args: Args) => run(deps.renew, args),
  });
}

/** For one call. */
export function entryOptionsOf<Args extends readonly unknown[], V>(
  options: CachedOptions<Args, V> & { readonly name: string },
  args: Args,
): EntryOptions<V> {
  const { name, key: _, tags = [], ...rest } = options;
  return { ...rest, type: name, tags: typeof tags === 'function' ? tags(...args) : tags };
}

export function checkCachedOptions(options: object): void {
  checkEntryOptions(options, ['name', 'key', 'self']);
  checkName('name', 'name' in options ? options.name : undefined);
  if ('key' in options && options.key !== undefined)
    checkFunction('key', options.key, 'a function from the arguments to a key');
}

/** Who says the key says what is asked. */
export function givenQuestion(key: string): Question {
  return { key, identity: key };
}

/** Two functions of one name would be shown each other's answers. */
export function claimName(
  { functions, member }: Pick<CachedDeps, 'functions' | 'member'>,
  name: string,
  load: unknown,
): void {
  const place = `${member.name}:${name}`;
  const holder = functions.get(place);
  if (holder !== undefined && holder !== load)
    throw new InvalidCacheOption('name', name, 'a name that no other cached function of this cache has');
  functions.set(place, load);
}
