import type { Breaker } from './breaker.js';
import type { Codec } from './codec.js';
import { openEntry } from './entry.js';
import type { Entry } from './entry.js';
import type { Fence } from './fence.js';
import type { FencedFlight, FencedFlights, Loaded } from './flights.js';
import type { Loader } from './loader.js';
import type { Look, Store, TagState } from './store.js';
import type { BypassReason, CacheEvent, MissReason, Outcome, ReadRequest, ReadResult } from './types.js';
import { mismatchOf, missingFrom, relevantTags, unmovedSince } from './validity.js';
import { beginVisit, outcomeOf } from './visit.js';
import type { TagHints, Visit } from './visit.js';

export interface ReadThroughDeps {
  readonly store: Store;
  readonly breaker: Breaker;
  readonly fence: Fence;
  readonly codec: Codec;
  readonly flights: FencedFlights;
  readonly loader: Loader;
  readonly hints: TagHints;
  readonly emit: (event: CacheEvent) => void;
  readonly now: () => number;
  readonly prefix: string;
}

/** How often a reader looks again after the load it joined turned out older than a bump it must see. */
const looksMax = 3;

/**
 * The read path. Guarantee: a read that begins after a bump of a tag has resolved, in whatever process, returns no value
 * whose load began before that bump, for every tag asked for or found in the value; and between an announced write and its
 * end, no value whose load began before this read did.
 */
export function createReadThrough(deps: ReadThroughDeps): <V>(request: ReadRequest<V>) => Promise<ReadResult<V>> {
  const { store, breaker, loader, emit, prefix } = deps;
  return async <V>(request: ReadRequest<V>) => {
    // The store and those who share a load know values only as unknown; `V` is what this request's `load` promises.
    const visit = beginVisit(request as ReadRequest<unknown>, prefix, loader.tick());
    const answer = await read(visit);
    const tagsOf = (): readonly string[] => [...visit.tags, ...(deps.hints.get(visit.entryKey) ?? [])];
    emit({ kind: 'read', outcome: answer.outcome, tagsOf });
    return answer as ReadResult<V>;
  };

  async function read(visit: Visit): Promise<Answer> {
    if (store.kind === 'null') return loadAlone(deps, visit, { kind: 'bypass', reason: 'disabled' });
    if (!(visit.request.ttlMs > 0)) return loadAlone(deps, visit, { kind: 'bypass', reason: 'ttl-zero' });
    if (!breaker.isReady()) await breaker.opened;
    if (visit.request.tier === 'strict' && breaker.mayForget()) return loadShared(deps, visit, 'unsafe-eviction');
    for (let looks = 0; looks < looksMax; looks++) {
      const answer = await lookOnce(deps, visit);
      if (answer) return answer;
    }
    return loadAlone(deps, visit, { kind: 'miss', reason: 'contended' });
  }
}

type Answer = ReadResult<unknown>;

/** Undefined: look again. */
async function lookOnce(deps: ReadThroughDeps, visit: Visit): Promise<Answer | undefined> {
  const { store, breaker, fence, hints, flights } = deps;
  const obeysTags = visit.request.tier !== 'ttl';
  const asked = obeysTags ? [...visit.tags, ...(hints.get(visit.entryKey) ?? [])] : visit.implied;
  const look = await ask(breaker, () => store.look(visit.entryKey, asked));
  if (!look) return loadShared(deps, visit, 'store-unavailable');
  const blocked = whyBlocked(look);
  if (look.generation === undefined) void breaker.regenerate();
  fence.noticed(look);
  if (blocked) return loadShared(deps, visit, blocked);

  const found = await judge(deps, visit, look, asked);
  if (found.kind === 'hit') return found.answer;
  if (found.kind === 'blocked') return loadShared(deps, visit, found.reason);
  if (visit.request.isPeek) return absent(visit, { kind: 'miss', reason: found.reason });
  const flight = flights.joinable(visit.flightName, look);
  return flight ? join(deps, visit, asked, flight) : fill(deps, visit, look, found.reason);
}

type Blocked = 'quarantine' | 'open-write';

/** Why this look answers nobody, whatever entry it found. */
export function whyBlocked(look: Look): Blocked | undefined {
  if (look.generation === undefined || look.held || look.fenced) return 'quarantine';
  return look.tags.some((tag) => tag.open > 0) ? 'open-write' : undefined;
}

type Found =
  | { readonly kind: 'hit'; readonly answer: Answer }
  | { readonly kind: 'miss'; readonly reason: MissReason }
  | { readonly kind: 'blocked'; readonly reason: 'open-write' | 'store-unavailable' };

async function judge(deps: ReadThroughDeps, visit: Visit, look: Look, asked: readonly string[]): Promise<Found> {
  if (look.entry === undefined) return { kind: 'miss', reason: 'cold' };
  const entry = readable(deps, visit, () => openEntry(look.entry ?? ''));
  if (!entry) return { kind: 'miss', reason: 'corrupt' };
  const nowMs = deps.now();
  const mismatch = mismatchOf(entry, visit, look, nowMs);
  if (mismatch) return { kind: 'miss', reason: mismatch };
  if (visit.request.tier !== 'ttl') {
    const states = await tagsOf(deps, visit, entry, look, asked);
    if (states === 'unavailable') return { kind: 'blocked', reason: 'store-unavailable' };
    if (states === 'forgotten') return { kind: 'miss', reason: 'generation' };
    if (states.some((tag) => tag.open > 0)) return { kind: 'blocked', reason: 'open-write' };
    if (!unmovedSince(entry.s0, states)) return { kind: 'miss', reason: 'stale-tag' };
  } else if (!unmovedSince(entry.s0, look.tags)) return { kind: 'miss', reason: 'stale-tag' };
  const decoded = readable(deps, visit, () => ({ value: deps.codec.decode(entry.value) }));
  if (!decoded) return { kind: 'miss', reason: 'corrupt' };
  const ageMs = Math.max(0, nowMs - entry.loadedAt);
  const outcome = outcomeOf(visit, { kind: 'hit', ageMs, ttlMs: visit.request.ttlMs - ageMs });
  return { kind: 'hit', answer: { value: decoded.value, outcome } };
}

/**
 * The states of all tags that bind `entry`; those nobody asked for cost a second round trip, once. Forgotten: the store lost
 * its state between the two, and with it what happened to those tags.
 */
async function tagsOf(
  { store, breaker, hints }: ReadThroughDeps,
  visit: Visit,
  entry: Entry,
  look: Look,
  asked: readonly string[],
): Promise<readonly TagState[] | 'unavailable' | 'forgotten'> {
  const { known, unknown } = relevantTags(entry.tags, visit, asked, look.tags);
  if (unknown.length === 0) return known;
  hints.set(visit.entryKey, missingFrom(visit.tags, entry.tags));
  const more = await ask(breaker, () => store.lookTags(unknown));
  if (!more) return 'unavailable';
  return more.generation === look.generation ? [...known, ...more.tags] : 'forgotten';
}

async function join(
  deps: ReadThroughDeps,
  visit: Visit,
  asked: readonly string[],
  flight: FencedFlight,
): Promise<Answer | undefined> {
  deps.loader.refuseOwnLoad(visit);
  const loaded = await flight.done;
  if (visit.request.tier !== 'ttl') {
    // A tag that only the value could name may have been bumped, or announced, between the flight's beginning and this read.
    const unknown = missingFrom(asked, loaded.tags);
    const more = unknown.length > 0 ? await ask(deps.breaker, () => deps.store.lookTags(unknown)) : undefined;
    const isFresh = more?.generation === flight.generation && unmovedSince(flight.s0, more.tags);
    if (unknown.length > 0 && !isFresh) return undefined;
  }
  const ageMs = Math.max(0, deps.now() - loaded.loadedAt);
  const outcome = outcomeOf(visit, { kind: 'join', ageMs, ttlMs: Math.max(0, visit.request.ttlMs - ageMs) });
  return { value: copyOf(deps, loaded), outcome };
}

async function fill(deps: ReadThroughDeps, visit: Visit, look: Look, reason: MissReason): Promise<Answer> {
  const fence = { generation: look.generation ?? '', s0: look.seq };
  const { loaded, unserializable } = await deps.loader.fill(visit, fence);
  const facts: Pick<Outcome, 'kind' | 'reason' | 'ttlMs'> = unserializable
    ? { kind: 'bypass', reason: 'unserializable', ttlMs: 0 }
    : { kind: 'miss', reason, ttlMs: visit.request.ttlMs };
  return { value: loaded.value, outcome: outcomeOf(visit, facts) };
}

async function loadShared(deps: ReadThroughDeps, visit: Visit, reason: BypassReason | Blocked): Promise<Answer> {
  if (visit.request.isPeek) return absent(visit, { kind: 'bypass', reason });
  const { loaded, joined } = await deps.loader.share(visit);
  const value = joined ? copyOf(deps, loaded) : loaded.value;
  return { value, outcome: outcomeOf(visit, { kind: 'bypass', reason }) };
}

async function loadAlone(
  deps: ReadThroughDeps,
  visit: Visit,
  facts: Pick<Outcome, 'kind' | 'reason'>,
): Promise<Answer> {
  if (visit.request.isPeek) return absent(visit, facts);
  return { value: await deps.loader.alone(visit), outcome: outcomeOf(visit, facts) };
}

/** What a read that only looks answers when there is nothing it may show. */
function absent(visit: Visit, facts: Pick<Outcome, 'kind' | 'reason'>): Answer {
  return { value: undefined, outcome: outcomeOf(visit, facts) };
}

function copyOf({ codec }: ReadThroughDeps, loaded: Loaded): unknown {
  return loaded.text === undefined ? loaded.value : codec.decode(loaded.text);
}

/** Undefined when the store cannot be asked; the breaker has opened by then and said why. */
async function ask<T>(breaker: Breaker, command: () => Promise<T>): Promise<T | undefined> {
  return breaker.run(command).catch(() => undefined);
}

/** Undefined when the stored bytes do not parse: whatever stands there, the reader gets the truth from its load. */
function readable<T>({ emit }: ReadThroughDeps, visit: Visit, parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    emit({ kind: 'corrupt', type: visit.request.type, key: visit.request.key, detail });
    return undefined;
  }
}
