/** Counts what is asked, by whom, and says whether there is some left for them in this minute. */
export type MinuteLimit = (who: string) => boolean;

/** @param max of one asker in a minute; 0: no limit */
export function createMinuteLimit(max: number): MinuteLimit {
  const asked = new Map<string, number>();
  let minute = 0;
  return (who) => {
    if (max === 0) return true;
    const now = Math.floor(performance.now() / 60_000);
    if (now !== minute) asked.clear();
    minute = now;
    const count = (asked.get(who) ?? 0) + 1;
    asked.set(who, count);
    return count <= max;
  };
}
