import { createEngine } from '../cache.js';
import type { CacheOptions } from '../cache.js';
import type { Engine, PutRequest } from '../direct.js';
import { createObservers } from '../observers.js';
import type { Store } from '../store.js';
import type { Cache, CacheHealth, ReadRequest } from '../types.js';
import { createAliasCounts } from './alias-counts.js';
import type { CacheControl } from './control.js';
import { checkNumber, ttlMsMax } from './entry-options.js';
import { InvalidCacheOption, UnknownAlias } from './faults.js';
import { createOwed } from './owed.js';
import { scopesOf } from './scopes.js';
import { createSetControl } from './set-control.js';

export interface AliasOptions {
  /** How long its entries live when a read of the library face does not say, milliseconds. Default 300,000. */
  readonly ttlMs?: number;
  /** Of its own. Aliases that name the same one, or none, share one engine. Default: the store of the set. */
  readonly store?: Store;
  /** Longer values are stored compressed, bytes in wire format. Default: what the set says. */
  readonly compressAboveBytes?: number;
}

export interface CacheSetOptions extends Omit<CacheOptions, 'replay'> {
  /** By name: letters, digits, `_` and `-`. `default` is always there. */
  readonly aliases?: Readonly<Record<string, AliasOptions>>;
  /** Where entries of a type stand that is read without naming an alias. Types not named: `default`. */
  readonly typeAliases?: Readonly<Record<string, string>>;
  /**
   * As for one cache, for the one store that has come back: bumps, through `target`, whatever was not bumped for certain
   * on every store, and forgets none of it, because `target` is one store of several.
   */
  readonly replay?: (target: Pick<Cache, 'bump'>) => Promise<void>;
}

/** One alias of a set. */
export interface AliasMember {
  readonly name: string;
  readonly engine: Engine;
  readonly ttlMs: number;
  readonly compressAboveBytes: number | undefined;
}

/**
 * Several caches that are one to those who read and write. Reads go to the store of their alias. Whatever makes entries
 * invalid goes to every store and succeeds only when all of them have it, because entries with a tag may stand in any.
 */
export interface CacheSet extends Cache {
  readonly aliases: ReadonlyMap<string, AliasMember>;
  /** One for each store; what is left open in one is ended there. */
  readonly engines: readonly Engine[];
  readonly control: CacheControl;
  /** @throws UnknownAlias */
  alias(name: string): AliasMember;
  /** As `Engine.put`, in the store of the request's alias. */
  put: Engine['put'];
}

const ttlMsDefault = 300_000;

/** Caches by alias. With one store it is one engine, and a read or a bump is one round trip as without aliases. */
export function createCacheSet(options: CacheSetOptions): CacheSet {
  const members = membersOf(options);
  const engines = [...new Set([...members.values()].map(({ engine }) => engine))];
  const everywhere = createFanOut(engines);
  const observers = createObservers();
  for (const engine of engines) engine.on(observers.emit);
  const alias = (name: string): AliasMember => {
    const member = members.get(name);
    if (!member) throw new UnknownAlias(name, [...members.keys()]);
    return member;
  };
  const memberOf = ({ alias: name, type }: PutRequest<never>): AliasMember =>
    alias(name ?? options.typeAliases?.[type] ?? 'default');
  const counts = createAliasCounts(observers, [...members.keys()], options.typeAliases ?? {});
  const set: Omit<CacheSet, 'control'> = {
    aliases: members,
    engines,
    alias,
    async read<V>(request: ReadRequest<V>) {
      const member = memberOf(request as PutRequest<never>);
      return member.engine.read(placed(member, request));
    },
    async put(request, since, value) {
      const member = memberOf(request as PutRequest<never>);
      return member.engine.put(placed(member, request), since, value);
    },
    async explain(request) {
      const member = memberOf(request);
      return member.engine.explain(placed(member, request));
    },
    ...everywhere,
    on: observers.add,
    // A floor in the words of one store sends reads of the others to their load, which is never older.
    position: () => alias('default').engine.position(),
    stats: counts.stats,
    health: async () => worstOf(await Promise.all(engines.map((engine) => engine.health()))),
    close: async () => void (await Promise.all(engines.map((engine) => engine.close()))),
  };
  return { ...set, control: createSetControl(set, counts.aliases) };
}

/** The request as its alias keeps it: under keys of its own, with the scopes it is cleared by. */
function placed<R extends PutRequest<never>>({ name, compressAboveBytes }: AliasMember, request: R): R {
  const { type, tenant, scopes = [] } = request;
  const packing = request.compressAboveBytes ?? compressAboveBytes;
  return {
    ...request,
    alias: name,
    scopes: [...scopesOf(name, type, tenant), ...scopes],
    ...(packing === undefined ? {} : { compressAboveBytes: packing }),
  };
}

/** One engine a store, whatever the number of aliases on it. */
function membersOf(options: CacheSetOptions): ReadonlyMap<string, AliasMember> {
  const { aliases = {}, typeAliases: _, replay, ...engineOptions } = options;
  const engines = new Map<Store, Engine>();
  const engineOf = (store: Store): Engine => {
    const known = engines.get(store);
    if (known) return known;
    const engine = createMember({ ...engineOptions, store }, replay);
    engines.set(store, engine);
    return engine;
  };
  for (const [name, alias] of Object.entries(aliases)) checkAlias(name, alias);
  const named = { default: {}, ...aliases } satisfies Record<string, AliasOptions>;
  return new Map(
    Object.entries<AliasOptions>(named).map(([name, { ttlMs = ttlMsDefault, store, compressAboveBytes }]) => [
      name,
      { name, engine: engineOf(store ?? options.store), ttlMs, compressAboveBytes },
    ]),
  );
}

function checkAlias(name: string, { ttlMs, compressAboveBytes }: AliasOptions): void {
  if (!/^[\w-]{1,40}$/.test(name))
    throw new InvalidCacheOption('aliases', name, 'names of 1 to 40 letters, digits, _ and -');
  if (ttlMs !== undefined) checkNumber(`aliases.${name}.ttlMs`, ttlMs, 0, ttlMsMax, 'milliseconds');
  if (compressAboveBytes !== undefined)
    checkNumber(`aliases.${name}.compressAboveBytes`, compressAboveBytes, 0, Number.POSITIVE_INFINITY, 'bytes');
}

/** Bumps that failed are made again by this process before its hits resume, whether there is an outbox or not. */
function createMember(options: CacheOptions, replay: CacheSetOptions['replay']): Engine {
  const owed = createOwed();
  const engine: Engine = createEngine({
    ...options,
    async replay() {
      await owed.pay(engine);
      await replay?.(engine);
    },
  });
  return { ...engine, bump: (tags) => owed.until(tags, () => engine.bump(tags)) };
}

/** Every command to every engine. It fails when one of them failed, after all have answered, so that none is left unasked. */
function createFanOut(engines: readonly Engine[]) {
  const all = async <T>(command: (engine: Engine) => Promise<T>): Promise<readonly T[]> => {
    const [only, ...others] = engines;
    if (only && others.length === 0) return [await command(only)];
    const results = await Promise.allSettled(engines.map(command));
    return results.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  };
  return {
    bump: async (tags) => void (await all((engine) => engine.bump(tags))),
    begin: async (token, tags) => void (await all((engine) => engine.begin(token, tags))),
    end: async (token, outcome, tags) =>
      (await all((engine) => engine.end(token, outcome, tags))).some((wasOpen) => wasOpen),
    async openIntents(olderThanMs, limit) {
      const found = (await all((engine) => engine.openIntents(olderThanMs, limit))).flat();
      // A write is announced under one name everywhere; its age is that of the oldest announcement.
      const oldestFirst = found.toSorted((a, b) => b.ageMs - a.ageMs);
      return [...new Map(oldestFirst.toReversed().map((intent) => [intent.token, intent])).values()]
        .toSorted((a, b) => b.ageMs - a.ageMs)
        .slice(0, limit);
    },
    clearAll: async () => void (await all((engine) => engine.clearAll())),
  } satisfies Pick<Cache, 'bump' | 'begin' | 'end' | 'openIntents' | 'clearAll'>;
}

const states = ['ready', 'quarantine', 'lost'] as const;

/** Of several stores: as bad as the worst, as slow as the slowest. */
export function worstOf(healths: readonly CacheHealth[]): CacheHealth {
  const [worst] = healths.toSorted((a, b) => states.indexOf(b.state) - states.indexOf(a.state));
  if (!worst) throw new Error('a set of caches has at least one store');
  return { ...worst, ok: healths.every(({ ok }) => ok), latencyMs: Math.max(...healths.map((one) => one.latencyMs)) };
}
