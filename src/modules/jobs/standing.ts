/** Work of the whole installation that is done again and again, by one process at a time. */
export interface Standing {
  readonly name: string;
  readonly schedule: { readonly everyMs: number } | { readonly cron: string };
  /** One round. `goesOn` turns false when the worker is being stopped, for those that could take long. */
  readonly work: (goesOn: () => boolean) => Promise<void>;
}

/**
 * Work in rounds with a pause of `everyMs` after each: the first as soon as some worker runs. A round that fails is logged
 * once, and the next is tried all the same.
 */
export function recurring(name: string, everyMs: number, work: Standing['work']): Standing {
  return { name, schedule: { everyMs }, work };
}

/** Work at the minutes that a cron pattern (five fields, UTC) names; what was missed is not made up for. */
export function cron(name: string, pattern: string, work: Standing['work']): Standing {
  return { name, schedule: { cron: pattern }, work };
}
