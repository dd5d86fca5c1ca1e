import type { UserViewer } from '../../kernel/index.js';
import {
  actorOf,
  deadlineOf,
  isByCustomer,
  preview,
  withdrawalRefusal,
  type BidderFacts,
  type Errand,
  type Facts,
  type Offer,
  type Refusal,
} from '../errands/index.js';
import type { Action } from './action.js';

/** What people may do with an offer, by the names of the tables. */
export const offerMoves = ['accept', 'counter', 'takeBack', 'agree', 'answer', 'withdraw'] as const;
export type OfferMove = (typeof offerMoves)[number];

/** Transitions that bear the names of their mutations. */
type Answer = 'acceptOffer' | 'counterOffer' | 'acceptCounter' | 'answerCounter';

/**
 * The customer of the errand and the runner of the offer answer each other's prices, and take their own back. Nothing is booked. Pure.
 * @param bidder how the viewer stands, where the customer's price waits for them
 */
export function previewOffer(
  offer: Offer,
  errand: Errand,
  viewer: UserViewer,
  now: Date,
  bidder: BidderFacts | undefined,
): readonly Action<OfferMove>[] {
  const actor = actorOf(viewer, errand);
  const facts: Facts = { errand, offer, ...(bidder && { bidder }) };
  const answering = (name: OfferMove, transition: Answer): Action<OfferMove> => {
    const { refusal } = preview(transition, facts, actor, now);
    return actionOf(name, transition, refusal, deadlineOf(transition, facts));
  };
  const ending = (name: 'withdraw' | 'takeBack'): Action<OfferMove> => {
    const refusal = withdrawalRefusal(offer, now, name);
    return actionOf(name, 'withdrawOffer', refusal, refusal ? null : offer.expiresAt);
  };
  const isCounter = isByCustomer(offer);
  if (offer.runnerId === viewer.userId) {
    const own = ending('withdraw');
    return isCounter ? [answering('agree', 'acceptCounter'), answering('answer', 'answerCounter'), own] : [own];
  }
  if (actor.kind !== 'customer') return [];
  return isCounter ? [ending('takeBack')] : [answering('accept', 'acceptOffer'), answering('counter', 'counterOffer')];
}

function actionOf(
  name: OfferMove,
  mutation: string,
  refusal: Refusal | undefined,
  deadline: Date | null,
): Action<OfferMove> {
  const [enabled, reasons] = refusal ? [false, [refusal]] : [true, []];
  return { name, mutation, enabled, reasons, deadline, postings: enabled ? [] : null };
}
