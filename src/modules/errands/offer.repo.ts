import { isStaff, notFound, type Viewer } from '../../kernel/index.js';
import type { Prisma, Tx } from '../../db/index.js';
import { isByCustomer, isCustomer, liveOfferStates, type Errand, type Offer, type OfferState } from './errand.js';
import { offerTransitions } from './offer.transitions.js';
import { assertMove } from './part.rule.js';

/**
 * An offer as it is first written down. Its price is never changed.
 * @param answered the one whose price it answers with another: runner and customer take turns
 */
export function newOfferRow(
  errand: Errand,
  terms: Pick<Offer, 'id' | 'runnerId' | 'amount' | 'message' | 'expiresAt'>,
  now: Date,
  answered?: Pick<Offer, 'id' | 'round'>,
): Offer {
  const { tenantId, id: errandId, currency } = errand;
  const round = answered ? answered.round + 1 : 0;
  return {
    ...terms,
    tenantId,
    errandId,
    currency,
    state: isByCustomer({ round }) ? 'COUNTERED' : 'PENDING',
    counterOf: answered?.id ?? null,
    round,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}

/** An offer of a locked errand. @throws AppError NOT_FOUND unless the viewer made it, is the errand's customer, or staff */
export async function readOffer(tx: Tx, viewer: Viewer, errand: Errand, offerId: string): Promise<Offer> {
  const offer = await tx.offer.findUnique({ where: { id: offerId } });
  const isOwn = viewer.kind === 'user' && viewer.userId === offer?.runnerId;
  if (!offer || !(isOwn || isCustomer(viewer, errand) || isStaff(viewer))) throw notFound('offer', offerId);
  return offer;
}

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
