import { noFaults, type FaultOptions } from './options.js';
import type { Ablation, Variant } from './variants.js';
import type { SlowCommits } from './verdict/truth.js';

/** What a load is like, beside the faults that were asked for. Each time is drawn between its bounds. */
export interface Shape {
  /** COMMITs that wait after their last statement: where announcements matter. */
  readonly slowCommits: SlowCommits;
  /** How much longer a load takes at most, after it has read its rows. */
  readonly loadMsMax: number;
  /** How many of a hundred messages that end a committed write are held back. */
  readonly heldEnds: { readonly percent: number; readonly msMin: number; readonly msMax: number };
  readonly flushEveryMs: readonly [min: number, max: number];
  /**
   * What takes all hits away (flushes, restarts of Redis, partitions) waits until each tier has had so many since the last
   * time, so that there is something to be taken away on a slow machine too.
   */
  readonly hitsBetween: number;
  /** How many of a hundred flushes come just after an announcement. */
  readonly flushesAimedPercent: number;
  readonly readers: number;
  /** How many of a hundred reads are of escrows. */
  readonly strictReadsPercent: number;
  /** Each has one errand in hand, and all readers look at those. */
  readonly writers: number;
  /** How many of a hundred writes are of titles and profiles, as far as those can be changed. */
  readonly textWritesPercent: number;
  /** Of all writers together. */
  readonly writesPerSecondMax: number;
  readonly quarantineMs: number;
}

/** A process takes a second of both processors to start again: no more of them are killed than that leaves time for. */
const crashesPerSecondMax = 0.8;
const writesPerSecondMax = 60;

/** Of our cache and of the control: loads and commits that take their time, and more clients when things get in their way. */
function commonShape({ crashPercent, delayMsMax, stall, partition }: FaultOptions): Shape {
  const isHindered = delayMsMax > 0 || stall || partition;
  const affordable = crashPercent > 0 ? (crashesPerSecondMax * 100) / crashPercent : writesPerSecondMax;
  return {
    slowCommits: { table: undefined, share: 0.3, msMin: 0, msMax: 100 },
    loadMsMax: 60,
    heldEnds: { percent: delayMsMax > 0 ? 10 : 0, msMin: 0, msMax: 4 * delayMsMax },
    flushEveryMs: [2000, 5000],
    hitsBetween: 2,
    flushesAimedPercent: 50,
    readers: isHindered ? 32 : 16,
    strictReadsPercent: 50,
    writers: isHindered ? 6 : 4,
    textWritesPercent: 40,
    writesPerSecondMax: Math.min(writesPerSecondMax, affordable),
    quarantineMs: 700,
  };
}

/**
 * What brings the absence of one part out: everybody looks at one errand, and the point of a read or of a write at which
 * only that part helps lasts long, also measured by the pace of a busy machine.
 */
const revealing: Readonly<
  Record<Ablation, { readonly shape: Partial<Shape>; readonly faults: Partial<FaultOptions> }>
> = {
  // A write lands between the rows of a load and its entry. Readers are few, so that none of the same process has looked
  // since and replaced the load, and the way to Redis is long, so that they would hear of it late.
  's0-before-load': {
    shape: { loadMsMax: 400, readers: 10, writers: 2, textWritesPercent: 70, writesPerSecondMax: 5 },
    faults: { delayMsMax: 60 },
  },
  // A write is answered while a load that began before it still runs.
  'join-fence': {
    shape: { loadMsMax: 1200, readers: 12, writers: 1, textWritesPercent: 60, writesPerSecondMax: 8 },
    faults: {},
  },
  // Between COMMIT and the end of a write, others still find the entry from before.
  'begin-before-commit': {
    shape: {
      loadMsMax: 5,
      heldEnds: { percent: 100, msMin: 300, msMax: 600 },
      readers: 10,
      strictReadsPercent: 90,
      writers: 1,
      textWritesPercent: 0,
      writesPerSecondMax: 4,
    },
    faults: {},
  },
  // Redis forgets an announcement while its COMMIT waits; what is loaded then is found after it.
  quarantine: {
    shape: {
      slowCommits: { table: 'escrow', share: 1, msMin: 300, msMax: 800 },
      loadMsMax: 5,
      heldEnds: { percent: 100, msMin: 300, msMax: 600 },
      flushEveryMs: [10, 50],
      hitsBetween: 0,
      flushesAimedPercent: 100,
      readers: 10,
      strictReadsPercent: 90,
      writers: 1,
      textWritesPercent: 0,
      quarantineMs: 0,
    },
    faults: { flush: true },
  },
};

/** An ablation has the load and the faults that bring it out; everything else those that were asked for. */
export function shapeOf(
  variant: Variant,
  asked: FaultOptions,
): { readonly shape: Shape; readonly faults: FaultOptions } {
  if (variant === 'runam' || variant === 'del-after-commit') return { shape: commonShape(asked), faults: asked };
  const { shape, faults } = revealing[variant];
  return { shape: { ...commonShape(noFaults), ...shape }, faults: { ...noFaults, ...faults } };
}
