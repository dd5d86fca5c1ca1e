import type { Finding } from './judge.js';

export const tiers = ['strict', 'acked'] as const;
export type Tier = (typeof tiers)[number];
/** Which floor each tier must not fall behind. */
export type Promises = Readonly<Record<Tier, Finding['promise']>>;
const promised: Promises = { strict: 'G', acked: 'A' };

export interface TierCounts {
  reads: number;
  /** Answered writes of what the tier shows. */
  writes: number;
  hits: number;
  /** Reads that fell behind the floor of their tier. */
  violations: number;
  /** Of the violations: how long what was shown had been over. */
  worstAgeMs: number;
  /** Reads that fell behind what was committed, whatever their tier promises, and by how much at worst. */
  olderThanCommitted: number;
  olderThanCommittedWorstMs: number;
}

/** A read that broke the promise of its tier, for people to look into. */
export interface Violation {
  readonly tier: Tier;
  readonly read: string;
  readonly process: number;
  /** Since the load began. */
  readonly atMs: number;
  readonly cacheStatus: string;
  readonly findings: readonly Finding[];
}

export interface Tally {
  readonly tiers: Readonly<Record<Tier, TierCounts>>;
  /** The first of them. */
  readonly violations: readonly Violation[];
  /** Requests whose connection broke: nobody knows what became of them. */
  unanswered: number;
  /** GraphQL errors, by code and kind of request. */
  readonly refused: Record<string, number>;
  read(read: Omit<Violation, 'atMs'>): void;
  wrote(tier: Tier): void;
  refuse(what: string): void;
  violationsCount(): number;
}

const violationsKeptMax = 20;

export function createTally(promises: Promises = promised): Tally {
  const startedMs = performance.now();
  const counts: Record<Tier, TierCounts> = { strict: noCounts(), acked: noCounts() };
  const violations: Violation[] = [];
  const refused: Record<string, number> = {};
  return {
    tiers: counts,
    violations,
    unanswered: 0,
    refused,
    read(read) {
      const count = counts[read.tier];
      count.reads += 1;
      if (read.cacheStatus.includes('; hit')) count.hits += 1;
      const committed = read.findings.filter(({ promise }) => promise === 'G');
      if (committed.length > 0) count.olderThanCommitted += 1;
      count.olderThanCommittedWorstMs = Math.max(
        count.olderThanCommittedWorstMs,
        ...committed.map(({ ageMs }) => ageMs),
      );
      const broken = read.findings.filter(({ promise }) => promise === promises[read.tier]);
      if (broken.length === 0) return;
      count.violations += 1;
      count.worstAgeMs = Math.max(count.worstAgeMs, ...broken.map(({ ageMs }) => ageMs));
      if (violations.length < violationsKeptMax)
        violations.push({ ...read, findings: broken, atMs: performance.now() - startedMs });
    },
    wrote: (tier) => void (counts[tier].writes += 1),
    refuse: (what) => void (refused[what] = (refused[what] ?? 0) + 1),
    violationsCount: () => tiers.reduce((sum, tier) => sum + counts[tier].violations, 0),
  };
}

function noCounts(): TierCounts {
  return {
    reads: 0,
    writes: 0,
    hits: 0,
    violations: 0,
    worstAgeMs: 0,
    olderThanCommitted: 0,
    olderThanCommittedWorstMs: 0,
  };
}
