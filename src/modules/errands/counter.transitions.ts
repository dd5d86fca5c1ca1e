import type { Posting } from '../ledger/index.js';
import { bidderRefusal } from './bidder.js';
import type { OfferState } from './errand.js';
import { firstOf, illegal, type Refusal } from './refusals.js';
import { isTooLateToStart, tooLateToStart } from './start.window.js';
import type { Facts, TransitionRule } from './transition.rule.js';

/** A customer names this many prices to one offer at most, each answered by its runner. */
export const countersMax = 5;

/** The part of the table in which customer and runner name prices in turn. Nobody is bound to one they did not say yes to. */
export const counterTransitions = {
  counterOffer: {
    from: ['OPEN'],
    to: 'same',
    actor: 'customer',
    guard: (facts, now) => unanswerable(facts, now, 'PENDING', 'countered') ?? tooManyRounds(facts),
    postings: none,
    description: "The customer answers a runner's offer with another price, which then waits for the runner.",
  },
  answerCounter: {
    from: ['OPEN'],
    to: 'same',
    actor: 'runner',
    guard: (facts, now) => unanswerable(facts, now, 'COUNTERED', 'answered') ?? unfit(facts, facts.price),
    postings: none,
    description: "The runner answers the customer's price with another one, which then waits for the customer.",
  },
  acceptCounter: {
    from: ['OPEN'],
    to: 'AWAITING_FUNDING',
    actor: 'runner',
    guard: (facts, now) => unanswerable(facts, now, 'COUNTERED', 'agreed to') ?? unfit(facts, facts.offer?.amount),
    postings: none,
    description: "The runner takes the customer's price: as if the customer had accepted an offer of it.",
  },
} as const satisfies Record<string, TransitionRule>;

function none(): readonly Posting[] {
  return [];
}

function unanswerable({ errand, offer }: Facts, now: Date, state: OfferState, done: string): Refusal | undefined {
  return firstOf([
    offer?.state !== state && illegal(`The offer is ${offer?.state ?? 'missing'}; only a ${state} one can be ${done}.`),
    offer && offer.expiresAt <= now && illegal('The offer has expired.'),
    isTooLateToStart(errand, now) && tooLateToStart(),
  ]);
}

/** Who names a price, or takes one, has to be somebody who could bid now. */
function unfit({ errand, bidder }: Facts, price: bigint | undefined): Refusal | undefined {
  return bidder && bidderRefusal(errand, bidder, price);
}

function tooManyRounds({ offer }: Facts): Refusal | undefined {
  if (!offer || offer.round < 2 * countersMax) return undefined;
  const message = `You have named ${countersMax} prices to this runner: accept the offer, or wait for another one.`;
  return { code: 'LIMIT_EXCEEDED', message };
}
