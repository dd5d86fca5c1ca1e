import { isStaff, notFound, type Viewer } from '../../kernel/index.js';
import type { Payout as PayoutRow, PayoutEvent as PayoutEventRow, PayoutState } from '../../db/index.js';

export type Payout = Readonly<PayoutRow>;
export type PayoutEvent = Readonly<PayoutEventRow>;
export type { PayoutState };

export const payoutStates = [
  'REQUESTED',
  'QUEUED',
  'SUBMITTING',
  'PENDING',
  'NEEDS_OTP',
  'UNKNOWN',
  'PAID',
  'FAILED',
  'REJECTED',
  'REVERSED',
] as const satisfies readonly PayoutState[];

/** At the provider, or perhaps there: the money is in transit and nobody knows yet how it ends. */
export const inFlightStates = [
  'SUBMITTING',
  'PENDING',
  'NEEDS_OTP',
  'UNKNOWN',
] as const satisfies readonly PayoutState[];

type Owned = Pick<Payout, 'id' | 'tenantId' | 'userId'>;

/** Its owner, and those whose job it is: FINANCE and ADMIN. */
export function canSeePayout(viewer: Viewer, payout: Owned): boolean {
  if (viewer.kind !== 'user' || viewer.tenantId !== payout.tenantId) return false;
  return viewer.userId === payout.userId || seesAllPayouts(viewer);
}

export function seesAllPayouts(viewer: Viewer): boolean {
  return isStaff(viewer) && (viewer.roles.has('FINANCE') || viewer.roles.has('ADMIN'));
}

/** @throws AppError NOT_FOUND, the same as for a payout that does not exist */
export function assertPayoutVisible(viewer: Viewer, payout: Owned): void {
  if (!canSeePayout(viewer, payout)) throw notFound('payout', payout.id);
}
