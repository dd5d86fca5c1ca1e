import type { Tx } from '../../db/index.js';
import { AppError, type Clock } from '../../kernel/index.js';
import {
  closeLiveOffers,
  decide,
  expireStaleOffers,
  patches,
  refundOf,
  releaseAcceptedOffer,
  saveTransition,
  systemActor,
  type TransitionName,
} from '../errands/index.js';
import { partsOf, silentSettlement } from './escrow.js';
import { factsOf, lockBoth, settleEscrow, voidEscrow, type Held, type Settle } from './escrow.hold.js';

/** Money first: what is owed to somebody is paid before what is only tidied up. */
export const timerNames = [
  'autoRelease',
  'noShow',
  'fundingTimeout',
  'expire',
  'offersExpire',
] as const satisfies readonly (TransitionName | 'offersExpire')[];
export type TimerName = (typeof timerNames)[number];

/**
 * Fires a timer on one errand, under the same locks and with the same decision and bookings as a person's move.
 * @throws AppError ILLEGAL_TRANSITION when it is not due, or no longer; PostgreSQL's lock_not_available when somebody holds
 * the errand or its money for more than a second
 */
export async function fireTimer(
  tx: Tx,
  name: TimerName,
  errand: { readonly tenantId: string; readonly id: string },
  clock: Clock,
): Promise<void> {
  await tx.$executeRaw`SET LOCAL lock_timeout = '1s'`;
  const held = await lockBoth(tx, errand.tenantId, errand.id);
  await fire[name](tx, held, clock.now());
}

const fire = {
  /** Goods are paid by their receipts, because nobody says what was spent. */
  async autoRelease(tx, held, now) {
    const settle: Settle = ({ escrow, feePlan }) => silentSettlement(feePlan, escrow, held.errand);
    await settleEscrow(tx, held, decide('autoRelease', factsOf(held, settle), systemActor, now), settle);
  },
  async noShow(tx, held, now) {
    const settle: Settle = ({ escrow }) => refundOf(partsOf(escrow));
    const decision = decide('noShow', factsOf(held, settle), systemActor, now);
    await releaseAcceptedOffer(tx, held.errand, 'EXPIRED', now);
    await settleEscrow(tx, held, decision, settle);
  },
  async fundingTimeout(tx, held, now) {
    const decision = decide('fundingTimeout', factsOf(held), systemActor, now);
    await releaseAcceptedOffer(tx, held.errand, 'EXPIRED', now);
    await voidEscrow(tx, held, decision, patches.fundingTimeout());
  },
  async expire(tx, held, now) {
    const decision = decide('expire', factsOf(held), systemActor, now);
    await closeLiveOffers(tx, held.errand, 'EXPIRED', now);
    await saveTransition(tx, held.errand, decision);
  },
  /** The errand itself stays as it is. */
  async offersExpire(tx, held, now) {
    const expired = await expireStaleOffers(tx, held.errand, now);
    if (expired === 0) throw new AppError('ILLEGAL_TRANSITION', 'No live offer on the errand is past its time.');
  },
} as const satisfies Record<TimerName, (tx: Tx, held: Held, now: Date) => Promise<void>>;
