import type { Codec } from './codec.js';
import { openEntry } from './entry.js';
import type { Entry } from './entry.js';
import type { Found, Hit } from './hits.js';
import type { Looker } from './looker.js';
import { neverLooked } from './near.js';
import type { Kept, Near, Stamp } from './near.js';
import type { Look, Store, TagState } from './store.js';
import type { CacheEvent, Position } from './types.js';
import { heedsTags, mismatchOf, missingFrom, relevantTags, unmovedSince, whyBlocked } from './validity.js';
import type { TagHints, Visit } from './visit.js';

export interface JudgingDeps {
  readonly store: Store;
  readonly looker: Looker;
  readonly near: Near;
  readonly codec: Codec;
  readonly hints: TagHints;
  readonly emit: (event: CacheEvent) => void;
  readonly now: () => number;
  /** As `Cache.position`. */
  readonly position: () => Position | undefined;
}

/** A look, and what has to be remembered of the moment it was sent. */
export interface LookedFor {
  readonly look: Look;
  readonly asked: readonly string[];
  readonly lookedAt: Stamp;
  /** A logical time at which the entry stood there, or one before. */
  readonly takenAt: number;
}

/** Undefined when the store cannot be asked. */
export async function lookFor(deps: JudgingDeps, visit: Visit): Promise<LookedFor | undefined> {
  const { store, looker, near, hints, position } = deps;
  const { tier, floor } = visit.request;
  const asked = tier !== 'ttl' || floor ? [...visit.tags, ...(hints.get(visit.entryKey) ?? [])] : visit.implied;
  const lookedAt = near.stamp();
  const before = position();
  const look = await looker.look(visit.entryKey, asked);
  if (!look) return undefined;
  // Read apart, the entry may be older than the clock that came with it, but not than what was known when it was asked for.
  const known = before && before.generation === look.generation ? before.seq : 0;
  return { look, asked, lookedAt, takenAt: store.readsApart ? Math.min(known, look.seq) : look.seq };
}

/** For a reader whose load has failed: looks once more, and takes nothing that a hit could not be, but for its age. */
export async function judgeAgain(deps: JudgingDeps, visit: Visit, graceMs: number): Promise<Found | undefined> {
  const seen = await lookFor(deps, visit);
  return seen && !whyBlocked(visit, seen.look) ? judge(deps, visit, seen, graceMs) : undefined;
}

/**
 * Whether this reader may be shown the entry that the look found, and why not.
 * @param graceMs how much older than its time to live it may be
 */
export async function judge(
  deps: JudgingDeps,
  visit: Visit,
  { look, asked, lookedAt, takenAt }: LookedFor,
  graceMs: number,
): Promise<Found> {
  if (look.entry === undefined) return { kind: 'miss', reason: 'cold' };
  const entry = readable(deps, visit, () => openEntry(look.entry ?? ''));
  if (!entry) return { kind: 'miss', reason: 'corrupt' };
  const mismatch = mismatchOf(entry, visit, look.generation, deps.now(), graceMs);
  if (mismatch) return { kind: 'miss', reason: mismatch };
  const heeds = heedsTags(visit, entry.s0);
  if (heeds) {
    const states = await tagsOf(deps, visit, entry, look, asked);
    if (states === 'unavailable') return { kind: 'blocked', reason: 'store-unavailable' };
    if (states === 'forgotten') return { kind: 'miss', reason: 'generation' };
    if (states.some((tag) => tag.open > 0)) return { kind: 'blocked', reason: 'open-write' };
    if (!unmovedSince(entry.s0, states)) return { kind: 'miss', reason: 'stale-tag' };
  } else if (!unmovedSince(entry.s0, clearing(visit, asked, look.tags))) return { kind: 'miss', reason: 'stale-tag' };
  const whole = readable(deps, visit, () => unpacked(deps, entry));
  if (!whole) return { kind: 'miss', reason: 'corrupt' };
  const kept = deps.near.keep(visit.entryKey, whole, heeds ? lookedAt : neverLooked, takenAt);
  return open(deps, visit, kept, 'store') ?? { kind: 'miss', reason: 'corrupt' };
}

/** The states of the tags that an entry of any tier is cleared by; a floor has had others asked for too. */
function clearing(visit: Visit, asked: readonly string[], states: readonly TagState[]): readonly TagState[] {
  return states.filter((_, index) => visit.implied.includes(asked[index] ?? ''));
}

/** What an absence notes is never packed. @throws Undecodable */
function unpacked({ codec }: JudgingDeps, entry: Entry): Entry {
  const value = entry.isAbsent ? entry.value : codec.unpack(entry.value);
  return value === entry.value ? entry : { ...entry, value };
}

/** Undefined when the value does not decode. */
export function open(deps: JudgingDeps, visit: Visit, kept: Kept, layer: 'near' | 'store'): Hit | undefined {
  const { near } = deps;
  const { entry } = kept;
  const { isFrozen = false, negative } = visit.request;
  const opened = readable(deps, visit, () => ({
    value: entry.isAbsent && negative ? negative.revive(entry.value) : near.valueOf(visit.entryKey, kept, isFrozen),
  }));
  if (opened) return { kind: 'hit', layer, entry, value: opened.value };
  near.drop(visit.entryKey, kept);
  return undefined;
}

/**
 * The states of all tags that bind `entry`; those nobody asked for cost a second round trip, once. Forgotten: the store lost
 * its state between the two, and with it what happened to those tags.
 */
async function tagsOf(
  { looker, hints }: JudgingDeps,
  visit: Visit,
  entry: Entry,
  look: Look,
  asked: readonly string[],
): Promise<readonly TagState[] | 'unavailable' | 'forgotten'> {
  const { known, unknown } = relevantTags(entry.tags, visit, asked, look.tags);
  if (unknown.length === 0) return known;
  hints.set(visit.entryKey, missingFrom(visit.tags, entry.tags));
  const more = await looker.lookTags(unknown);
  if (!more) return 'unavailable';
  return more.generation === look.generation ? [...known, ...more.tags] : 'forgotten';
}

/** Undefined when the stored bytes do not parse: whatever stands there, the reader gets the truth from its load. */
function readable<T>({ emit }: JudgingDeps, visit: Visit, parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    emit({ kind: 'corrupt', type: visit.request.type, key: visit.request.key, detail });
    return undefined;
  }
}
