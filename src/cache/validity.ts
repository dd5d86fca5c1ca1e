import type { Entry } from './entry.js';
import type { Look, TagState } from './store.js';
import type { MissReason, ReadRequest } from './types.js';
import type { Visit } from './visit.js';

/**
 * Why `entry` cannot answer this visit, before any tag is looked at.
 * @param graceMs how much older than its time to live it may be
 */
export function mismatchOf(
  entry: Entry,
  visit: Visit,
  look: Look,
  nowMs: number,
  graceMs: number,
): MissReason | undefined {
  const { type, tenant, identity, negative } = visit.request;
  if (entry.generation !== look.generation) return 'generation';
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
