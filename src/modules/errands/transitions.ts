import { invariant } from '../../kernel/index.js';
import type { Posting } from '../ledger/index.js';
import { counterTransitions } from './counter.transitions.js';
import { bidderRefusal } from './bidder.js';
import { disputeTransitions } from './dispute.transitions.js';
import { extraTransitions } from './extra.transitions.js';
import { amountMinorMax } from './errand.js';
import { badInput, due, firstOf, hasLiveOffer, illegal, notFrozen, notYet, type Refusal } from './refusals.js';
import { fundingPostings, refundPostings, settlementPostings, type MoneyFacts } from './settlement.js';
import { isTooLateToStart, tooLateToStart } from './start.window.js';
import type { ActorKind, Facts, TransitionRule } from './transition.rule.js';

export const fundingWindowMs = 24 * 60 * 60 * 1000;
/** The customer's time to look at the proof; then the runner is paid without a word. */
export const inspectionWindowMs = 72 * 60 * 60 * 1000;

/** The one table of what an errand may do: from it come the decisions, the authorization, the bookings and the test matrix. */
export const transitions = {
  publish: {
    from: ['DRAFT'],
    to: 'OPEN',
    actor: 'customer',
    guard: ({ errand }, now) =>
      firstOf([
        errand.expiresAt <= now && badInput('expiresAt has passed: set a later one first.'),
        isTooLateToStart(errand, now) && badInput('startBy and an hour have passed: set a later one, or none, first.'),
        (errand.budget <= 0n || errand.budget > amountMinorMax) &&
          badInput(`budget is outside 1 to ${amountMinorMax} minor units.`),
      ]),
    postings: none,
    description: 'The customer opens a draft for offers.',
  },
  placeOffer: {
    from: ['OPEN'],
    to: 'same',
    actor: 'runner',
    guard: ({ errand, bidder, price, hasOffer = false }, now) =>
      firstOf([
        bidder && bidderRefusal(errand, bidder, price),
        errand.expiresAt <= now && illegal('The errand takes no more offers: it has expired.'),
        isTooLateToStart(errand, now) && tooLateToStart(),
        hasOffer && hasLiveOffer,
      ]),
    postings: none,
    description: 'A runner offers to do an open errand.',
  },
  acceptOffer: {
    from: ['OPEN'],
    to: 'AWAITING_FUNDING',
    actor: 'customer',
    guard: ({ errand, offer }, now) =>
      firstOf([
        offer?.state !== 'PENDING' &&
          illegal(`The offer is ${offer?.state ?? 'missing'}; only a PENDING one can be accepted.`),
        offer && offer.expiresAt <= now && illegal('The offer has expired.'),
        isTooLateToStart(errand, now) && tooLateToStart(),
      ]),
    postings: none,
    description:
      "The customer takes a runner's offer; the escrow waits to be funded, other offers stay pending until it is.",
  },
  ...counterTransitions,
  fundFromWallet: {
    from: ['AWAITING_FUNDING'],
    to: 'ASSIGNED',
    actor: 'customer',
    guard: inTimeToFund,
    postings: (facts) => fundingPostings(moneyOf(facts)),
    description: 'The customer pays the whole escrow from the wallet; the floor of the wallet is the guard.',
  },
  fundFromCharge: {
    from: ['AWAITING_FUNDING'],
    to: 'ASSIGNED',
    actor: 'system',
    guard: inTimeToFund,
    postings: (facts) => fundingPostings(moneyOf(facts)),
    description:
      "The customer's payment came in, through the wallet, in the transaction that books it: the provider said so, of this very amount.",
  },
  start: {
    from: ['ASSIGNED'],
    to: 'IN_PROGRESS',
    actor: 'assignedRunner',
    guard: ({ errand, hasCode = false, code }, now) =>
      firstOf([
        isTooLateToStart(errand, now) && tooLateToStart(),
        errand.requiresPickupCode &&
          !hasCode &&
          badInput('pickupCode: is needed for this errand; who hands the goods over knows it.'),
        errand.requiresPickupCode && code?.refusal,
      ]),
    postings: none,
    description: 'The assigned runner sets off, with the pick-up code where the errand asks for one.',
  },
  submitProof: {
    from: ['IN_PROGRESS'],
    to: 'DELIVERED',
    actor: 'assignedRunner',
    guard: ({ proofsCount = 0 }) => firstOf([proofsCount < 1 && badInput('proofs: at least one is needed.')]),
    postings: none,
    description: "The assigned runner shows that the errand is done; the customer's time to look at it begins.",
  },
  confirm: {
    from: ['DELIVERED'],
    to: 'COMPLETED',
    actor: 'customer',
    guard: notFrozen,
    postings: (facts) => settlementPostings(moneyOf(facts)),
    description:
      'The customer accepts the delivery: the runner is paid less commission and VAT, unspent goods money goes back.',
  },
  autoRelease: {
    from: ['DELIVERED'],
    to: 'COMPLETED',
    actor: 'system',
    guard: (facts, now) => notFrozen(facts) ?? due(facts.errand.autoReleaseAt, now, 'autoReleaseAt'),
    postings: (facts) => settlementPostings(moneyOf(facts)),
    description: "As confirm, when the customer's time to look at the proof has run out.",
  },
  fundingTimeout: {
    from: ['AWAITING_FUNDING'],
    to: 'OPEN',
    actor: 'system',
    guard: ({ errand }, now) => due(errand.fundBy, now, 'fundBy'),
    postings: none,
    description: 'The escrow was not funded in time: the errand takes offers again.',
  },
  cancelFree: {
    from: ['DRAFT', 'OPEN', 'AWAITING_FUNDING'],
    to: 'CANCELLED',
    actor: 'customer',
    guard: pass,
    postings: none,
    description: 'The customer calls it off before any money is held, or discards a draft.',
  },
  cancelAssigned: {
    from: ['ASSIGNED'],
    to: 'CANCELLED',
    actor: 'customer',
    guard: (facts) => notFrozen(facts) ?? notReleased(facts),
    postings: (facts) => settlementPostings(moneyOf(facts)),
    description:
      'The customer calls it off with a runner assigned: free at first, then for a fee that compensates the runner.',
  },
  noShow: {
    from: ['ASSIGNED'],
    to: 'EXPIRED',
    actor: 'system',
    guard: (facts, now) =>
      notFrozen(facts) ?? (isTooLateToStart(facts.errand, now) ? undefined : notYet('startBy and an hour')),
    postings: (facts) => refundPostings(moneyOf(facts)),
    description: 'The runner never started: the customer gets everything back.',
  },
  runnerDrop: {
    from: ['ASSIGNED', 'IN_PROGRESS'],
    to: 'OPEN',
    actor: ['assignedRunner', 'staff'],
    guard: (facts) => notFrozen(facts) ?? notReleased(facts),
    postings: (facts) => refundPostings(moneyOf(facts)),
    description:
      'The assigned runner gives the errand back, or staff takes it from them: the customer gets everything back, the errand takes offers again.',
  },
  ...extraTransitions,
  ...disputeTransitions,
  expire: {
    from: ['OPEN'],
    to: 'EXPIRED',
    actor: 'system',
    guard: ({ errand }, now) => due(errand.expiresAt, now, 'expiresAt'),
    postings: none,
    description: 'Nobody took it in time.',
  },
} as const satisfies Record<string, TransitionRule>;

export type TransitionName = keyof typeof transitions;
export const transitionNames = Object.keys(transitions) as readonly TransitionName[];

export function ruleOf(name: TransitionName): TransitionRule {
  return transitions[name];
}

/** Everybody who may fire a transition. */
export function actorsOf({ actor }: Pick<TransitionRule, 'actor'>): readonly ActorKind[] {
  return typeof actor === 'string' ? [actor] : actor;
}

function none(): readonly Posting[] {
  return [];
}

function pass(): undefined {
  return undefined;
}

function inTimeToFund({ errand, isRunnerSuspended = false }: Facts, now: Date): Refusal | undefined {
  return firstOf([
    isRunnerSuspended &&
      illegal('The runner is suspended: nothing is paid. After fundBy the errand takes offers again, or call it off.'),
    errand.fundBy !== null && errand.fundBy <= now && illegal('The time to fund the errand, fundBy, has passed.'),
    isTooLateToStart(errand, now) && tooLateToStart(),
  ]);
}

function notReleased({ money }: Facts): Refusal | undefined {
  return money?.hasReleased
    ? illegal('Part of the escrow has been released already: open a dispute about the rest.')
    : undefined;
}

function moneyOf({ money, errand }: Facts): MoneyFacts {
  invariant(money, `errand ${errand.id} moves money without its facts`);
  return money;
}
