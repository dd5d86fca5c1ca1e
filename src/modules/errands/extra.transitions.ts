import { invariant } from '../../kernel/index.js';
import { accounts, transfer, type Posting } from '../ledger/index.js';
import { amountMinorMax } from './errand.js';
import { badInput, firstOf, illegal, notFrozen, type Refusal } from './refusals.js';
import { fundingPostings, settlementPostings } from './settlement.js';
import type { Facts, TransitionRule } from './transition.rule.js';

/** A customer may thank the runner for this long after the errand was completed. */
export const tipWindowMs = 30 * 24 * 60 * 60 * 1000;

/** Receipts that one runner shows of one errand: who gives it back leaves as many to the next. */
export const receiptsMax = 50;

/** Handover codes of an errand in one hour: each of them can be guessed at anew, and each costs the work of a slow hash. */
export const codesInHourMax = 10;
export const codesHourMs = 60 * 60 * 1000;

/** The part of the table that is about money in steps, and about codes at the door. */
export const extraTransitions = {
  agreeMilestones: {
    from: ['AWAITING_FUNDING', 'ASSIGNED'],
    to: 'same',
    actor: 'customer',
    guard: notFrozen,
    postings: none,
    description: 'The customer says which parts of the service are paid step by step, before the runner starts.',
  },
  releaseMilestone: {
    from: ['IN_PROGRESS', 'DELIVERED'],
    to: 'same',
    actor: 'customer',
    guard: (facts) => notFrozen(facts) ?? notToRelease(facts),
    postings: milestonePostings,
    description: 'The customer pays a step that is done: the runner gets it, less its share of commission and VAT.',
  },
  topUpEscrow: {
    from: ['ASSIGNED', 'IN_PROGRESS', 'DELIVERED'],
    to: 'same',
    actor: 'customer',
    guard: (facts) => notFrozen(facts) ?? firstOf([isTooMuch(facts)]),
    postings: topUpPostings,
    description: "The customer puts more from the wallet into the escrow, for the runner's work or for purchases.",
  },
  tipRunner: {
    from: ['IN_PROGRESS', 'DELIVERED', 'COMPLETED'],
    to: 'same',
    actor: 'customer',
    guard: mayTip,
    postings: tipPostings,
    description: 'The customer thanks the runner, from wallet to wallet and without commission.',
  },
  addReceipts: {
    from: ['IN_PROGRESS'],
    to: 'same',
    actor: 'assignedRunner',
    guard: (facts) => notFrozen(facts) ?? tooManyReceipts(facts),
    postings: advancePostings,
    description:
      'The assigned runner shows what was bought; where goods are paid in advance, it is paid from escrow at once.',
  },
  issueHandoverCode: {
    from: ['ASSIGNED', 'IN_PROGRESS', 'DELIVERED'],
    to: 'same',
    actor: 'customer',
    guard: ({ errand, handover, codesIssued = [] }, now) =>
      firstOf([
        handover === 'PICKUP' &&
          errand.state !== 'ASSIGNED' &&
          illegal(`The errand is ${errand.state}; a pick-up code is for an ASSIGNED one.`),
        tooManyCodes(codesIssued, now),
      ]),
    postings: none,
    description: 'The customer asks for a code that somebody at the door will tell the runner.',
  },
  confirmByCode: {
    from: ['IN_PROGRESS', 'DELIVERED'],
    to: 'COMPLETED',
    actor: 'assignedRunner',
    guard: (facts) =>
      notFrozen(facts) ??
      firstOf([!(facts.hasCode ?? false) && badInput('code: the drop-off code is needed.'), facts.code?.refusal]),
    postings: (facts) => settlementPostings(moneyOf(facts)),
    description:
      'The assigned runner gives the drop-off code, which only the recipient knew: as confirm, goods by receipts.',
  },
} as const satisfies Record<string, TransitionRule>;

function none(): readonly Posting[] {
  return [];
}

function notToRelease({ milestone }: Facts): Refusal | undefined {
  return firstOf([
    !milestone && badInput('seq: no milestone of this number is agreed for the errand.'),
    milestone?.isReleased && illegal(`Milestone ${milestone.seq} has been released already.`),
  ]);
}

/** One more has to wait until the earliest of so many is an hour old. */
function tooManyCodes(issued: readonly Date[], now: Date): Refusal | undefined {
  const hourAgoMs = now.getTime() - codesHourMs;
  const lately = issued.map((at) => at.getTime()).filter((atMs) => atMs > hourAgoMs);
  const oldestMs = lately.toSorted((one, other) => one - other).at(-codesInHourMax);
  if (oldestMs === undefined) return undefined;
  const from = new Date(oldestMs + codesHourMs).toISOString();
  const message = `An errand is given ${codesInHourMax} handover codes an hour; ask for another from ${from} on.`;
  return { code: 'LIMIT_EXCEEDED', message };
}

function milestonePostings(facts: Facts): readonly Posting[] {
  const { escrowId, runnerId } = moneyOf(facts);
  invariant(facts.milestone, `a milestone of escrow ${escrowId} is released without saying which`);
  const { runner, commission, vat } = facts.milestone.share;
  const service = accounts.escrowService(escrowId);
  return [
    ...transfer(service, accounts.commission(), commission),
    ...transfer(service, accounts.vat(), vat),
    ...transfer(service, accounts.wallet(runnerId), runner),
  ];
}

/** Neither part of an escrow grows beyond what an offer or a budget may be. */
function isTooMuch(facts: Facts): Refusal | false {
  const { service, goods } = topUpOf(facts);
  const money = moneyOf(facts);
  const isOver = money.service + service > amountMinorMax || money.goods + goods > amountMinorMax;
  return (
    isOver && { code: 'LIMIT_EXCEEDED', message: `Each part of an escrow holds ${amountMinorMax} minor units at most.` }
  );
}

function topUpPostings(facts: Facts): readonly Posting[] {
  return fundingPostings({ ...moneyOf(facts), ...topUpOf(facts) });
}

function topUpOf({ topUp, errand }: Facts) {
  invariant(topUp, `the escrow of errand ${errand.id} is topped up without saying by what`);
  return topUp;
}

function mayTip(facts: Facts, now: Date): Refusal | undefined {
  const { amount, earlier, most, completedAt, isRunnerGone = false } = tipOf(facts);
  return firstOf([
    isRunnerGone && illegal('The runner has closed the account: it takes no more money.'),
    completedAt !== null &&
      completedAt.getTime() + tipWindowMs <= now.getTime() &&
      illegal('The time to tip, 30 days after the errand was completed, has passed.'),
    earlier + amount > most && {
      code: 'LIMIT_EXCEEDED',
      message: `Tips for an errand are ${most} minor units at most, as much as its service; ${earlier} were given already.`,
    },
  ]);
}

function tipPostings(facts: Facts): readonly Posting[] {
  const { customerId, runnerId } = moneyOf(facts);
  return transfer(accounts.wallet(customerId), accounts.wallet(runnerId), tipOf(facts).amount);
}

function tipOf({ tip, errand }: Facts) {
  invariant(tip, `a tip for errand ${errand.id} without its amount`);
  return tip;
}

function tooManyReceipts({ receipts }: Facts): Refusal | undefined {
  if (!receipts) return undefined;
  const { amount, earlier, most, count } = receipts;
  return firstOf([
    count > receiptsMax && {
      code: 'LIMIT_EXCEEDED',
      message: `An errand takes ${receiptsMax} receipts at most; show several purchases on one picture.`,
    },
    earlier + amount > most && {
      code: 'LIMIT_EXCEEDED',
      message: `Receipts are for ${most} minor units at most, the goods part of the escrow; ${earlier} were shown already. The customer can top it up.`,
    },
  ]);
}

/** Without the customer's word for it, goods are paid when the delivery is settled. */
function advancePostings(facts: Facts): readonly Posting[] {
  if (!facts.errand.goodsInAdvance) return [];
  const { escrowId, runnerId } = moneyOf(facts);
  return transfer(accounts.escrowGoods(escrowId), accounts.wallet(runnerId), facts.receipts?.amount ?? 0n);
}

function moneyOf({ money, errand }: Facts) {
  invariant(money, `errand ${errand.id} moves money without its facts`);
  return money;
}
