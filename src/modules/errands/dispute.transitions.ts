import { invariant } from '../../kernel/index.js';
import type { DisputeState } from '../../db/index.js';
import { disputesPerPartyMax, evidenceRefusal, type DisputeFacts } from './dispute.facts.js';
import { due, firstOf, illegal, notFrozen, type Refusal } from './refusals.js';
import { settlementPostings } from './settlement.js';
import type { Facts, TransitionRule } from './transition.rule.js';

const parties = ['customer', 'assignedRunner'] as const;

/**
 * The part of the table that is about disputes. The dispute's own state moves with these; money moves with the two that
 * end it, and with no other.
 */
export const disputeTransitions = {
  openDispute: {
    from: ['IN_PROGRESS', 'DELIVERED'],
    to: 'DISPUTED',
    actor: parties,
    guard: (facts, now) =>
      notFrozen(facts) ??
      firstOf([
        isInspectionOver(facts, now) && illegal('The time to dispute the delivery, autoReleaseAt, has passed.'),
        isEmpty(facts) && illegal('The escrow holds nothing to disagree about.'),
        (facts.disputesOpened ?? 0) >= disputesPerPartyMax && {
          code: 'LIMIT_EXCEEDED',
          message: `You have opened ${disputesPerPartyMax} disputes about this errand; ask support.`,
        },
      ]),
    postings: none,
    description: 'Customer or runner disagrees about the money: the escrow is frozen in the same transaction.',
  },
  respondToDispute: {
    from: ['DISPUTED'],
    to: 'same',
    actor: parties,
    guard: (facts, now) =>
      firstOf([
        isNotIn(facts, 'AWAITING_RESPONSE'),
        disputeOf(facts).isOpener && forbidden('You opened the dispute; the other party responds to it.'),
        isLate(facts, now) && illegal('The time to respond, respondBy, has passed.'),
      ]),
    postings: none,
    description: 'The other party answers; an arbiter looks at the dispute.',
  },
  addEvidence: {
    from: ['DISPUTED'],
    to: 'same',
    actor: parties,
    guard: (facts) =>
      isNotIn(facts, 'AWAITING_RESPONSE', 'UNDER_REVIEW', 'APPEALED') ?? evidenceRefusal(facts.evidenceShown ?? 0, 1),
    postings: none,
    description: 'A party shows evidence; the other sees it once both have, or when the time to respond is over.',
  },
  withdrawDispute: {
    from: ['DISPUTED'],
    to: 'asBeforeDispute',
    actor: parties,
    guard: (facts) =>
      firstOf([
        isNotIn(facts, 'AWAITING_RESPONSE', 'UNDER_REVIEW'),
        !disputeOf(facts).isOpener && forbidden('Only the party that opened the dispute may withdraw it.'),
      ]),
    postings: none,
    description: 'Who opened it takes it back: the freeze is lifted and the errand goes on from where it was.',
  },
  proposeResolution: {
    from: ['DISPUTED'],
    to: 'same',
    actor: 'staff',
    guard: (facts, now) => notToDecide(facts, now),
    postings: none,
    description: 'An arbiter says who gets what; above a limit somebody else has to approve it.',
  },
  approveResolution: {
    from: ['DISPUTED'],
    to: 'same',
    actor: 'staff',
    guard: (facts, now) =>
      notToDecide(facts, now) ??
      firstOf([
        disputeOf(facts).proposal === 'none' && illegal('No proposal waits for approval.'),
        disputeOf(facts).proposal === 'own' && forbidden('Nobody approves a proposal of their own.'),
      ]),
    postings: none,
    description: 'A second arbiter agrees with a proposal.',
  },
  defaultResolution: {
    from: ['DISPUTED'],
    to: 'same',
    actor: 'system',
    guard: (facts, now) =>
      isNotIn(facts, 'AWAITING_RESPONSE', 'UNDER_REVIEW') ??
      due(disputeOf(facts).dueAt, now, 'the time to respond or to decide'),
    postings: none,
    description: 'Nobody answered, or nobody decided, in time: the published rule decides.',
  },
  appealDispute: {
    from: ['DISPUTED'],
    to: 'same',
    actor: parties,
    guard: (facts, now) =>
      firstOf([isNotIn(facts, 'RESOLVED'), isLate(facts, now) && illegal('The time to appeal has passed.')]),
    postings: none,
    description: 'A party does not accept the decision; once, and somebody else decides.',
  },
  settleDispute: {
    from: ['DISPUTED'],
    to: 'COMPLETED',
    actor: 'system',
    guard: takesEffect,
    postings: (facts) => settlementPostings(moneyOf(facts)),
    description: 'A decision that gives the runner something takes effect: it can no longer be appealed.',
  },
  refundDispute: {
    from: ['DISPUTED'],
    to: 'CANCELLED',
    actor: 'system',
    guard: takesEffect,
    postings: (facts) => settlementPostings(moneyOf(facts)),
    description: 'A decision that gives everything back to the customer takes effect.',
  },
} as const satisfies Record<string, TransitionRule>;

function none() {
  return [];
}

/** FINAL: decided on appeal in this very transaction. Else the time to appeal, or to decide the appeal, has run out. */
function takesEffect(facts: Facts, now: Date): Refusal | undefined {
  const { state, dueAt } = disputeOf(facts);
  if (state === 'FINAL') return undefined;
  return isNotIn(facts, 'RESOLVED', 'APPEALED') ?? due(dueAt, now, 'the time to appeal, or to decide the appeal,');
}

function notToDecide(facts: Facts, now: Date): Refusal | undefined {
  const { isArbiter, hasDecided, state } = disputeOf(facts);
  return firstOf([
    !isArbiter && forbidden('This needs the role ARBITER or ADMIN.'),
    isNotIn(facts, 'UNDER_REVIEW', 'APPEALED'),
    state === 'APPEALED' && hasDecided && forbidden('An appeal is decided by somebody who has not decided before.'),
    isLate(facts, now) && illegal('The time to decide has passed; the published rule decides.'),
  ]);
}

function isNotIn(facts: Facts, ...states: readonly DisputeState[]): Refusal | undefined {
  const { state } = disputeOf(facts);
  return states.includes(state) ? undefined : illegal(`The dispute is ${state}; this needs ${states.join(' or ')}.`);
}

function isLate(facts: Facts, now: Date): boolean {
  const { dueAt } = disputeOf(facts);
  return dueAt !== null && dueAt <= now;
}

function isInspectionOver({ errand }: Facts, now: Date): boolean {
  return errand.state === 'DELIVERED' && errand.autoReleaseAt !== null && errand.autoReleaseAt <= now;
}

function isEmpty({ money }: Facts): boolean {
  return money !== undefined && money.service + money.goods === 0n;
}

function forbidden(message: string): Refusal {
  return { code: 'FORBIDDEN', message };
}

function disputeOf({ dispute, errand }: Facts): DisputeFacts {
  invariant(dispute, `errand ${errand.id} is DISPUTED and its dispute was not looked at`);
  return dispute;
}

function moneyOf({ money, errand }: Facts) {
  invariant(money, `errand ${errand.id} moves money without its facts`);
  return money;
}
