import type { UserViewer } from '../../kernel/index.js';
import {
  actorOf,
  deadlineOf,
  preview,
  withdrawalRefusal,
  type Errand,
  type Facts,
  type Offer,
  type Refusal,
} from '../errands/index.js';
import type { Action } from './action.js';

/** What people may do with an offer, by the names of the tables. */
export const offerMoves = ['accept', 'withdraw'] as const;
export type OfferMove = (typeof offerMoves)[number];

/** The customer of the errand may accept an offer; who made it may take it back. Neither books anything. Pure. */
export function previewOffer(
  offer: Offer,
  errand: Errand,
  viewer: UserViewer,
  now: Date,
): readonly Action<OfferMove>[] {
  if (offer.runnerId === viewer.userId) {
    const refusal = withdrawalRefusal(offer, now);
    return [actionOf('withdraw', 'withdrawOffer', refusal, refusal ? null : offer.expiresAt)];
  }
  const actor = actorOf(viewer, errand);
  if (actor.kind !== 'customer') return [];
  const facts: Facts = { errand, offer };
  const { refusal } = preview('acceptOffer', facts, actor, now);
  return [actionOf('accept', 'acceptOffer', refusal, deadlineOf('acceptOffer', facts))];
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
