import { liveOfferStates, type OfferState } from './errand.js';
import type { PartRule } from './part.rule.js';

/** The one table of what an offer may do: who writes another move into the database has a defect. */
export const offerTransitions = {
  place: {
    from: [],
    to: 'PENDING',
    with: ['placeOffer'],
    description: 'A runner offers to do an open errand.',
  },
  accept: {
    from: ['PENDING'],
    to: 'ACCEPTED',
    with: ['acceptOffer'],
    description: 'The customer takes it; the others wait until the escrow is funded.',
  },
  withdraw: {
    from: liveOfferStates,
    to: 'WITHDRAWN',
    with: [],
    actor: 'runner',
    description: 'The runner who made it takes it back, blocks the customer, is suspended or closes the account.',
  },
  reject: {
    from: liveOfferStates,
    to: 'REJECTED',
    with: ['cancelFree'],
    actor: 'customer',
    description: 'The customer calls the errand off, or blocks the runner.',
  },
  supersede: {
    from: liveOfferStates,
    to: 'SUPERSEDED',
    with: ['fundFromWallet', 'fundFromCharge'],
    actor: 'customer',
    description: 'Another one is funded, or the errand it was made for is changed.',
  },
  expire: {
    from: liveOfferStates,
    to: 'EXPIRED',
    with: ['expire', 'placeOffer'],
    actor: 'system',
    description: 'Nobody answered it in time.',
  },
  callOff: {
    from: ['ACCEPTED'],
    to: 'REJECTED',
    with: ['cancelFree', 'cancelAssigned', 'refundDispute'],
    description: 'The customer calls the errand off, or gets everything back.',
  },
  giveBack: {
    from: ['ACCEPTED'],
    to: 'WITHDRAWN',
    with: ['runnerDrop'],
    description: 'Its runner gives the errand back, or staff takes it from them.',
  },
  lapse: {
    from: ['ACCEPTED'],
    to: 'EXPIRED',
    with: ['fundingTimeout', 'noShow'],
    description: 'The escrow was not funded in time, or the runner never came.',
  },
} as const satisfies Record<string, PartRule<OfferState>>;
