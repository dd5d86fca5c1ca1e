import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { EntryInfo, Store, TagState } from '../store.js';
import { globMatcher } from './glob.js';
import { createIntents } from './memory-intents.js';
import { createBumpLog } from './memory-log.js';

export interface MemoryStoreOptions {
  /** Upper bound of all keys and entries together, counted as two bytes a character. Default 64 MiB. */
  readonly bytesMax?: number;
  /** Default 50,000. */
  readonly entriesMax?: number;
  /** How many tags are remembered one by one. Default 100,000. Forgetting the oldest never revives an entry. */
  readonly tagsMax?: number;
  /** Milliseconds; decides when entries expire. Default `Date.now`. */
  readonly now?: () => number;
}

/**
 * A store inside this process, for this process alone: a second process has its own and hears nothing of its bumps.
 * The least recently used entries leave first when a bound is reached.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const { bytesMax = 64 * 2 ** 20, entriesMax = 50_000, tagsMax = 100_000, now = Date.now } = options;
  const entries = new LRUCache<string, Kept>({ max: entriesMax, maxSize: bytesMax });
  const clock = createTagClock(tagsMax);
  const intents = createIntents(now);
  const log = createBumpLog(now);
  const stateOf = (tag: string): TagState => ({ seq: clock.seqOf(tag), open: intents.openOf(tag) });
  let generation: string = randomUUID();
  return {
    kind: 'memory',
    connect: (link) => link.up(),
    handshake: async () => ({}),
    look: async (entryKey, tags) => ({
      generation,
      held: false,
      fenced: false,
      seq: clock.seq(),
      entry: alive(entries, entryKey, now()),
      tags: tags.map(stateOf),
    }),
    lookTags: async (tags) => ({ generation, tags: tags.map(stateOf) }),
    put: async (entryKey, entry, ttlMs) => {
      entries.set(entryKey, { entry, expiresAt: now() + ttlMs }, { size: sizeOf(entryKey, entry) });
    },
    scan: async (pattern, limit) => {
      const matches = globMatcher(pattern);
      const found = [...entries.keys()].filter((key) => matches(key) && isAlive(entries.peek(key), now()));
      return found.slice(0, Math.max(0, limit));
    },
    unlink: async (entryKeys) => entryKeys.filter((key) => entries.delete(key)).length,
    inspect: async (entryKeys) => entryKeys.flatMap((key) => infoOf(key, entries.peek(key), now())),
    bump: async (tags) => log.note(clock.bump(tags), tags),
    begin: async (token, tags) => {
      intents.begin(token, tags);
      return 'begun';
    },
    end: async (token, outcome, tags) => {
      const announced = intents.end(token);
      const moved = outcome === 'committed' ? [...new Set([...(announced ?? []), ...tags])] : [];
      const seq = outcome === 'committed' ? log.note(clock.bump(moved), moved, token) : 0;
      return { seq, wasOpen: announced !== undefined };
    },
    openIntents: async (olderThanMs, limit) => intents.open(olderThanMs, limit),
    history: async (limit) => log.last(limit),
    lift: async () => {},
    renew: async () => {
      generation = randomUUID();
      entries.clear();
    },
    ping: async () => {},
    close: async () => entries.clear(),
  };
}

interface Kept {
  readonly entry: string;
  readonly expiresAt: number;
}

function sizeOf(entryKey: string, entry: string): number {
  return 2 * (entryKey.length + entry.length);
}

function isAlive(kept: Kept | undefined, nowMs: number): boolean {
  return kept !== undefined && nowMs < kept.expiresAt;
}

function infoOf(key: string, kept: Kept | undefined, nowMs: number): readonly EntryInfo[] {
  if (!kept || !isAlive(kept, nowMs)) return [];
  return [{ key, ttlMs: kept.expiresAt - nowMs, bytes: sizeOf(key, kept.entry) }];
}

function alive(entries: LRUCache<string, Kept>, entryKey: string, nowMs: number): string | undefined {
  const kept = entries.get(entryKey);
  if (!kept || nowMs < kept.expiresAt) return kept?.entry;
  entries.delete(entryKey);
  return undefined;
}

/**
 * The last bump of each tag. When more than `tagsMax` are known the older half is forgotten, and from then on every tag
 * not known by name counts as bumped when the youngest of the forgotten was: too young rather than too old.
 */
function createTagClock(tagsMax: number) {
  const seqs = new Map<string, number>();
  let seq = 1;
  let floor = 0;
  return {
    seq: () => seq,
    seqOf: (tag: string): number => seqs.get(tag) ?? floor,
    bump(tags: readonly string[]): number {
      seq += 1;
      for (const tag of tags) {
        // Taken out first, so that the map's order is the order of the bumps.
        seqs.delete(tag);
        seqs.set(tag, seq);
      }
      if (seqs.size > tagsMax) floor = forgetOldest(seqs, seqs.size - Math.floor(tagsMax / 2));
      return seq;
    },
  };
}

/** @returns the youngest seq that was forgotten */
function forgetOldest(seqs: Map<string, number>, count: number): number {
  let youngest = 0;
  let left = count;
  for (const [tag, seq] of seqs) {
    if (left-- <= 0) break;
    youngest = seq;
    seqs.delete(tag);
  }
  return youngest;
}
