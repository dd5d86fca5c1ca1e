import { crc32 } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import type { Codec } from './codec.js';
import type { Entry } from './entry.js';
import { freezeDeep } from './freeze.js';
import { createSpoils } from './near-spoils.js';

/**
 * Binds copies of entries that a process keeps nearer than the store, not the entries themselves: a copy taken by a look at
 * logical time `t` may be shown while the tag of its key is not above `t`. Bumped after an entry was put or removed past the
 * read path, where no tag of the entry moves. Few, so that the looks of one moment ask for few.
 */
export function nearTag(entryKey: string): string {
  return `near:${crc32(entryKey) % nearTagsCount}`;
}

const nearTagsCount = 64;
export const nearTags: readonly string[] = Array.from({ length: nearTagsCount }, (_, at) => `near:${at}`);

/**
 * Entries this process used a moment ago, in front of the store. Nothing here says whether one is still valid: that is asked
 * of the store at every read, or, for bounded reads, was asked when `lookedAt` says. The least recently used leave first.
 */
export interface Near {
  find(entryKey: string): Kept | undefined;
  /** To be taken before a look is sent: what the look finds was true then or later. */
  stamp(): Stamp;
  /**
   * @param lookedAt when the look was sent that found the entry valid, or whose clock its load began with
   * @param takenAt the logical time of that look. Default: that of the load
   */
  keep(entryKey: string, entry: Entry, lookedAt: Stamp, takenAt?: number): Kept;
  /** `kept` was found valid once more. */
  revalidated(kept: Kept, lookedAt: Stamp): void;
  /** Forgets `kept`, unless another has taken its place. */
  drop(entryKey: string, kept: Kept): void;
  /** Whether `kept` was valid less than `boundMs` milliseconds ago, and this process has spoilt none of its tags since. */
  isWithin(entryKey: string, kept: Kept, boundMs: number): boolean;
  /** The value; frozen and shared when allowed and possible. @throws Undecodable */
  valueOf(entryKey: string, kept: Kept, isFrozen: boolean): unknown;
  /** This process has spoilt these tags. To be told before the store is and again after it. */
  spoil(tags: readonly string[]): void;
  clear(): void;
}

/**
 * A moment by both clocks. The monotonic one may stand still while the machine sleeps, the other may be set back: an age is
 * what the clock says by which more time has passed.
 */
export interface Stamp {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** No bounded read is within its bound of this. */
export const neverLooked: Stamp = { monotonicMs: Number.NEGATIVE_INFINITY, wallMs: Number.NEGATIVE_INFINITY };

export interface Kept {
  readonly entry: Entry;
  lookedAt: Stamp;
  /** The store's logical time when this very entry was last seen there, or its load began. */
  takenAt: number;
  /** Frozen, for those who only read. Undefined: not decoded yet. `never`: something in it cannot be frozen. */
  shared: { readonly value: unknown } | 'never' | undefined;
}

export interface NearOptions {
  /** Upper bound of keys, texts and decoded values together, estimated. 0: keeps nothing. */
  readonly bytesMax: number;
  readonly codec: Codec;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
  /** Milliseconds of a clock that is never set. */
  readonly monotonicNow: () => number;
}

export function createNear({ bytesMax, codec, now, monotonicNow }: NearOptions): Near {
  const entries = bytesMax > 0 ? new LRUCache<string, Kept>({ maxSize: bytesMax, sizeCalculation }) : undefined;
  const spoils = createSpoils();
  return {
    find: (entryKey) => entries?.get(entryKey),
    stamp: () => ({ monotonicMs: monotonicNow(), wallMs: now() }),
    keep(entryKey, entry, lookedAt, takenAt = entry.s0) {
      const present = entries?.peek(entryKey);
      if (present && isSame(present.entry, entry)) {
        revalidate(present, lookedAt);
        present.takenAt = Math.max(present.takenAt, takenAt);
        return present;
      }
      const kept: Kept = { entry, lookedAt, takenAt, shared: undefined };
      if (!present || !isYounger(present.entry, entry)) entries?.set(entryKey, kept);
      return kept;
    },
    revalidated: revalidate,
    drop: (entryKey, kept) => void (entries?.peek(entryKey) === kept && entries.delete(entryKey)),
    isWithin(entryKey, { entry, lookedAt: { monotonicMs, wallMs } }, boundMs) {
      const agoMs = Math.max(monotonicNow() - monotonicMs, now() - wallMs);
      if (agoMs >= boundMs || spoils.isAnySince(entry.tags, monotonicMs)) return false;
      return !spoils.isAnySince([nearTag(entryKey)], monotonicMs);
    },
    valueOf(entryKey, kept, isFrozen) {
      const { value: text } = kept.entry;
      if (!entries || !isFrozen || kept.shared === 'never') return codec.decode(text);
      if (kept.shared) return kept.shared.value;
      const value = codec.decode(text);
      kept.shared = freezeDeep(value) ? { value } : 'never';
      if (kept.shared === 'never') return codec.decode(text);
      // It has grown, and a value set in its own place is not weighed again.
      if (entries.peek(entryKey) === kept) {
        entries.delete(entryKey);
        entries.set(entryKey, kept);
      }
      return value;
    },
    spoil: (tags) => spoils.note(tags, monotonicNow()),
    clear() {
      entries?.clear();
      spoils.noteAll(monotonicNow());
    },
  };
}

function revalidate(kept: Kept, lookedAt: Stamp): void {
  if (lookedAt.monotonicMs > kept.lookedAt.monotonicMs) kept.lookedAt = lookedAt;
}

function isSame(a: Entry, b: Entry): boolean {
  return isYoungerOrAlike(a, b) && isYoungerOrAlike(b, a) && isOfOneQuestion(a, b) && a.value === b.value;
}

/** Two generations have no order: the one asked about last stays. */
function isYounger(a: Entry, b: Entry): boolean {
  return isYoungerOrAlike(a, b) && !isYoungerOrAlike(b, a);
}

function isYoungerOrAlike(a: Entry, b: Entry): boolean {
  return a.generation === b.generation && (a.s0 > b.s0 || (a.s0 === b.s0 && a.loadedAt >= b.loadedAt));
}

function isOfOneQuestion(a: Entry, b: Entry): boolean {
  return a.type === b.type && a.tenant === b.tenant && a.identity === b.identity;
}

const bytesPerCharacter = 2;
/** Objects, map slots and numbers around the texts. */
const bytesPerEntry = 1_000;
/** A decoded value takes about so many times the bytes of its text, rather less. */
const decodedFactor = 1.5;

function sizeCalculation({ entry, shared }: Kept, entryKey: string): number {
  const tagsLength = entry.tags.reduce((sum, tag) => sum + tag.length, 0);
  const valueLength = entry.value.length * (shared === undefined || shared === 'never' ? 1 : 1 + decodedFactor);
  return bytesPerEntry + bytesPerCharacter * (entryKey.length + tagsLength + valueLength);
}
