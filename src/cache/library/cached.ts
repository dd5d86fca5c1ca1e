import type { AliasMember, CacheSet } from './cache-set.js';
import type { CachedFunction, CachedOptions } from './cached-function.js';
import { checkEntryOptions, checkFunction, checkName } from './entry-options.js';
import type { EntryOptions } from './entry-options.js';
import { InvalidCacheOption } from './faults.js';
import { questionOf } from './keys.js';
import type { Question } from './keys.js';

type Ask = <V>(key: string, load: () => Promise<V> | V, options: EntryOptions<V>, identity?: string) => Promise<V>;

export interface CachedDeps {
  readonly set: CacheSet;
  readonly member: AliasMember;
  readonly tenantId: string | undefined;
  /** Which function has which name, so that two never answer for each other. */
  readonly functions: Map<string, unknown>;
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
