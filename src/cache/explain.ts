import type { Breaker } from './breaker.js';
import type { Codec } from './codec.js';
import { guaranteeInWords, whyInWords } from './explain-words.js';
import { openEntry } from './entry.js';
import type { Entry } from './entry.js';
import type { BumpRecord, Look, Store, TagState } from './store.js';
import type { Cache, ExplainedEntry, ExplainedTag, Outcome, ReadRequest } from './types.js';
import { heedsTags, lifeMsOf, mismatchOf, missingFrom, unmovedSince, whyBlocked } from './validity.js';
import { beginVisit } from './visit.js';
import type { TagHints, Visit } from './visit.js';

export interface ExplainerDeps {
  readonly store: Store;
  readonly breaker: Breaker;
  readonly codec: Pick<Codec, 'decode' | 'unpack'>;
  readonly hints: Pick<TagHints, 'get'>;
  readonly now: () => number;
  readonly prefix: string;
}

/** How many of the last bumps are looked through for the one that moved a tag. */
const historyMax = 1000;

/**
 * Judges the store as a read would, with the rules of the read path itself, and keeps its hands off: no load, no entry, no
 * new generation, no lifted fence, no hint. It shows nothing that a reader could be misled by: the reader asks again.
 */
export function createExplainer(deps: ExplainerDeps): Cache['explain'] {
  return async (request) => {
    const visit = beginVisit({ ...request, load: neverRun } as ReadRequest<unknown>, deps.prefix, 0, 0);
    const seen = await see(deps, visit);
    const { type, key, tier, ttlMs, boundMs = 0 } = visit.request;
    const wouldHit = seen.reason === undefined;
    return {
      type,
      key,
      tier,
      wouldHit,
      ...(!wouldHit && { reason: seen.reason }),
      ttlMs,
      ...(seen.entry && { entry: seen.entry }),
      tags: seen.tags,
      why: whyInWords(seen.reason, seen.tags),
      guarantee: guaranteeInWords(tier, ttlMs, boundMs),
    };
  };
}

function neverRun(): Promise<never> {
  return Promise.reject(new Error('an explanation loads nothing'));
}

interface Seen {
  readonly reason: Outcome['reason'];
  readonly entry?: ExplainedEntry;
  readonly tags: readonly ExplainedTag[];
}

const unseen = (reason: Outcome['reason']): Seen => ({ reason, tags: [] });

async function see(deps: ExplainerDeps, visit: Visit): Promise<Seen> {
  const { store, breaker, hints } = deps;
  const { ttlMs, tier, bypass } = visit.request;
  if (store.kind === 'null') return unseen('disabled');
  if (!(ttlMs > 0)) return unseen('ttl-zero');
  if (bypass) return unseen(bypass);
  if (!breaker.isReady()) await breaker.opened;
  if (tier === 'strict' && breaker.mayForget()) return unseen('unsafe-eviction');
  const asked = [...visit.tags, ...(hints.get(visit.entryKey) ?? [])];
  const look = await ask(breaker, () => store.look(visit.entryKey, asked));
  if (!look) return unseen('store-unavailable');
  const found = opened(deps, look);
  const more = missingFrom(asked, found.entry?.tags ?? []);
  const rest = more.length > 0 ? await ask(breaker, () => store.lookTags(more)) : { ...look, tags: [] };
  if (!rest) return unseen('store-unavailable');
  const tags = [...asked, ...more].map((tag, index) => ({
    tag,
    ...([...look.tags, ...rest.tags][index] ?? unknownTag),
  }));
  const nowMs = deps.now();
  const reason = reasonOf({ visit, look, asked, found, tags, nowMs, isForgotten: rest.generation !== look.generation });
  const entry = found.entry && explainEntry(found.entry, look, lifeMsOf(found.entry, visit.request), nowMs);
  return { reason, ...(entry && { entry }), tags: await explainTags(deps, tags, found.entry) };
}

/** A store answers for every tag it is asked for. */
const unknownTag: TagState = { seq: Number.POSITIVE_INFINITY, open: 0 };

interface NamedTag extends TagState {
  readonly tag: string;
}

interface Found {
  readonly entry: Entry | undefined;
  readonly isCorrupt: boolean;
}

function opened({ codec }: ExplainerDeps, { entry: text }: Look): Found {
  if (text === undefined) return { entry: undefined, isCorrupt: false };
  try {
    const entry = openEntry(text);
    if (!entry.isAbsent) codec.decode(codec.unpack(entry.value));
    return { entry, isCorrupt: false };
  } catch {
    // Foreign or damaged: that is the explanation, and the next read reports it.
    return { entry: undefined, isCorrupt: true };
  }
}

interface Evidence {
  readonly visit: Visit;
  readonly look: Look;
  readonly asked: readonly string[];
  readonly found: Found;
  readonly tags: readonly NamedTag[];
  readonly nowMs: number;
  /** The store lost its state between the two looks. */
  readonly isForgotten: boolean;
}

/** In the order in which a read decides. */
function reasonOf({ visit, look, asked, found, tags, nowMs, isForgotten }: Evidence): Outcome['reason'] {
  const { entry, isCorrupt } = found;
  const { tier, floor } = visit.request;
  const first = new Set(tier !== 'ttl' || floor ? asked : visit.implied);
  const blocked = whyBlocked(visit, { ...look, tags: tags.filter(({ tag }) => first.has(tag)) });
  if (blocked) return blocked;
  if (isCorrupt) return 'corrupt';
  if (!entry) return 'cold';
  const mismatch = mismatchOf(entry, visit, look.generation, nowMs, 0);
  if (mismatch) return mismatch;
  if (isForgotten) return 'generation';
  const heeds = heedsTags(visit, entry.s0);
  // A read of the tier `ttl` obeys what it is cleared by, and nothing else.
  const binds = new Set(heeds ? [...visit.tags, ...entry.tags] : visit.implied);
  const binding = tags.filter(({ tag }) => binds.has(tag));
  if (heeds && binding.some(({ open }) => open > 0)) return 'open-write';
  return unmovedSince(entry.s0, binding) ? undefined : 'stale-tag';
}

function explainEntry(entry: Entry, look: Look, lifeMs: number, nowMs: number): ExplainedEntry {
  const ageMs = Math.max(0, nowMs - entry.loadedAt);
  return {
    ageMs,
    ttlLeftMs: Math.max(0, lifeMs - ageMs),
    s0: entry.s0,
    isOfThisGeneration: entry.generation === look.generation,
    bytes: Buffer.byteLength(look.entry ?? ''),
  };
}

async function explainTags(
  { store, breaker }: ExplainerDeps,
  named: readonly NamedTag[],
  entry: Entry | undefined,
): Promise<readonly ExplainedTag[]> {
  const tags = named.map((tag): ExplainedTag => ({ ...tag, hasMoved: entry !== undefined && tag.seq > entry.s0 }));
  if (!tags.some(({ hasMoved }) => hasMoved)) return tags;
  const records = (await ask(breaker, () => store.history(historyMax))) ?? [];
  const bySeq = new Map(records.map((record) => [record.seq, record]));
  return tags.map((tag) => (tag.hasMoved ? { ...tag, ...moveOf(bySeq.get(tag.seq)) } : tag));
}

function moveOf(record: BumpRecord | undefined): Pick<ExplainedTag, 'movedAtMs' | 'movedBy'> {
  if (!record) return {};
  return { movedAtMs: record.atMs, ...(record.token !== undefined && { movedBy: record.token }) };
}

/** Undefined when the store cannot be asked; the breaker has opened by then and said why. */
async function ask<T>(breaker: Breaker, command: () => Promise<T>): Promise<T | undefined> {
  return breaker.run(command).catch(() => undefined);
}
