import { formatMoney, type Currency } from '../../kernel/index.js';
import type { Refusal } from '../errands/index.js';
import type { Posting } from '../ledger/index.js';
import { paidPostings, requestPostings, returnPostings, reversedPostings, settledPostings } from './payout.postings.js';
import { amountIsOurs, asTold, hasOtherAmount, illegal, payableNow } from './payout.guards.js';
import type { PayoutState } from './payout.js';
import type { PayoutActorKind, PayoutFacts, PayoutTransitionRule } from './payout.rule.js';

/** The one table of what a payout may do: from it come the decisions, the authorization, the bookings and the test matrix. */
export const payoutTransitions = {
  request: {
    from: [null],
    to: 'REQUESTED',
    actor: 'owner',
    guard: (facts, now) => ownerMayPay(facts) ?? accountReady(facts, now) ?? withinLimits(facts) ?? payableNow(facts),
    postings: requestPostings,
    description: 'The owner of a wallet asks for money from it: amount and fee leave the wallet at once.',
  },
  approve: {
    from: ['REQUESTED'],
    to: 'QUEUED',
    actor: ['finance', 'system'],
    guard: ownerMayPay,
    postings: none,
    description: 'Somebody of FINANCE who is not the owner lets it go, or the rule of small amounts does.',
  },
  reject: {
    from: ['REQUESTED'],
    to: 'REJECTED',
    actor: 'finance',
    guard: pass,
    postings: returnPostings,
    description: 'Somebody of FINANCE does not let it go: amount and fee are back in the wallet.',
  },
  remind: {
    from: ['REQUESTED'],
    to: 'REQUESTED',
    actor: 'system',
    guard: pass,
    postings: none,
    description: 'It has waited for long: FINANCE is told.',
  },
  expire: {
    from: ['REQUESTED'],
    to: 'REJECTED',
    actor: 'system',
    guard: ({ givenBackAt }, now) =>
      givenBackAt && givenBackAt <= now ? undefined : illegal('FINANCE may still decide about it.'),
    postings: returnPostings,
    description: 'Nobody of FINANCE has decided in time: amount and fee are back in the wallet.',
  },
  submit: {
    from: ['QUEUED'],
    to: 'SUBMITTING',
    actor: 'system',
    guard: pass,
    postings: none,
    description: 'Provider and reference are written down; the provider hears of it after that.',
  },
  accept: {
    from: ['SUBMITTING', 'UNKNOWN', 'NEEDS_OTP'],
    to: 'PENDING',
    actor: 'system',
    guard: pass,
    postings: none,
    description: 'The provider has it and works on it.',
  },
  lose: {
    from: ['SUBMITTING'],
    to: 'UNKNOWN',
    actor: 'system',
    guard: pass,
    postings: none,
    description: 'No answer, or none that can be read: it may have been paid, so nothing moves.',
  },
  requeue: {
    from: ['UNKNOWN'],
    to: 'QUEUED',
    actor: 'system',
    guard: ({ payout, report, notFoundFinalAt }, now) =>
      report?.kind === 'NOT_FOUND' && notFoundFinalAt && notFoundFinalAt <= now && !payout.doubtedAt
        ? undefined
        : illegal('The provider has not said for good that it never heard of it.'),
    postings: none,
    description:
      'The provider never heard of it, and said so late enough: it is handed over again by the same reference.',
  },
  doubt: {
    from: ['SUBMITTING', 'UNKNOWN', 'PENDING', 'NEEDS_OTP'],
    to: 'UNKNOWN',
    actor: 'system',
    guard: (facts) => (hasOtherAmount(facts) ? undefined : illegal('The provider does not tell of another amount.')),
    postings: none,
    description: 'The provider says that it was paid, and of another amount: nothing moves until FINANCE has looked.',
  },
  proposeSettlement: {
    from: ['UNKNOWN'],
    to: 'UNKNOWN',
    actor: 'finance',
    guard: asTold,
    postings: none,
    description:
      'Somebody of FINANCE wants it booked as the provider tells; above the limit a second one has to agree.',
  },
  settle: {
    from: ['UNKNOWN'],
    to: 'PAID',
    actor: 'finance',
    guard: (facts) =>
      asTold(facts) ??
      (facts.settlement?.needsAnother ? illegal('Somebody else of FINANCE has to propose it first.') : undefined),
    postings: settledPostings,
    description: 'FINANCE books it as the provider tells: what was not paid is back in the wallet.',
  },
  needOtp: {
    from: ['SUBMITTING', 'UNKNOWN', 'PENDING'],
    to: 'NEEDS_OTP',
    actor: 'system',
    guard: pass,
    postings: none,
    description: "The provider waits for a one-time password, which is given on the provider's own pages.",
  },
  pay: {
    from: ['SUBMITTING', 'UNKNOWN', 'PENDING', 'NEEDS_OTP'],
    to: 'PAID',
    actor: 'system',
    guard: amountIsOurs,
    postings: paidPostings,
    description: 'The provider has paid it.',
  },
  fail: {
    from: ['QUEUED', 'SUBMITTING', 'UNKNOWN', 'PENDING', 'NEEDS_OTP'],
    to: 'FAILED',
    actor: 'system',
    guard: ({ report }) =>
      report?.kind === 'FAILED' ? undefined : illegal('Nobody has said for good that it will not be paid.'),
    postings: returnPostings,
    description: 'It will never be paid, and the provider says so: amount and fee are back in the wallet.',
  },
  reverse: {
    from: ['PAID'],
    to: 'REVERSED',
    actor: 'system',
    guard: amountIsOurs,
    postings: reversedPostings,
    description: 'It was paid and came back: the amount is back in the wallet.',
  },
} as const satisfies Record<string, PayoutTransitionRule>;

export type PayoutTransitionName = keyof typeof payoutTransitions;
export const payoutTransitionNames = Object.keys(payoutTransitions) as readonly PayoutTransitionName[];

export function payoutRuleOf(name: PayoutTransitionName): PayoutTransitionRule {
  return payoutTransitions[name];
}

export function payoutActorsOf({ actor }: Pick<PayoutTransitionRule, 'actor'>): readonly PayoutActorKind[] {
  return typeof actor === 'string' ? [actor] : actor;
}

/** Each state and what it says of its money, for readers of the API. */
export const payoutStateMeanings = {
  REQUESTED: 'Waits for somebody of FINANCE, not for ever; the money has left the wallet.',
  QUEUED: 'Is handed to the provider next.',
  SUBMITTING: 'Is being handed to the provider.',
  PENDING: 'The provider works on it.',
  NEEDS_OTP: 'The provider waits for a one-time password of the market.',
  UNKNOWN: 'It may have been paid; the provider is asked until it says, and FINANCE when what it says does not fit.',
  PAID: 'The provider has paid it.',
  FAILED: 'Will not be paid; amount and fee are back in the wallet.',
  REJECTED: 'Was not let go, or not in time; amount and fee are back in the wallet.',
  REVERSED: 'Was paid and came back; the amount is back in the wallet.',
} as const satisfies Record<PayoutState, string>;

function none(): readonly Posting[] {
  return [];
}

function pass(): undefined {
  return undefined;
}

function ownerMayPay({ owner, payout }: PayoutFacts): Refusal | undefined {
  if (!owner?.isActive) return { code: 'FORBIDDEN', message: 'The account of its owner is suspended or closed.' };
  if (owner.owesMinor === 0n) return undefined;
  const owed = formatMoney({ minor: owner.owesMinor, currency: payout.currency as Currency });
  return illegal(`Its owner owes ${owed}: a charge was taken back. That is settled first.`);
}

function accountReady({ account }: PayoutFacts, now: Date): Refusal | undefined {
  if (!account?.isActive) return illegal('The payout account was removed; add it again, or take another.');
  if (account.coolOffUntil <= now) return undefined;
  return illegal(`The payout account is new: it can be paid to from ${account.coolOffUntil.toISOString()} on.`);
}

function withinLimits({ payout, limits }: PayoutFacts): Refusal | undefined {
  const money = (minor: bigint): string => formatMoney({ minor, currency: payout.currency as Currency });
  const { payoutMax, dayMax, askedInDay = 0n } = limits ?? {};
  if (payoutMax !== undefined && payout.amount > payoutMax)
    return {
      code: 'LIMIT_EXCEEDED',
      message: `A payout takes up to ${money(payoutMax)}, not ${money(payout.amount)}.`,
    };
  if (dayMax === undefined || askedInDay + payout.amount <= dayMax) return undefined;
  const left = dayMax > askedInDay ? dayMax - askedInDay : 0n;
  const message = `24 hours take payouts of ${money(dayMax)}; ${money(left)} of that is left.`;
  return { code: 'LIMIT_EXCEEDED', message };
}
