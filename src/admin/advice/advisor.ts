import type { CacheEvent } from '../../cache/index.js';
import { hitRatioAt, medianOf, reuseIntervals, spoiltIntervals, type Prediction, type TypeAdvice } from './predict.js';
import { createSampler, type SamplerOptions, type TypeSample } from './sample.js';

export interface AdviceReport {
  /** Seconds that reads have been watched; nothing can be said of longer times to live. */
  readonly watchedS: number;
  /** What the figures cannot tell. */
  readonly note: string;
  readonly types: readonly TypeAdvice[];
}

export interface Advisor {
  /** @param types default: every type that was read */
  advise(types?: readonly string[]): AdviceReport;
  stop(): void;
}

export interface AdvisorOptions extends SamplerOptions {
  readonly cache: { on(observer: (event: CacheEvent) => void): () => void };
  /** What holds now: shown beside the advice, and a time to live of `ttl` types is never advised up. */
  readonly policyOf: (type: string) => { readonly ttlMs: number; readonly tier: string } | undefined;
  /** Times to live to judge, seconds, rising. */
  readonly candidatesS?: readonly number[];
  /** Fewer watched reads than this give no advice. Default 50. */
  readonly readsMin?: number;
}

export const standardCandidatesS = [5, 15, 30, 60, 120, 300, 600, 1800, 3600, 10_800, 43_200, 86_400] as const;

const note =
  'From the reads of this server process alone. Among several, a key is reused more often than one of them sees: true hit ratios are not lower.';

/** Advice on times to live from what this process reads: kept up all the time, at the price of one hash a read. */
export function createAdvisor(options: AdvisorOptions): Advisor {
  const { cache, policyOf, candidatesS = standardCandidatesS, readsMin = 50 } = options;
  const sampler = createSampler(options);
  const stop = cache.on(sampler.observe);
  return {
    stop,
    advise(types) {
      const { forMs } = sampler.watched();
      const wanted = [...sampler.types()].filter(([type]) => types === undefined || types.includes(type));
      const advice = wanted.map(([type, sample]) => adviseType(type, sample, policyOf(type), candidatesS, readsMin));
      return { watchedS: Math.round(forMs / 1000), note, types: advice.toSorted((a, b) => b.reads - a.reads) };
    },
  };
}

function adviseType(
  type: string,
  sample: TypeSample,
  policy: { readonly ttlMs: number; readonly tier: string } | undefined,
  candidatesS: readonly number[],
  readsMin: number,
): TypeAdvice {
  const reads = sample.keys.reduce((sum, key) => sum + key.reads, 0);
  const predictions = candidatesS.map((ttlS) => ({ ttlS, hitRatio: hitRatioAt(sample.keys, ttlS * 1000) }));
  const facts = {
    type,
    tier: policy?.tier,
    ttlS: policy && policy.ttlMs / 1000,
    reads,
    keys: sample.keys.length,
    sampled: sample.rate,
    medianReuseS: seconds(medianOf(reuseIntervals(sample))),
    medianSpoiltAfterS: seconds(medianOf(spoiltIntervals(sample))),
    hitMs: sample.hitMs,
    loadMs: sample.loadMs,
    predictions,
  };
  if (reads < readsMin) {
    const why = `${reads} reads of watched keys; ${readsMin} are needed.`;
    return { ...facts, recommendedTtlS: undefined, verdict: 'too-few-reads', why };
  }
  return { ...facts, ...judge(predictions, sample, policy) };
}

/** Beyond a knee more time brings next to nothing and keeps memory; hence the shortest that is nearly the best. */
const nearlyBest = 0.99;

function judge(
  predictions: readonly Prediction[],
  { hitMs, loadMs }: TypeSample,
  policy: { readonly ttlMs: number; readonly tier: string } | undefined,
): Pick<TypeAdvice, 'recommendedTtlS' | 'verdict' | 'why'> {
  const mayGrow = policy?.tier !== 'ttl' || policy.ttlMs === 0;
  const allowed = predictions.filter(({ ttlS }) => mayGrow || ttlS * 1000 <= policy.ttlMs);
  const best = Math.max(0, ...allowed.map(({ hitRatio }) => hitRatio));
  const chosen = allowed.find(({ hitRatio }) => hitRatio >= best * nearlyBest);
  // A read through the cache costs its look whether it hits or not, and saves the load when it hits.
  const savedMs = hitMs === undefined || loadMs === undefined ? undefined : best * Math.max(0, loadMs - hitMs);
  if (best === 0 || (savedMs !== undefined && hitMs !== undefined && savedMs < hitMs)) {
    const why = `At best ${percent(best)} of reads hit, which saves ${shown(savedMs)} a read; the look costs ${shown(hitMs)}.`;
    return { recommendedTtlS: 0, verdict: 'loses', why };
  }
  const bounded = mayGrow ? '' : ' Its time to live bounds how old it may be, so no longer one is advised.';
  const why = `${chosen?.ttlS} s gives ${percent(chosen?.hitRatio ?? 0)} hits, the most that any gives is ${percent(best)}.${bounded}`;
  return { recommendedTtlS: chosen?.ttlS, verdict: 'caches-well', why };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms) / 1000;
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

function shown(ms: number | undefined): string {
  return ms === undefined ? 'nothing measured' : `${ms.toFixed(2)} ms`;
}
