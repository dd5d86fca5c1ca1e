import type { Breaker } from './breaker.js';
import type { Codec } from './codec.js';
import { openEntry } from './entry.js';
import type { Entry } from './entry.js';
import type { Fence } from './fence.js';
import type { FencedFlight, FencedFlights, Loaded } from './flights.js';
import type { Leasing } from './lease.js';
import type { Loader } from './loader.js';
import type { Refresher } from './refresh.js';
import { stampOf } from './store.js';
import type { Look, Seen, Store, TagState } from './store.js';
import type { BypassReason, CacheEvent, MissReason, Outcome, ReadRequest, ReadResult } from './types.js';
import { answerOf, standIn } from './hits.js';
import type { Answer, Found } from './hits.js';
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
  readonly leasing: Leasing;
  readonly refresher: Refresher;
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
    const { value, outcome, absence } = await read(visit);
    emit({ kind: 'read', outcome });
    request.onOutcome?.(outcome);
    if (absence) throw absence.error;
    return { value, outcome } as ReadResult<V>;
  };

  async function read(visit: Visit): Promise<Answer> {
    if (store.kind === 'null') return loadAlone(deps, visit, { kind: 'bypass', reason: 'disabled' });
    if (!(visit.request.ttlMs > 0)) return loadAlone(deps, visit, { kind: 'bypass', reason: 'ttl-zero' });
    if (!breaker.isReady()) await breaker.opened;
    if (visit.request.tier === 'strict' && breaker.mayForget()) return loadShared(deps, visit, 'unsafe-eviction');
    return lookAndLoad(deps, visit).catch((error: unknown) =>
      standIn(deps, visit, error, (graceMs) => judgeAgain(deps, visit, graceMs)),
    );
  }
}

async function lookAndLoad(deps: ReadThroughDeps, visit: Visit): Promise<Answer> {
  for (let looks = 0; looks < looksMax;) {
    const answer = await lookOnce(deps, visit);
    if (typeof answer === 'object') return answer;
    // Waiting for another process has a bound of its own.
    if (answer === 'moved') looks += 1;
  }
  return loadAlone(deps, visit, { kind: 'miss', reason: 'contended' });
}

/**
 * `moved`: what was joined is older than a bump this reader must see. `filled`: another process has loaded, or does. Both
 * are to look again, and nothing but that next look decides what is shown.
 */
type Again = 'moved' | 'filled';

async function lookOnce(deps: ReadThroughDeps, visit: Visit): Promise<Answer | Again> {
  const seen = await lookFor(deps, visit);
  if (!seen) return loadShared(deps, visit, 'store-unavailable');
  const { look, asked } = seen;
  const blocked = whyBlocked(look);
  if (look.generation === undefined) void deps.breaker.regenerate();
  deps.fence.noticed(look);
  if (blocked) return loadShared(deps, visit, blocked);

  const found = await judge(deps, visit, look, asked, 0);
  if (found.kind === 'hit') return answerOf(deps, visit, found, seenIn(look));
  if (found.kind === 'blocked') return loadShared(deps, visit, found.reason);
  const flight = deps.flights.joinable(visit.flightName, look);
  return flight ? join(deps, visit, asked, flight) : fill(deps, visit, look, found.reason);
}

/** Undefined when the store cannot be asked. */
async function lookFor({ store, breaker, hints }: ReadThroughDeps, visit: Visit) {
  const obeysTags = visit.request.tier !== 'ttl';
  const asked = obeysTags ? [...visit.tags, ...(hints.get(visit.entryKey) ?? [])] : [];
  const look = await ask(breaker, () => store.look(visit.entryKey, asked));
  return look && { look, asked };
}

/** For a reader whose load has failed: looks once more, and takes nothing that a hit could not be, but for its age. */
async function judgeAgain(deps: ReadThroughDeps, visit: Visit, graceMs: number): Promise<Found | undefined> {
  const seen = await lookFor(deps, visit);
  if (!seen || whyBlocked(seen.look)) return undefined;
  return judge(deps, visit, seen.look, seen.asked, graceMs);
}

type Blocked = 'quarantine' | 'open-write';

function whyBlocked(look: Look): Blocked | undefined {
  if (look.generation === undefined || look.held || look.fenced) return 'quarantine';
  return look.tags.some((tag) => tag.open > 0) ? 'open-write' : undefined;
}

/** @param graceMs how much older than its time to live the entry may be */
async function judge(
  deps: ReadThroughDeps,
  visit: Visit,
  look: Look,
  asked: readonly string[],
  graceMs: number,
): Promise<Found> {
  if (look.entry === undefined) return { kind: 'miss', reason: 'cold' };
  const entry = readable(deps, visit, () => openEntry(look.entry ?? ''));
  if (!entry) return { kind: 'miss', reason: 'corrupt' };
  const mismatch = mismatchOf(entry, visit, look, deps.now(), graceMs);
  if (mismatch) return { kind: 'miss', reason: mismatch };
  if (visit.request.tier !== 'ttl') {
    const states = await tagsOf(deps, visit, entry, look, asked);
    if (states === 'unavailable') return { kind: 'blocked', reason: 'store-unavailable' };
    if (states === 'forgotten') return { kind: 'miss', reason: 'generation' };
    if (states.some((tag) => tag.open > 0)) return { kind: 'blocked', reason: 'open-write' };
    if (!unmovedSince(entry.s0, states)) return { kind: 'miss', reason: 'stale-tag' };
  }
  const { codec } = deps;
  const open = entry.isAbsent ? (visit.request.negative?.revive ?? codec.decode) : codec.decode;
  const opened = readable(deps, visit, () => ({ value: open(entry.value) }));
  return opened ? { kind: 'hit', entry, value: opened.value } : { kind: 'miss', reason: 'corrupt' };
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
): Promise<Answer | Again> {
  deps.loader.refuseOwnLoad(visit);
  flight.patience.endsAtMs = Math.min(flight.patience.endsAtMs, deps.leasing.patienceOf(visit).endsAtMs);
  const loaded = await flight.done;
  if (!loaded) return 'filled';
  if (visit.request.tier !== 'ttl') {
    // A tag that only the value could name may have been bumped, or announced, between the flight's beginning and this read.
    const unknown = missingFrom(asked, loaded.tags);
    const more = unknown.length > 0 ? await ask(deps.breaker, () => deps.store.lookTags(unknown)) : undefined;
    const isFresh = more?.generation === flight.generation && unmovedSince(flight.s0, more.tags);
    if (unknown.length > 0 && !isFresh) return 'moved';
  }
  const ageMs = Math.max(0, deps.now() - loaded.loadedAt);
  const ttlMs = Math.min(loaded.ttlMs, visit.request.ttlMs);
  const outcome = outcomeOf(visit, { kind: 'join', ageMs, ttlMs: Math.max(0, ttlMs - ageMs) });
  return { value: copyOf(deps, loaded), outcome };
}

async function fill(deps: ReadThroughDeps, visit: Visit, look: Look, reason: MissReason): Promise<Answer | Again> {
  const filled = await deps.loader.fill(visit, seenIn(look), true);
  if (!filled) return 'filled';
  const { loaded, unserializable } = filled;
  const facts: Pick<Outcome, 'kind' | 'reason' | 'ttlMs'> = unserializable
    ? { kind: 'bypass', reason: 'unserializable', ttlMs: 0 }
    : { kind: 'miss', reason, ttlMs: loaded.ttlMs };
  return { value: loaded.value, outcome: outcomeOf(visit, facts) };
}

function seenIn({ generation, seq, tags, entry }: Look): Seen {
  return { generation, seq, tags, stamp: stampOf(entry) };
}

async function loadShared(deps: ReadThroughDeps, visit: Visit, reason: BypassReason | Blocked): Promise<Answer> {
  const { loaded, joined } = await deps.loader.share(visit);
  const value = joined ? copyOf(deps, loaded) : loaded.value;
  return { value, outcome: outcomeOf(visit, { kind: 'bypass', reason }) };
}

async function loadAlone(
  deps: ReadThroughDeps,
  visit: Visit,
  facts: Pick<Outcome, 'kind' | 'reason'>,
): Promise<Answer> {
  return { value: await deps.loader.alone(visit), outcome: outcomeOf(visit, facts) };
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
