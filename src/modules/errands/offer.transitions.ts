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
  counter: {
    from: [],
    to: 'COUNTERED',
    with: ['counterOffer'],
    description: 'The customer names another price: an offer of its own, which takes the place of the one it answers.',
  },
  answer: {
    from: [],
    to: 'PENDING',
    with: ['answerCounter'],
    description: 'The runner names another price: an offer of its own, which takes the place of the one it answers.',
  },
  accept: {
    from: ['PENDING'],
    to: 'ACCEPTED',
    with: ['acceptOffer'],
    description: 'The customer takes it; the others wait until the escrow is funded.',
  },
  agree: {
    from: ['COUNTERED'],
    to: 'ACCEPTED',
    with: ['acceptCounter'],
    description: 'The runner takes the price that the customer named.',
  },
  withdraw: {
    from: liveOfferStates,
    to: 'WITHDRAWN',
    with: [],
    actor: 'runner',
    description:
      'The runner takes it back, says no to the price that the customer named, blocks the customer, is suspended or closes the account.',
  },
  takeBack: {
    from: ['COUNTERED'],
    to: 'WITHDRAWN',
    with: [],
    actor: 'customer',
    description: 'The customer takes back the price they named.',
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
    with: ['fundFromWallet', 'fundFromCharge', 'counterOffer', 'answerCounter'],
    actor: 'customer',
    description: 'Another one is funded, it is answered with another price, or the errand it was made for is changed.',
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
