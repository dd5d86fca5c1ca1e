import type { Slice } from './load/slice.type.js';

interface Timed extends Slice {
  /** Processor time of the server's process, milliseconds; undefined where it cannot be known. */
  readonly cpuMs: number | undefined;
}

export interface Summary {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server's process a request, microseconds; null where it cannot be known. */
  readonly cpuUs: number | null;
  /** Share of answers that the cache gave, 0 to 1. */
  readonly hitShare: number;
  /** Share of the time that the load generator was busy, 0 to 1. */
  readonly generatorLoad: number;
}

export function summarize(slices: readonly Timed[]): Summary {
  const latencies = Float64Array.from(slices.flatMap(({ latenciesMs }) => [...latenciesMs])).toSorted();
  const requests = latencies.length;
  const elapsedMs = sum(slices.map((slice) => slice.elapsedMs));
  const cpuMs = slices.every((slice) => slice.cpuMs !== undefined)
    ? sum(slices.map((slice) => slice.cpuMs ?? 0))
    : null;
  return {
    requests,
    requestsPerSecond: (requests / elapsedMs) * 1000,
    p50Ms: percentile(latencies, 0.5),
    p95Ms: percentile(latencies, 0.95),
    p99Ms: percentile(latencies, 0.99),
    cpuUs: cpuMs === null ? null : (cpuMs * 1000) / requests,
    hitShare: sum(slices.map(({ hits }) => hits)) / requests,
    generatorLoad: sum(slices.map((slice) => slice.generatorLoad * slice.elapsedMs)) / elapsedMs,
  };
}

/** How many times the throughput of `other`, in the median round, and in the round a quarter and three quarters up. */
export interface Ratio {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Compares round by round, so that a noisy moment counts for both or for neither. */
export function ratioOf(slices: readonly Timed[], other: readonly Timed[]): Ratio {
  const ratios = slices.flatMap((slice, round) => {
    const beside = other[round];
    return beside ? [throughput(slice) / throughput(beside)] : [];
  });
  const sorted = Float64Array.from(ratios).toSorted();
  return { median: percentile(sorted, 0.5), low: percentile(sorted, 0.25), high: percentile(sorted, 0.75) };
}

function throughput({ latenciesMs, elapsedMs }: Timed): number {
  return latenciesMs.length / elapsedMs;
}

/** Nearest rank. */
function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
