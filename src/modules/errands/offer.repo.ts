import type { Tx } from '../../db/index.js';
import { liveOfferStates, type Errand, type Offer, type OfferState } from './errand.js';

/** Answers every offer on a locked errand that still waits for an answer. */
export async function closeLiveOffers(tx: Tx, { tenantId, id }: Errand, state: OfferState, now: Date): Promise<void> {
  const where = { tenantId, errandId: id, state: { in: [...liveOfferStates] } };
  await tx.offer.updateMany({ where, data: { state, version: { increment: 1 }, updatedAt: now } });
}

/** The accepted offer of a locked errand binds nobody any longer: REJECTED by the customer, WITHDRAWN by the runner, or EXPIRED by a timer. */
export async function releaseAcceptedOffer(
  tx: Tx,
  { tenantId, id }: Errand,
  state: 'REJECTED' | 'WITHDRAWN' | 'EXPIRED',
  now: Date,
): Promise<void> {
  const where = { tenantId, errandId: id, state: 'ACCEPTED' as const };
  await tx.offer.updateMany({ where, data: { state, version: { increment: 1 }, updatedAt: now } });
}

/** Ends what nobody answered in time on a locked errand. @param runnerId only this runner's. @returns how many */
export async function expireStaleOffers(
  tx: Tx,
  { tenantId, id }: Errand,
  now: Date,
  runnerId?: string,
): Promise<number> {
  const { count } = await tx.offer.updateMany({
    where: {
      tenantId,
      errandId: id,
      state: { in: [...liveOfferStates] },
      expiresAt: { lte: now },
      ...(runnerId !== undefined && { runnerId }),
    },
    data: { state: 'EXPIRED', version: { increment: 1 }, updatedAt: now },
  });
  return count;
}

/** The state an offer is in by the clock: a live one ends at its time, however late the timer that writes it down. */
export function offerStateAt({ state, expiresAt }: Pick<Offer, 'state' | 'expiresAt'>, now: Date): OfferState {
  const isLive = (liveOfferStates as readonly OfferState[]).includes(state);
  return isLive && expiresAt <= now ? 'EXPIRED' : state;
}
