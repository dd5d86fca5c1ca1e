import type { Breaker } from './breaker.js';
import type { Codec } from './codec.js';
import { sealEntry } from './entry.js';
import type { Fence } from './fence.js';
import { EntryRefused } from './store.js';
import type { EntryInfo, Store } from './store.js';
import type { Cache, CacheEvent, ReadRequest } from './types.js';
import { missingFrom } from './validity.js';
import { beginVisit, entryPrefix } from './visit.js';
import type { TagHints } from './visit.js';

/**
 * A point in the logical time of a store, from `moment`. What is computed after it was taken has seen every bump up to it.
 * Means nothing to another store, and nothing any more when the store was cleared or lost its state.
 */
export interface Moment {
  /** Undefined: the store could not be asked, or what is loaded now may not be kept. */
  readonly generation: string | undefined;
  readonly seq: number;
  /** Wall-clock milliseconds. */
  readonly atMs: number;
}

/** What an entry is stored under: a read that asks with the same finds it. */
export type PutRequest<V> = Omit<ReadRequest<V>, 'load' | 'isPeek'>;

/** What is done to a store past the read path. Nothing here can make a value visible that a read may not show. */
export interface Direct {
  /** Reads the clock of the store, one round trip. Never rejects. */
  moment(): Promise<Moment>;
  /**
   * Keeps `value`, which was computed after `since` was taken. It is an entry like any other: shown only while none of its
   * tags has been bumped after `since`, so a value that a write has overtaken is never shown, however late it is put.
   * @returns whether the store took it @throws never for trouble with the store
   */
  put<V>(request: PutRequest<V>, since: Moment, value: V): Promise<boolean>;
  /** Names of entries that match, without what `entryPrefix` puts in front. @throws CacheUnavailable */
  scan(alias: string | undefined, pattern: string, limit: number): Promise<readonly string[]>;
  inspect(alias: string | undefined, keys: readonly string[]): Promise<readonly EntryInfo[]>;
  /**
   * Removes entries from the store. Copies that a process keeps nearer are bound by `nearTag`, which the caller bumps
   * afterwards. @returns how many there were @throws CacheUnavailable
   */
  unlink(alias: string | undefined, keys: readonly string[]): Promise<number>;
}

/**
 * Binds copies of entries that a process keeps nearer than the store, not the entries themselves: a copy taken by a look at
 * logical time `s` may be shown while this tag is not above `s`. Bumped after entries were removed from the store.
 */
export const nearTag = 'near:copies';

export interface DirectDeps {
  readonly store: Store;
  readonly breaker: Breaker;
  readonly fence: Fence;
  readonly codec: Codec;
  readonly hints: TagHints;
  readonly emit: (event: CacheEvent) => void;
  readonly now: () => number;
  readonly prefix: string;
  readonly entryLengthMax: number;
  readonly compressAboveBytes: number;
}

/** The cache and what the library face needs beyond it. */
export interface Engine extends Cache, Direct {}

export function createDirect(deps: DirectDeps): Direct {
  const { store, breaker, prefix } = deps;
  const named = (alias: string | undefined, keys: readonly string[]): readonly string[] =>
    keys.map((key) => entryPrefix(prefix, alias) + key);
  const unnamed = (alias: string | undefined, entryKey: string): string =>
    entryKey.slice(entryPrefix(prefix, alias).length);
  const isNull = store.kind === 'null';
  const run = async <T>(command: () => Promise<T>): Promise<T> => {
    if (!breaker.isReady()) await breaker.opened;
    return breaker.run(command);
  };
  return {
    moment: () => takeMoment(deps),
    put: (request, since, value) => put(deps, request as PutRequest<unknown>, since, value),
    async scan(alias, pattern, limit) {
      if (isNull) return [];
      const found = await run(() => store.scan(globLiteral(entryPrefix(prefix, alias)) + pattern, limit));
      return found.map((entryKey) => unnamed(alias, entryKey));
    },
    async inspect(alias, keys) {
      if (isNull) return [];
      const infos = await run(() => store.inspect(named(alias, keys)));
      return infos.map((info) => ({ ...info, key: unnamed(alias, info.key) }));
    },
    unlink: async (alias, keys) => (isNull || keys.length === 0 ? 0 : run(() => store.unlink(named(alias, keys)))),
  };
}

/** `text` as a glob that matches it alone. */
export function globLiteral(text: string): string {
  return text.replaceAll(/[*?[\]\\^-]/g, String.raw`\$&`);
}

/** While hits are held back or writes of a lost state may be under way, a load may miss a write that no bump will tell of. */
async function takeMoment({ store, breaker, fence, now, prefix }: DirectDeps): Promise<Moment> {
  const atMs = now();
  if (!breaker.isReady()) await breaker.opened;
  const look =
    store.kind === 'null'
      ? undefined
      : await breaker.run(() => store.look(entryPrefix(prefix, undefined), [])).catch(() => undefined);
  if (!look) return { generation: undefined, seq: 0, atMs };
  if (look.generation === undefined) void breaker.regenerate();
  fence.noticed(look);
  return { generation: look.held || look.fenced ? undefined : look.generation, seq: look.seq, atMs };
}

async function put(
  deps: DirectDeps,
  request: PutRequest<unknown>,
  { generation, seq, atMs }: Moment,
  value: unknown,
): Promise<boolean> {
  const leftMs = request.ttlMs - Math.max(0, deps.now() - atMs);
  if (generation === undefined || value === undefined || !(leftMs > 0)) return false;
  const visit = beginVisit({ ...request, load: async () => value }, deps.prefix, 0);
  const tags = [...new Set([...visit.tags, ...(request.tagsFound?.(value) ?? [])])];
  const { type, tenant, identity } = request;
  const text = encoded(deps, request, value);
  if (text === undefined) return false;
  const packed = deps.codec.pack(text, request.compressAboveBytes ?? deps.compressAboveBytes);
  const entry = sealEntry({ generation, s0: seq, loadedAt: atMs, type, tenant, identity, tags, value: packed });
  if (entry.length > deps.entryLengthMax)
    return refused(deps, request, 'too-large', `${entry.length} characters, at most ${deps.entryLengthMax} are kept`);
  const found = missingFrom(visit.tags, tags);
  if (found.length > 0) deps.hints.set(visit.entryKey, found);
  try {
    await deps.breaker.run(() => deps.store.put(visit.entryKey, entry, leftMs));
    return true;
  } catch (error) {
    // Anything else is the loss of the store, which the breaker has announced.
    return error instanceof EntryRefused ? refused(deps, request, 'refused', error.message) : false;
  }
}

function encoded(deps: DirectDeps, request: PutRequest<unknown>, value: unknown): string | undefined {
  try {
    return deps.codec.encode(value);
  } catch (error) {
    refused(deps, request, 'unserializable', error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function refused(
  { emit }: DirectDeps,
  { type, key }: PutRequest<unknown>,
  why: 'unserializable' | 'too-large' | 'refused',
  detail: string,
): false {
  emit({ kind: 'not-stored', why, type, key, detail });
  return false;
}
