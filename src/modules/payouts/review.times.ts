/** How long FINANCE is waited for, counted from the request; in milliseconds. */
export interface ReviewTimes {
  /** Then they are told. Default 3 days. */
  readonly remindAfterMs: number;
  /** Then the money goes back. Default 7 days. */
  readonly giveBackAfterMs: number;
}

const dayMs = 24 * 60 * 60 * 1000;
export const reviewTimesStandard: ReviewTimes = { remindAfterMs: 3 * dayMs, giveBackAfterMs: 7 * dayMs };

/** When a payout is first looked at that was asked for just now, and waits for somebody. */
export function firstLook({ remindAfterMs, giveBackAfterMs }: ReviewTimes, now: Date): Date {
  return new Date(now.getTime() + Math.min(remindAfterMs, giveBackAfterMs));
}
