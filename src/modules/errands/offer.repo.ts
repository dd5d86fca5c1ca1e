import type { Prisma, Tx } from '../../db/index.js';
import { liveOfferStates, type Errand, type Offer, type OfferState } from './errand.js';
import { offerTransitions } from './offer.transitions.js';
import { assertMove } from './part.rule.js';

/** Answers every offer on a locked errand that still waits for an answer. */
export async function closeLiveOffers(tx: Tx, { tenantId, id }: Errand, state: OfferState, now: Date): Promise<void> {
  await moveOffers(tx, { tenantId, errandId: id }, liveOfferStates, state, now);
}

/** The accepted offer of a locked errand binds nobody any longer: REJECTED by the customer, WITHDRAWN by the runner, or EXPIRED by a timer. */
export async function releaseAcceptedOffer(
  tx: Tx,
  { tenantId, id }: Errand,
  state: 'REJECTED' | 'WITHDRAWN' | 'EXPIRED',
  now: Date,
): Promise<void> {
  await moveOffers(tx, { tenantId, errandId: id }, ['ACCEPTED'], state, now);
}

/** Ends what nobody answered in time on a locked errand. @param runnerId only this runner's. @returns how many */
export async function expireStaleOffers(
  tx: Tx,
  { tenantId, id }: Errand,
  now: Date,
  runnerId?: string,
): Promise<number> {
  const stale = {
    tenantId,
    errandId: id,
    expiresAt: { lte: now },
    ...(runnerId !== undefined && { runnerId }),
  };
  return moveOffers(tx, stale, liveOfferStates, 'EXPIRED', now);
}

/** Saves what changed of an offer whose errand is locked, one version on. */
export async function saveOffer(tx: Tx, { id, state, version }: Offer, to: OfferState, now: Date): Promise<Offer> {
  assertMove(offerTransitions, 'an offer', state, to);
  return tx.offer.update({ where: { id }, data: { state: to, version: version + 1, updatedAt: now } });
}

/** The state an offer is in by the clock: a live one ends at its time, however late the timer that writes it down. */
export function offerStateAt({ state, expiresAt }: Pick<Offer, 'state' | 'expiresAt'>, now: Date): OfferState {
  const isLive = (liveOfferStates as readonly OfferState[]).includes(state);
  return isLive && expiresAt <= now ? 'EXPIRED' : state;
}

/** Moves the offers of locked errands that are in one of these states. @returns how many */
export async function moveOffers(
  tx: Tx,
  which: Prisma.OfferWhereInput,
  from: readonly OfferState[],
  to: OfferState,
  now: Date,
): Promise<number> {
  for (const state of from) assertMove(offerTransitions, 'an offer', state, to);
  const where = { ...which, state: { in: [...from] } };
  const data = { state: to, version: { increment: 1 }, updatedAt: now };
  return (await tx.offer.updateMany({ where, data })).count;
}
