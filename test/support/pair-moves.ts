import type { UserViewer } from '../../src/kernel/index.js';
import { createChargebackService } from '../../src/modules/escrows/index.js';
import { hourMs, newErrand, proof, type StoryMarket, type StoryServices } from './stories.js';

const naira = (minor: bigint) => ({ minor, currency: 'NGN' });
const because = 'We do not agree.';

/** An errand that two are going to move at once. */
export interface PairStory {
  readonly errandId: string;
  readonly customer: UserViewer;
  readonly runner: UserViewer;
  readonly arbiter: UserViewer;
  readonly tenantId: string;
  readonly disputeId: string;
  /** At the door. */
  readonly code: string;
  /** At the provider, of the charge that filled the customer's wallet. */
  readonly providerRef: string;
}

export type PairMove = (services: StoryServices, story: PairStory) => Promise<unknown>;

const timer =
  (name: string): PairMove =>
  ({ timers }, { tenantId, errandId }) =>
    timers.fire({ name, tenantId, errandId });

/** What moves an escrow's money, or decides whether it may move, each with something of its own to move. */
export const pairMoves = {
  fund: ({ escrows }, { customer, errandId }) => escrows.fund(customer, errandId),
  start: ({ errands }, { runner, errandId }) => errands.start(runner, errandId),
  submitProof: ({ errands }, { runner, errandId }) => errands.submitProof(runner, errandId, [proof]),
  cancel: ({ escrows }, { customer, errandId }) => escrows.cancel(customer, errandId, because),
  drop: ({ escrows }, { runner, errandId }) => escrows.drop(runner, errandId, because),
  agreeMilestones: ({ escrows }, { customer, errandId }) => escrows.agreeMilestones(customer, errandId, []),
  releaseMilestone: ({ escrows }, { customer, errandId }) => escrows.releaseMilestone(customer, errandId, 1),
  addReceipts: ({ escrows }, { runner, errandId }) =>
    escrows.addReceipts(runner, errandId, [{ amountMinor: 300n, sha256: 'ab'.repeat(32) }]),
  topUp: ({ escrows }, { customer, errandId }) => escrows.topUp(customer, errandId, { serviceMinor: 700n }),
  tip: ({ escrows }, { customer, errandId }) => escrows.tip(customer, errandId, 600n),
  confirm: ({ escrows }, { customer, errandId }) => escrows.confirm(customer, errandId, { goodsSpent: 400n }),
  confirmByCode: ({ escrows }, { runner, errandId, code }) => escrows.confirmByCode(runner, errandId, { code }),
  openDispute: ({ disputes }, { customer, errandId }) =>
    disputes.open(customer, errandId, { reason: because, claimMinor: 50n }),
  withdraw: ({ disputes }, { customer, disputeId }) => disputes.withdraw(customer, disputeId),
  respond: ({ disputes }, { runner, disputeId }) => disputes.respond(runner, disputeId, { statement: because }),
  resolve: ({ disputes }, { arbiter, disputeId }) =>
    disputes.propose(arbiter, disputeId, { outcome: 'REFUND', reason: because }),
  appeal: ({ disputes }, { runner, disputeId }) => disputes.appeal(runner, disputeId, because),
  chargeback: ({ db }, { providerRef, errandId }) =>
    createChargebackService({ db, clock: { now: () => new Date('2026-03-02T10:00:00.000Z') } }).record('provider', {
      provider: 'sandbox',
      eventId: `evt-${errandId}`,
      providerRef,
      amountMinor: 900n,
      currency: 'NGN',
      reason: because,
    }),
  autoRelease: timer('autoRelease'),
  noShow: timer('noShow'),
  fundingTimeout: timer('fundingTimeout'),
  disputeDue: timer('disputeDue'),
} as const satisfies Record<string, PairMove>;

export type PairMoveName = keyof typeof pairMoves;

export interface PairPlace {
  /** What may meet there; the first of them decide about the money. */
  readonly moves: readonly PairMoveName[];
  /** How many of `moves` do. */
  readonly deciding: number;
  /** How long the errand has stood there when they meet; in milliseconds. */
  readonly afterMs: number;
  readonly tell: (market: PairMarket, customer: UserViewer) => Promise<Told>;
}

interface Told {
  readonly errandId: string;
  readonly disputeId?: string;
  readonly code?: string;
}

export interface PairMarket extends StoryMarket {
  readonly arbiter: UserViewer;
}

const soon = ({ clock }: StoryMarket) => ({ startBy: new Date(clock.now().getTime() + hourMs) });

/** Where errands stand when two moves meet. */
export const pairPlaces = {
  awaitingFunding: {
    moves: ['fund', 'cancel', 'agreeMilestones'],
    deciding: 2,
    afterMs: 0,
    tell: (market, customer) => accepted(market, customer),
  },
  unfundedTooLong: { moves: ['fund', 'fundingTimeout', 'cancel'], deciding: 2, afterMs: 73 * hourMs, tell: accepted },
  assigned: {
    moves: ['cancel', 'drop', 'topUp', 'start', 'agreeMilestones'],
    deciding: 3,
    afterMs: hourMs / 2,
    tell: (market, customer) => assigned(market, customer),
  },
  missedItsStart: {
    moves: ['noShow', 'cancel', 'drop', 'start', 'topUp'],
    deciding: 3,
    afterMs: 73 * hourMs,
    tell: (market, customer) => assigned(market, customer, soon(market)),
  },
  inProgress: {
    moves: ['releaseMilestone', 'drop', 'openDispute', 'confirmByCode', 'addReceipts', 'submitProof', 'topUp', 'tip'],
    deciding: 4,
    afterMs: 0,
    tell: (market, customer) => started(market, customer),
  },
  delivered: {
    moves: ['confirm', 'releaseMilestone', 'openDispute', 'confirmByCode', 'topUp', 'tip', 'chargeback'],
    deciding: 4,
    afterMs: 0,
    tell: (market, customer) => delivered(market, customer),
  },
  deliveredLongAgo: {
    moves: ['autoRelease', 'confirm', 'releaseMilestone', 'confirmByCode', 'topUp', 'openDispute'],
    deciding: 3,
    afterMs: 73 * hourMs,
    tell: (market, customer) => delivered(market, customer),
  },
  underReview: {
    moves: ['withdraw', 'resolve', 'disputeDue', 'confirm'],
    deciding: 2,
    afterMs: 0,
    tell: (market, customer) => underReview(market, customer),
  },
  disputedInSilence: {
    moves: ['disputeDue', 'respond', 'withdraw', 'resolve'],
    deciding: 3,
    afterMs: 73 * hourMs,
    tell: (market, customer) => disputed(market, customer),
  },
  resolved: { moves: ['appeal', 'resolve'], deciding: 1, afterMs: 0, tell: resolved },
  resolvedLongAgo: { moves: ['disputeDue', 'appeal'], deciding: 2, afterMs: 73 * hourMs, tell: resolved },
} as const satisfies Record<string, PairPlace>;

export type PairPlaceName = keyof typeof pairPlaces;

async function accepted({ errands, offers, escrows, runner }: PairMarket, customer: UserViewer, dates: object = {}) {
  const errand = await errands.post(customer, newErrand({ goodsBudget: naira(900n), ...dates }));
  const { offer } = await offers.make(runner, errand.id, { amountMinor: 10_001n });
  await escrows.acceptOffer(customer, offer.id);
  const steps = [4_000n, 6_001n].map((amountMinor) => ({ title: 'A step', amountMinor }));
  await escrows.agreeMilestones(customer, errand.id, steps);
  return { errandId: errand.id };
}

async function assigned(market: PairMarket, customer: UserViewer, dates?: object) {
  const told = await accepted(market, customer, dates);
  await market.escrows.fund(customer, told.errandId);
  return told;
}

async function started(market: PairMarket, customer: UserViewer) {
  const { errandId } = await assigned(market, customer);
  await market.errands.start(market.runner, errandId);
  const { issued } = await market.handovers.issue(customer, errandId, 'DROPOFF');
  return { errandId, code: issued.code };
}

async function delivered(market: PairMarket, customer: UserViewer) {
  const told = await started(market, customer);
  await market.errands.submitProof(market.runner, told.errandId, [proof]);
  return told;
}

async function disputed(market: PairMarket, customer: UserViewer) {
  const told = await delivered(market, customer);
  const { dispute } = await market.disputes.open(customer, told.errandId, { reason: because, claimMinor: 50n });
  return { ...told, disputeId: dispute.id };
}

async function underReview(market: PairMarket, customer: UserViewer) {
  const told = await disputed(market, customer);
  await market.disputes.respond(market.runner, told.disputeId, { statement: because });
  return told;
}

async function resolved(market: PairMarket, customer: UserViewer) {
  const told = await underReview(market, customer);
  const { disputes, arbiter } = market;
  await disputes.propose(arbiter, told.disputeId, { outcome: 'RELEASE', reason: because });
  return told;
}
