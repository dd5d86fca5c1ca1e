import type { Tx } from '../../db/index.js';
import { liveOfferStates, type Errand, type OfferState } from './errand.js';

/** Answers every offer on a locked errand that still waits for an answer. */
export async function closeLiveOffers(tx: Tx, { tenantId, id }: Errand, state: OfferState, now: Date): Promise<void> {
  const where = { tenantId, errandId: id, state: { in: [...liveOfferStates] } };
  await tx.offer.updateMany({ where, data: { state, version: { increment: 1 }, updatedAt: now } });
}

/** The accepted offer of a locked errand binds nobody any longer. */
export async function releaseAcceptedOffer(tx: Tx, { tenantId, id }: Errand, now: Date): Promise<void> {
  const where = { tenantId, errandId: id, state: 'ACCEPTED' as const };
  await tx.offer.updateMany({ where, data: { state: 'EXPIRED', version: { increment: 1 }, updatedAt: now } });
}
