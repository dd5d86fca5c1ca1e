import { availableParallelism } from 'node:os';
import type { Measured } from './measure.js';
import type { BenchOptions } from './options.js';
import type { BenchCase } from './stage/cases.js';
import { ratioOf, summarize, type Ratio, type Summary } from './statistics.js';

export interface Line extends Omit<Summary, 'hitShare'> {
  readonly id: string;
  readonly title: string;
  /** Share of answers that the cache gave, 0 to 1; null where there is no cache to look at. */
  readonly hitShare: number | null;
  readonly toHttp: Ratio;
  readonly toUncached: Ratio;
}

export function linesOf(cases: readonly BenchCase[], measured: readonly (readonly Measured[])[]): readonly Line[] {
  const slicesOf = (id: string): readonly Measured[] => measured[cases.findIndex((one) => one.id === id)] ?? [];
  const [http, uncached] = [slicesOf('http'), slicesOf('uncached')];
  return cases.map(({ id, title, isHit }) => {
    const slices = slicesOf(id);
    const summary = summarize(slices);
    const hitShare = isHit === undefined ? null : summary.hitShare;
    return {
      id,
      title,
      ...summary,
      hitShare,
      toHttp: ratioOf(slices, http),
      toUncached: ratioOf(slices, uncached),
    };
  });
}

const columns: readonly (readonly [string, (line: Line) => string])[] = [
  ['case', ({ title }) => title],
  ['req/s', ({ requestsPerSecond }) => requestsPerSecond.toFixed(0)],
  ['p50 ms', ({ p50Ms }) => p50Ms.toFixed(2)],
  ['p99 ms', ({ p99Ms }) => p99Ms.toFixed(2)],
  ['CPU µs', ({ cpuUs }) => (cpuUs === null ? '-' : cpuUs.toFixed(0))],
  ['to node:http', ({ toHttp }) => toHttp.median.toFixed(3)],
  [
    'to uncached',
    ({ toUncached }) => `${toUncached.median.toFixed(2)} (${toUncached.low.toFixed(2)}-${toUncached.high.toFixed(2)})`,
  ],
  ['hits', ({ hitShare }) => (hitShare === null ? '-' : `${(hitShare * 100).toFixed(1)} %`)],
];

/** A table for a terminal, numbers to the right. */
export function tableOf(lines: readonly Line[]): string {
  return alignedTable([columns.map(([name]) => name), ...lines.map((line) => columns.map(([, show]) => show(line)))]);
}

/** The first row names the columns. */
export function alignedTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join('  ')).join('\n');
}

/** Near 100 % the generator, and not the server, would be what is measured. */
export function generatorNote(lines: readonly Line[]): string {
  const busiest = Math.max(...lines.map(({ generatorLoad }) => generatorLoad));
  return `The load generator was busy ${(busiest * 100).toFixed(0)} % of the time at most.`;
}

/** What the numbers were measured on and how, in one line. */
export function circumstances({ seconds, connections }: BenchOptions): string {
  return `${availableParallelism()} cores, Node ${process.versions.node}, ${connections} connections, ${seconds} s a case`;
}

export function jsonOf(lines: readonly Line[], { seconds, connections }: BenchOptions): string {
  return jsonWith({ seconds, connections, cases: lines });
}

/** One line: `parts`, and what they were measured on. */
export function jsonWith(parts: object): string {
  return JSON.stringify({ ok: true, cores: availableParallelism(), node: process.versions.node, ...parts });
}
