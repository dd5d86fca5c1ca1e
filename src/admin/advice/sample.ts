import { crc32 } from 'node:zlib';
import type { CacheEvent, Outcome } from '../../cache/index.js';

export interface SamplerOptions {
  /** Milliseconds. Default `Date.now`. */
  readonly now?: () => number;
  /** How many keys of one type are watched. Default 200. */
  readonly keysMax?: number;
  /** How many reads of one key are remembered, the last ones. Default 200. */
  readonly readsMax?: number;
}

/** The reads of one watched key, oldest first. */
export interface KeySample {
  /** Milliseconds. */
  readonly at: readonly number[];
  /** Whether what the key shows was spoilt between the read before and this one; of the first: false. */
  readonly spoilt: readonly boolean[];
  /** Of all its reads, also of those that are forgotten. */
  readonly reads: number;
}

/** What was seen of one type. */
export interface TypeSample {
  readonly keys: readonly KeySample[];
  /** The share of keys that is watched, 0 to 1. */
  readonly rate: number;
  /** Mean milliseconds of a hit and of a read that ran its load; undefined when there was none. */
  readonly hitMs: number | undefined;
  readonly loadMs: number | undefined;
}

/** Watches a bounded part of the keys, and each of those completely. */
export interface Sampler {
  observe(event: CacheEvent): void;
  types(): ReadonlyMap<string, TypeSample>;
  /** Since when, and until now, milliseconds. */
  watched(): { readonly sinceMs: number; readonly forMs: number };
}

interface WatchedKey {
  readonly hash: number;
  readonly at: number[];
  readonly spoilt: boolean[];
  readonly tags: readonly string[];
  reads: number;
  isSpoilt: boolean;
}

interface WatchedType {
  readonly keys: Map<string, WatchedKey>;
  /** Keys whose hash is below are watched. */
  threshold: number;
  readonly hit: Mean;
  readonly load: Mean;
}

const hashes = 2 ** 32;

/**
 * Spatial sampling: a key is watched when its hash is below a threshold, so a watched key is watched completely and its
 * reuse intervals are true; the threshold sinks when too many are (SHARDS: Waldspurger et al., FAST '15). Reads that the
 * guarantee sends past the cache while a write is under way are left out: no time to live changes them.
 */
export function createSampler({ now = Date.now, keysMax = 200, readsMax = 200 }: SamplerOptions = {}): Sampler {
  const types = new Map<string, WatchedType>();
  const watchers = new Map<string, Set<WatchedKey>>();
  const startedMs = now();

  function read(outcome: Outcome, tagsOf: () => readonly string[]): void {
    if (outcome.reason === 'open-write') return;
    const type = types.get(outcome.type) ?? newType();
    types.set(outcome.type, type);
    (outcome.kind === 'hit' ? type.hit : type.load).add(outcome.kind === 'join' ? undefined : outcome.tookMs);
    const hash = hashOf(outcome.key);
    if (hash >= type.threshold) return;
    const key = type.keys.get(outcome.key) ?? watch(type, outcome.key, hash, tagsOf());
    note(key, now() - outcome.tookMs, outcome, readsMax);
    if (type.keys.size > keysMax) lowerThreshold(type, watchers);
  }

  function watch(type: WatchedType, name: string, hash: number, tags: readonly string[]): WatchedKey {
    const key: WatchedKey = { hash, at: [], spoilt: [], tags, reads: 0, isSpoilt: false };
    type.keys.set(name, key);
    for (const tag of tags) {
      const known = watchers.get(tag) ?? new Set();
      watchers.set(tag, known.add(key));
    }
    return key;
  }

  function spoilAll(): void {
    for (const { keys } of types.values()) for (const key of keys.values()) key.isSpoilt = true;
  }

  return {
    observe(event) {
      if (event.kind === 'read') read(event.outcome, event.tagsOf);
      else if (event.kind === 'new-generation') spoilAll();
      else if (event.kind === 'bump')
        for (const tag of event.tags) for (const key of watchers.get(tag) ?? []) key.isSpoilt = true;
    },
    types: () => new Map([...types].map(([name, type]) => [name, sampleOf(type)])),
    watched: () => ({ sinceMs: startedMs, forMs: now() - startedMs }),
  };
}

/** A bump of another process is not heard here; that an entry did not survive it, is. `ttl` reads do not care for bumps. */
function wasSpoilt(key: WatchedKey, { reason, tier }: Outcome): boolean {
  if (key.reads === 0) return false;
  return reason === 'generation' || reason === 'stale-tag' || (tier !== 'ttl' && key.isSpoilt);
}

function note(key: WatchedKey, at: number, outcome: Outcome, readsMax: number): void {
  key.at.push(at);
  key.spoilt.push(wasSpoilt(key, outcome));
  key.reads += 1;
  key.isSpoilt = false;
  if (key.at.length <= readsMax) return;
  key.at.shift();
  key.spoilt.shift();
}

function lowerThreshold(type: WatchedType, watchers: Map<string, Set<WatchedKey>>): void {
  type.threshold = Math.max(...[...type.keys.values()].map(({ hash }) => hash));
  for (const [name, key] of type.keys) {
    if (key.hash < type.threshold) continue;
    type.keys.delete(name);
    for (const tag of key.tags) {
      const known = watchers.get(tag);
      known?.delete(key);
      if (known?.size === 0) watchers.delete(tag);
    }
  }
}

function sampleOf({ keys, threshold, hit, load }: WatchedType): TypeSample {
  const samples = [...keys.values()].map(({ at, spoilt, reads }) => ({ at: [...at], spoilt: [...spoilt], reads }));
  return { keys: samples, rate: threshold / hashes, hitMs: hit.value(), loadMs: load.value() };
}

function newType(): WatchedType {
  return { keys: new Map(), threshold: hashes, hit: createMean(), load: createMean() };
}

interface Mean {
  add(value: number | undefined): void;
  value(): number | undefined;
}

function createMean(): Mean {
  let [sum, count] = [0, 0];
  return {
    add(value) {
      if (value === undefined) return;
      sum += value;
      count += 1;
    },
    value: () => (count === 0 ? undefined : sum / count),
  };
}

function hashOf(key: string): number {
  // Multiplied by 2^32 over the golden ratio: checksums of names that differ in one letter lie close together.
  return Math.imul(crc32(key), 0x9e3779b1) >>> 0;
}
