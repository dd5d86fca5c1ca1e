import { noFaults, type FaultOptions } from './options.js';
import type { Ablation, Variant } from './variants.js';
import type { SlowCommits } from './verdict/truth.js';

/** What a load is like, beside the faults that were asked for. */
export interface Shape {
  /** COMMITs that wait after their last statement: where announcements matter. */
  readonly slowCommits: SlowCommits;
  /** How much longer a load takes at most, after it has read its rows. */
  readonly loadMsMax: number;
  /** How many of a hundred messages that end a committed write are held back, and how long at most. */
  readonly heldEnds: { readonly percent: number; readonly msMax: number };
  readonly flushEveryMs: readonly [min: number, max: number];
  /** How many of a hundred flushes come just after an announcement. */
  readonly flushesAimedPercent: number;
  readonly readers: number;
  readonly writers: number;
  /** Of all writers together. */
  readonly writesPerSecondMax: number;
  readonly quarantineMs: number;
}

/** A process takes a second of both processors to start again: no more of them are killed than that leaves time for. */
const crashesPerSecondMax = 0.8;
const writesPerSecondMax = 60;

/** Of our cache and of the control: loads and commits that take their time, and more readers when the way to Redis is long. */
function commonShape({ crashPercent, delayMsMax, stall, partition }: FaultOptions): Shape {
  const isHindered = delayMsMax > 0 || stall || partition;
  const affordable = crashPercent > 0 ? (crashesPerSecondMax * 100) / crashPercent : writesPerSecondMax;
  return {
    slowCommits: { share: 0.3, msMax: 100 },
    loadMsMax: 60,
    heldEnds: { percent: delayMsMax > 0 ? 10 : 0, msMax: 4 * delayMsMax },
    flushEveryMs: [2000, 5000],
    flushesAimedPercent: 50,
    readers: isHindered ? 32 : 16,
    writers: isHindered ? 10 : 4,
    writesPerSecondMax: Math.min(writesPerSecondMax, affordable),
    quarantineMs: 700,
  };
}

/** What brings the absence of one part out: the point of a read or of a write at which only that part helps lasts long. */
const revealing: Readonly<
  Record<Ablation, { readonly shape: Partial<Shape>; readonly faults: Partial<FaultOptions> }>
> = {
  // A write lands between the rows of a load and its entry; the line to Redis is slow, so few readers come in between.
  's0-before-load': {
    shape: { loadMsMax: 100, readers: 12, writers: 3, writesPerSecondMax: 20 },
    faults: { delayMsMax: 60 },
  },
  // A write is answered while a load that began before it still runs.
  'join-fence': { shape: { loadMsMax: 400, writesPerSecondMax: 20 }, faults: {} },
  // Between COMMIT and the end of a write, others still find the entry from before.
  'begin-before-commit': {
    shape: { loadMsMax: 5, heldEnds: { percent: 60, msMax: 400 }, writesPerSecondMax: 20 },
    faults: {},
  },
  // Redis forgets an announcement while its COMMIT waits; what is loaded then is found after it.
  quarantine: {
    shape: {
      writers: 6,
      loadMsMax: 5,
      slowCommits: { share: 0.7, msMax: 600 },
      heldEnds: { percent: 60, msMax: 400 },
      flushEveryMs: [300, 900],
      flushesAimedPercent: 90,
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
