/** Types that are not to be trusted for a while. */
export interface Demotions {
  has(type: string): boolean;
  /** Starts, or does nothing for a type that is demoted already. @returns for how many milliseconds, when it started */
  start(type: string): number | undefined;
  /** Milliseconds left, by type. */
  left(): Readonly<Record<string, number>>;
}

export interface DemotionTimes {
  /** Of the first demotion of a type, milliseconds; each further one takes twice as long. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/** @param now monotonic milliseconds */
export function createDemotions({ firstMs, longestMs }: DemotionTimes, now: () => number): Demotions {
  const records = new Map<string, { untilMs: number; times: number }>();
  const leftOf = (type: string): number => (records.get(type)?.untilMs ?? -Infinity) - now();
  return {
    has: (type) => records.size > 0 && leftOf(type) > 0,
    start(type) {
      if (leftOf(type) > 0) return undefined;
      const times = records.get(type)?.times ?? 0;
      const forMs = Math.min(firstMs * 2 ** times, longestMs);
      records.set(type, { untilMs: now() + forMs, times: times + 1 });
      return forMs;
    },
    left() {
      const present = [...records.keys()].filter((type) => leftOf(type) > 0);
      return Object.fromEntries(present.map((type) => [type, Math.round(leftOf(type))]));
    },
  };
}
