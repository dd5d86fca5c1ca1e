import { alignedTable } from '../report.js';
import { ratioOf, summarize, type Ratio, type Summary } from '../statistics.js';
import { roadSteps, type RoadStep } from './documents.js';
import type { RoadSlice } from './road.type.js';

export interface RoadMeasured extends RoadSlice {
  /** Processor time of the server's process, milliseconds; undefined where it cannot be known. */
  readonly cpuMs: number | undefined;
}

export interface RoadLine extends Omit<Summary, 'hitShare'> {
  readonly id: string;
  readonly title: string;
  readonly roadsPerSecond: number;
  /** Throughput, to the peer that does the plain SQL. */
  readonly toPlain: Ratio;
  readonly steps: Readonly<Record<RoadStep, Pick<Summary, 'p50Ms' | 'p95Ms' | 'p99Ms'>>>;
}

export function roadLines(
  cases: readonly { readonly id: string; readonly title: string }[],
  measured: readonly (readonly RoadMeasured[])[],
): readonly RoadLine[] {
  const all = measured.map((slices) => slices.map((slice) => timesOf(slice)));
  return cases.map(({ id, title }, index) => {
    const { hitShare: _, ...summary } = summarize(all[index] ?? []);
    const ofStep = (step: RoadStep) => {
      const { p50Ms, p95Ms, p99Ms } = summarize((measured[index] ?? []).map((slice) => timesOf(slice, step)));
      return [step, { p50Ms, p95Ms, p99Ms }] as const;
    };
    return {
      id,
      title,
      ...summary,
      roadsPerSecond: summary.requestsPerSecond / roadSteps.length,
      toPlain: ratioOf(all[index] ?? [], all[0] ?? []),
      steps: Object.fromEntries(roadSteps.map(ofStep)) as RoadLine['steps'],
    };
  });
}

function timesOf({ calls, elapsedMs, generatorLoad, cpuMs }: RoadMeasured, only?: RoadStep) {
  const ofStep = only === undefined ? calls : calls.filter(({ step }) => step === only);
  return { elapsedMs, generatorLoad, cpuMs, hits: 0, latenciesMs: Float64Array.from(ofStep.map(({ ms }) => ms)) };
}

export function roadTable(lines: readonly RoadLine[]): string {
  const rows = lines.map((line) => [
    line.title,
    line.requestsPerSecond.toFixed(0),
    line.roadsPerSecond.toFixed(1),
    line.p50Ms.toFixed(1),
    line.p95Ms.toFixed(1),
    line.p99Ms.toFixed(1),
    line.cpuUs === null ? '-' : line.cpuUs.toFixed(0),
    `${line.toPlain.median.toFixed(3)} (${line.toPlain.low.toFixed(3)}-${line.toPlain.high.toFixed(3)})`,
  ]);
  return alignedTable([
    ['case', 'calls/s', 'errands/s', 'p50 ms', 'p95 ms', 'p99 ms', 'CPU µs', 'to plain SQL'],
    ...rows,
  ]);
}

/** Each call of the road, p50/p95/p99 in milliseconds. */
export function stepTable(lines: readonly RoadLine[]): string {
  const rows = roadSteps.map((step) => [
    step,
    ...lines.map(({ steps }) => {
      const { p50Ms, p95Ms, p99Ms } = steps[step];
      return [p50Ms, p95Ms, p99Ms].map((ms) => (Number.isNaN(ms) ? '-' : ms.toFixed(0))).join('/');
    }),
  ]);
  return alignedTable([['p50/p95/p99 ms', ...lines.map(({ id }) => id)], ...rows]);
}
