/** When this process itself last spoilt a tag, so that its own bounded reads ask again at once. */
export interface Spoils {
  note(tags: readonly string[], atMs: number): void;
  noteAll(atMs: number): void;
  /** Whether any of `tags` was spoilt at `sinceMs` or later. Too often rather than too rarely. */
  isAnySince(tags: readonly string[], sinceMs: number): boolean;
}

/** @param tagsMax how many are remembered one by one; those forgotten count as spoilt when the youngest of them was */
export function createSpoils(tagsMax = 10_000): Spoils {
  const times = new Map<string, number>();
  let othersAtMs = Number.NEGATIVE_INFINITY;
  return {
    note(tags, atMs) {
      for (const tag of tags) {
        // Taken out first, so that the map's order is the order of the times.
        times.delete(tag);
        times.set(tag, atMs);
      }
      for (const [tag, forgottenAtMs] of times) {
        if (times.size <= tagsMax) break;
        times.delete(tag);
        othersAtMs = forgottenAtMs;
      }
    },
    noteAll(atMs) {
      times.clear();
      othersAtMs = atMs;
    },
    isAnySince: (tags, sinceMs) =>
      othersAtMs >= sinceMs || tags.some((tag) => (times.get(tag) ?? Number.NEGATIVE_INFINITY) >= sinceMs),
  };
}
