import type { TransferReport } from '../providers/index.js';
import type { Payout, PayoutState } from './payout.js';
import type { PayoutTransitionName } from './payout.transitions.js';

/**
 * The transitions that a provider's report calls for, in order; none when it is no news. Total over states and reports, and
 * where it is in doubt nothing moves: `UNKNOWN` and `NOT_FOUND` never end a payout.
 */
export function transitionsFor(
  { state }: Pick<Payout, 'state'>,
  report: TransferReport,
  isNotFoundFinal: boolean,
): readonly PayoutTransitionName[] {
  if (!isOpen(state)) return state === 'PAID' && report.kind === 'REVERSED' ? ['reverse'] : [];
  switch (report.kind) {
    case 'PAID':
      return ['pay'];
    case 'REVERSED':
      return ['pay', 'reverse'];
    case 'FAILED':
      return ['fail'];
    case 'NEEDS_OTP':
      return state === 'NEEDS_OTP' ? [] : ['needOtp'];
    case 'PENDING':
      return state === 'PENDING' ? [] : ['accept'];
    case 'NOT_FOUND':
      if (state === 'UNKNOWN') return isNotFoundFinal ? ['requeue'] : [];
      return state === 'SUBMITTING' ? ['lose'] : [];
    case 'UNKNOWN':
      return state === 'SUBMITTING' ? ['lose'] : [];
  }
}

/** What was reported that is worth remembering, in words; undefined when nothing is wrong. */
export function complaintOf(state: PayoutState, report: TransferReport): string | undefined {
  switch (report.kind) {
    case 'FAILED':
      return state === 'PAID' ? `the provider says of a paid payout that it failed: ${report.reason}` : report.reason;
    case 'UNKNOWN':
    case 'REVERSED':
      return report.reason;
    case 'NOT_FOUND':
      return 'the provider does not know the reference';
    default:
      return undefined;
  }
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A payout that was paid is looked at for so long, and until one more answer after that, in case it comes back and nobody tells. */
export const reversalWatchMs = 7 * 24 * hourMs;

interface Pause {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** A person has to look, and the provider may still put itself right: it is asked ever more rarely. */
const pauseInDoubt: Pause = { firstMs: 10 * minuteMs, mostMs: 24 * hourMs };

const pauses = {
  SUBMITTING: { firstMs: 10_000, mostMs: 10 * minuteMs },
  UNKNOWN: { firstMs: 10_000, mostMs: 10 * minuteMs },
  PENDING: { firstMs: 15_000, mostMs: 30 * minuteMs },
  NEEDS_OTP: { firstMs: minuteMs, mostMs: hourMs },
  QUEUED: { firstMs: 10_000, mostMs: 10 * minuteMs },
  PAID: { firstMs: 24 * hourMs, mostMs: 24 * hourMs },
} as const satisfies Partial<Record<PayoutState, Pause>>;

/**
 * When to look at it again: after a pause that doubles with each look that brought no news. Null when it is over.
 * @param checks looks without news so far
 * @param isAnswered the last look told how the payout stands
 * @param isDoubted what it told does not fit
 */
export function nextCheck(
  state: PayoutState,
  checks: number,
  now: Date,
  {
    settledAt,
    isAnswered,
    isDoubted = false,
  }: { readonly settledAt: Date | null; readonly isAnswered: boolean; readonly isDoubted?: boolean },
): Date | null {
  const watchedMs = settledAt ? now.getTime() - settledAt.getTime() : 0;
  if (state === 'PAID' && isAnswered && watchedMs >= reversalWatchMs) return null;
  const pause: Pause | undefined = isDoubted ? pauseInDoubt : pauses[state as keyof typeof pauses];
  if (!pause) return null;
  return new Date(now.getTime() + Math.min(pause.firstMs * 2 ** Math.min(checks, 30), pause.mostMs));
}

function isOpen(state: PayoutState): boolean {
  return ['SUBMITTING', 'UNKNOWN', 'PENDING', 'NEEDS_OTP', 'QUEUED'].includes(state);
}
