import type { FaultCounts } from './faults.js';
import type { CheckOptions, FaultOptions } from './options.js';
import type { RunResult } from './run.js';
import type { Ablation, Variant } from './variants.js';
import { tiers, type Tally, type Tier, type TierCounts, type Violation } from './verdict/tally.js';

/** What was run, by what for. */
export interface CheckRuns {
  runam?: RunResult;
  control?: RunResult;
  readonly ablated: Map<Ablation, RunResult>;
}

export interface Outcome {
  readonly exitCode: 0 | 1 | 3;
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
}

export function outcomeOf(options: CheckOptions, runs: CheckRuns): Outcome {
  const { seed, seconds, processes } = options;
  const results = runs.runam ? [runs.runam] : [...runs.ablated.values()];
  const unfit = runs.runam ? lacksOf(options.faults, runs.runam.tally, runs.runam.faults).slice() : [];
  if (runs.control?.tally.violationsCount() === 0) unfit.push('the control showed no violation.');
  const kept = results.every(({ tally }) => tally.violationsCount() === 0);
  const unnoticed = [...runs.ablated].filter(([, { tally }]) => tally.violationsCount() === 0).map(([name]) => name);
  const ok = kept && unfit.length === 0 && runs.ablated.size === 0;
  const json = {
    ok,
    seed,
    seconds,
    processes,
    tiers: Object.fromEntries(tiers.map((tier) => [tier, tierJson(results, tier)])),
    faults: sumOf(results.map(({ faults }) => faults)),
    unanswered: results.reduce((sum, { tally }) => sum + tally.unanswered, 0),
    refused: sumOf(results.map(({ tally }) => tally.refused)),
    ...(runs.control && { control: controlJson(runs.control) }),
    ...(runs.ablated.size > 0 && {
      ablations: Object.fromEntries([...runs.ablated].map(([name, result]) => [name, controlJson(result)])),
    }),
    ...(unfit.length > 0 && { unfit }),
  };
  const lines = [
    ...unfit.map((why) => `Not a check: ${why}`),
    ...unnoticed.map((name) => `Not a check: without ${name} nothing went wrong that it could see.`),
    ok ? 'Every promise was kept, and the control broke it.' : verdictLine(kept, runs.ablated.size > 0),
  ];
  return { exitCode: ok ? 0 : unnoticed.length > 0 ? 3 : 1, lines, json };
}

function verdictLine(kept: boolean, isAblated: boolean): string {
  if (kept) return 'No promise was broken, but the check does not count.';
  return isAblated ? 'The cache broke its promises without that part, as it must.' : 'THE CACHE BROKE ITS PROMISE.';
}

/** What has not happened in a run of our cache and must, for it to prove anything. */
export function lacksOf(asked: FaultOptions, tally: Tally, counts: FaultCounts): readonly string[] {
  const wanted = [
    [asked.crashPercent > 0, counts.crashes, '--crash killed nobody'],
    [asked.flush, counts.flushes, '--flush emptied nothing'],
    [asked.redisRestart, counts.redisRestarts, '--redis-restart restarted nothing'],
    [asked.stall, counts.stalls, '--stall stopped nobody'],
    [asked.partition, counts.partitions, '--partition cut nobody off'],
    [true, counts.announced, 'no announcement of a write was recognised on its way to Redis'],
    [true, counts.ended, 'no end of a write was recognised on its way to Redis'],
  ] as const;
  const idle = tiers.flatMap((tier) => {
    const { reads, writes, hits } = tally.tiers[tier];
    return reads > 0 && writes > 0 && hits > 0 ? [] : [`${tier}: ${reads} reads, ${writes} writes, ${hits} hits.`];
  });
  return [...wanted.filter(([isAsked, count]) => isAsked && count === 0).map(([, , why]) => `${why}.`), ...idle];
}

function tierJson(results: readonly RunResult[], tier: Tier) {
  const counts = results.map(({ tally }) => tally.tiers[tier]);
  const sum = (of: (count: TierCounts) => number): number => counts.reduce((total, count) => total + of(count), 0);
  const worst = (of: (count: TierCounts) => number): number => Math.round(Math.max(0, ...counts.map(of)));
  const reads = sum((count) => count.reads);
  return {
    reads,
    writes: sum((count) => count.writes),
    hitRatio: ratio(
      sum((count) => count.hits),
      reads,
    ),
    violations: sum((count) => count.violations),
    worstAgeMs: worst((count) => count.worstAgeMs),
    olderThanCommitted: sum((count) => count.olderThanCommitted),
    olderThanCommittedWorstMs: worst((count) => count.olderThanCommittedWorstMs),
  };
}

function controlJson(result: RunResult) {
  const [strict, acked] = tiers.map((tier) => tierJson([result], tier)) as [TierJson, TierJson];
  return {
    reads: strict.reads + acked.reads,
    writes: strict.writes + acked.writes,
    violations: strict.violations + acked.violations,
    worstAgeMs: Math.max(strict.worstAgeMs, acked.worstAgeMs),
    seconds: Math.round(result.seconds),
    faults: result.faults,
    tiers: { strict, acked },
  };
}
type TierJson = ReturnType<typeof tierJson>;

function sumOf(many: readonly object[]): Readonly<Record<string, number>> {
  const total: Record<string, number> = {};
  for (const counts of many)
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + Number(count);
  return total;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 1000;
}

const violationsShownMax = 3;

/** One run in lines for people; of a cache that ought to keep its promises, every violation that was kept. */
export function describeRun(variant: Variant, result: RunResult): string {
  const { tally, faults, seconds } = result;
  const lines = tiers.map((tier) => {
    const { reads, writes, hitRatio, violations, worstAgeMs, ...older } = tierJson([result], tier);
    const worst = violations > 0 ? `, at worst ${worstAgeMs} ms old` : '';
    const { olderThanCommitted, olderThanCommittedWorstMs } = older;
    const isInformed = tier === 'acked' || olderThanCommitted > violations;
    const info = isInformed
      ? ` (older than committed: ${olderThanCommitted}, at worst ${olderThanCommittedWorstMs} ms)`
      : '';
    const hits = `${Math.round(hitRatio * 100)} % hits`;
    return `    ${tier}: ${reads} reads, ${hits}, ${writes} writes, ${violations} violations${worst}${info}`;
  });
  const done = Object.entries(faults).map(([name, count]) => `${name} ${count}`);
  const shown = tally.violations.slice(0, variant === 'runam' ? undefined : violationsShownMax);
  const refused = Object.entries(tally.refused).map(([what, count]) => `${what} ${count}`);
  return [
    ...lines,
    `    ${done.join(', ')}; unanswered ${tally.unanswered}; refused: ${refused.join(', ') || 'none'}; ${seconds.toFixed(1)} s`,
    ...shown.map(describeViolation),
  ].join('\n');
}

function describeViolation({ tier, read, process, atMs, cacheStatus, findings }: Violation): string {
  const what = findings.map(({ kind, id, shown, floor, ageMs }) =>
    kind === 'missing'
      ? `lacks ${id}, there since version ${floor} and ${Math.round(ageMs)} ms`
      : `shows ${id} at version ${shown}, which was ${floor} ${tier === 'strict' ? 'in the database' : 'in an answer'}; over for ${Math.round(ageMs)} ms`,
  );
  return `    ${tier} violation after ${(atMs / 1000).toFixed(2)} s: process ${process}, ${read} [${cacheStatus}] ${what.join('; ')}`;
}
