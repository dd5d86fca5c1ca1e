/** Chance that can be told again: the same seed gives the same sequence. */
export interface Random {
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
  pick<T>(list: readonly T[]): T;
  /** True in `percent` of the calls. */
  chance(percent: number): boolean;
  /** The list in another order. */
  shuffled<T>(list: readonly T[]): readonly T[];
}

/** Xorshift with 32 bits of state (Marsaglia, "Xorshift RNGs", 2003); for demo data, not for secrets. */
export function createRandom(seed: number): Random {
  let state = (seed | 0) ^ 0x9e3779b9 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    int,
    pick<T>(list: readonly T[]): T {
      return list[int(0, list.length - 1)] as T;
    },
    chance: (percent) => next() * 100 < percent,
    shuffled: (list) =>
      list
        .map((item) => ({ item, place: next() }))
        .toSorted((one, other) => one.place - other.place)
        .map(({ item }) => item),
  };
}
