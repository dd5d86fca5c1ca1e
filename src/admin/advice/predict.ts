import type { KeySample, TypeSample } from './sample.js';

export interface Prediction {
  readonly ttlS: number;
  /** 0 to 1. */
  readonly hitRatio: number;
}

export type Verdict = 'caches-well' | 'loses' | 'too-few-reads';

/** What would become of one type under other times to live. */
export interface TypeAdvice {
  readonly type: string;
  readonly tier: string | undefined;
  /** Seconds; 0: not cached now. */
  readonly ttlS: number | undefined;
  /** Of the watched keys. */
  readonly reads: number;
  readonly keys: number;
  /** The share of the type's keys that was watched, 0 to 1. */
  readonly sampled: number;
  readonly medianReuseS: number | undefined;
  readonly medianSpoiltAfterS: number | undefined;
  readonly hitMs: number | undefined;
  readonly loadMs: number | undefined;
  readonly predictions: readonly Prediction[];
  /** Seconds: the shortest candidate that gives all but 1 in 100 of the hits that any gives; 0: do not cache. */
  readonly recommendedTtlS: number | undefined;
  readonly verdict: Verdict;
  readonly why: string;
}

/**
 * The share of reads that would have been hits: each watched key's reads are run through again, an entry living from the
 * read that loaded it until it is too old or spoilt. The first read of a key is a miss. Keys count by all their reads.
 */
export function hitRatioAt(keys: readonly KeySample[], ttlMs: number): number {
  let [hits, reads] = [0, 0];
  for (const key of keys) {
    const counted = countHits(key, ttlMs);
    if (counted.of === 0) continue;
    const weight = key.reads / counted.of;
    hits += counted.hits * weight;
    reads += key.reads;
  }
  return reads === 0 ? 0 : hits / reads;
}

function countHits({ at, spoilt, reads }: KeySample, ttlMs: number): { readonly hits: number; readonly of: number } {
  let [hits, loadedAt] = [0, -Infinity];
  for (const [index, now] of at.entries()) {
    if (ttlMs > 0 && spoilt[index] === false && now - loadedAt < ttlMs) hits += 1;
    else loadedAt = now;
  }
  // What came before the oldest read that is remembered is not known, so that one is not judged.
  return { hits, of: reads > at.length ? at.length - 1 : at.length };
}

/** Milliseconds between two reads of one key. */
export function reuseIntervals(sample: TypeSample): readonly number[] {
  return sample.keys.flatMap(({ at }) => at.slice(1).map((now, index) => now - (at[index] ?? now)));
}

/** Milliseconds from a load, kept for ever, to the read that finds it spoilt: at most so long a time to live was of use. */
export function spoiltIntervals(sample: TypeSample): readonly number[] {
  return sample.keys.flatMap(({ at, spoilt }) => {
    let loadedAt = at[0] ?? 0;
    return at.flatMap((now, index) => {
      if (spoilt[index] !== true) return [];
      const interval = now - loadedAt;
      loadedAt = now;
      return [interval];
    });
  });
}

export function medianOf(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
