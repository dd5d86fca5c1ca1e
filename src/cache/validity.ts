import type { Entry } from './entry.js';
import type { Control, TagState } from './store.js';
import type { MissReason, ReadRequest } from './types.js';
import type { Visit } from './visit.js';

/**
 * Why `entry` cannot answer this visit, before any tag is looked at.
 * @param graceMs how much older than its time to live it may be
 */
export function mismatchOf(
  entry: Entry,
  visit: Visit,
  generation: string | undefined,
  nowMs: number,
  graceMs: number,
): MissReason | undefined {
  const { type, tenant, identity, negative } = visit.request;
  if (entry.generation !== generation) return 'generation';
  if (entry.type !== type || entry.tenant !== tenant || entry.identity !== identity) return 'identity';
  if (entry.isAbsent && !negative) return 'cold';
  if (nowMs - entry.loadedAt >= lifeMsOf(entry, visit.request) + graceMs) return 'expired';
  return undefined;
}

/** How long an entry may be shown to this reader, counted from the start of its load: what both agreed to. */
export function lifeMsOf({ ttlMs, isAbsent }: Entry, request: ReadRequest<unknown>): number {
  const wanted = isAbsent ? Math.min(request.ttlMs, request.negative?.ttlMs ?? 0) : request.ttlMs;
  return Math.min(ttlMs, wanted);
}

/** How long an entry is kept beyond its time to live; the tier that promises nothing but that time gets none. */
export function graceMsOf({ tier, staleIfErrorMs = 0, isTransient }: ReadRequest<unknown>): number {
  return tier === 'ttl' || !isTransient ? 0 : Math.max(0, staleIfErrorMs);
}

/** Whether a load that began at logical time `s0` has seen every bump of these tags, and no write of them is announced. */
export function unmovedSince(s0: number, tags: readonly TagState[]): boolean {
  return tags.every((tag) => tag.open === 0 && tag.seq <= s0);
}

export type Blocked = 'quarantine' | 'floor' | 'open-write';

/** Why this reader may be shown nothing after this look, whatever the tags of an entry. */
export function whyBlocked({ request: { tier, floor } }: Visit, control: Control): Blocked | undefined {
  if (control.generation === undefined || control.held || control.fenced) return 'quarantine';
  // What the store has not heard of up to the floor, its tags cannot tell.
  if (floor && (control.generation !== floor.generation || control.seq < floor.seq)) return 'floor';
  return tier !== 'ttl' && control.tags.some((tag) => tag.open > 0) ? 'open-write' : undefined;
}

/**
 * Whether this reader must know what became of the tags of something loaded at `s0`. Together with `whyBlocked` this keeps the
 * floor: either the load began after it, or a look that knew of every bump up to it has seen that no tag moved.
 */
export function heedsTags({ request: { tier, floor } }: Visit, s0: number): boolean {
  return tier !== 'ttl' || (floor !== undefined && s0 < floor.seq);
}

/** The states of those tags of `entry`, or of the request, that were asked for; and the tags that were not. */
export function relevantTags(
  entryTags: readonly string[],
  visit: Visit,
  asked: readonly string[],
  states: readonly TagState[],
) {
  if (sameList(entryTags, asked)) return { known: states, unknown: [] };
  const relevant = new Set([...entryTags, ...visit.tags]);
  const known = states.filter((_, index) => relevant.has(asked[index] ?? ''));
  return { known, unknown: missingFrom(asked, entryTags) };
}

/** What of `wanted` is not in `list`. */
export function missingFrom(list: readonly string[], wanted: readonly string[]): readonly string[] {
  const present = new Set(list);
  return wanted.filter((tag) => !present.has(tag));
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
