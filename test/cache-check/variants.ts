/** The parts of the cache that a check can take out, each of which it must then see missing. */
export const ablations = ['s0-before-load', 'join-fence', 'begin-before-commit', 'quarantine'] as const;
export type Ablation = (typeof ablations)[number];

/** Which cache the servers of one run have: ours, the one every tutorial builds, or ours without one part. */
export type Variant = 'runam' | 'del-after-commit' | Ablation;
export const variants = ['runam', 'del-after-commit', ...ablations] as const satisfies readonly Variant[];
