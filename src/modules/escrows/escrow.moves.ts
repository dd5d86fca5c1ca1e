import {
  badInput,
  formatMoney,
  invariant,
  requireUser,
  uuidv7,
  type Clock,
  type Currency,
  type Viewer,
} from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import {
  actorOf,
  decide,
  lockErrand,
  lockErrandOfOffer,
  patches,
  readOffer,
  saveTransition,
  type Decision,
  type Errand,
  type Facts,
  type Offer,
  type Settlement,
} from '../errands/index.js';
import { postJournal } from '../ledger/index.js';
import { closeLiveOffers, currentFeePlan, lockEscrow, openEscrow, saveEscrow, type HeldEscrow } from './escrow.repo.js';
import { fundedPatch, journalOf, moneyFactsOf, newEscrowRow, partsOf, settledPatch, type Escrow } from './escrow.js';
import { cancellationSettlement, deliverySettlement } from './fees.js';

export interface EscrowChange {
  readonly escrow: Escrow;
  readonly errand: Errand;
}

export interface AcceptedOffer extends EscrowChange {
  readonly offer: Offer;
}

export interface CancelledErrand {
  readonly errand: Errand;
  /** Null when nobody had been accepted yet. */
  readonly escrow: Escrow | null;
}

export interface ConfirmOptions {
  /** Minor units spent of the goods budget; the rest goes back to the customer. Default: all of it was spent. */
  readonly goodsSpent?: bigint | null | undefined;
  readonly expectedVersion?: number | undefined;
}

const reasonLengthMax = 500;

/** What every use case needs at hand. */
interface Hand {
  readonly tx: Tx;
  readonly clock: Clock;
  readonly viewer: Viewer;
}

export async function acceptOffer(hand: Hand, offerId: string, expectedVersion?: number): Promise<AcceptedOffer> {
  const { tx, viewer, clock } = hand;
  const errand = await lockErrandOfOffer(tx, requireUser(viewer).tenantId, offerId);
  const offer = await readOffer(tx, viewer, errand, offerId);
  const now = clock.now();
  const decision = decide('acceptOffer', { errand, offer, expectedVersion }, actorOf(viewer, errand), now);
  const plan = await currentFeePlan(tx, errand.tenantId);
  const escrow = await openEscrow(tx, errand, newEscrowRow(errand, offer, plan.id, uuidv7(now.getTime()), now));
  const accepted = { state: 'ACCEPTED', version: offer.version + 1, updatedAt: now } as const;
  return {
    offer: await tx.offer.update({ where: { id: offer.id }, data: accepted }),
    escrow,
    errand: await saveTransition(tx, errand, decision, patches.acceptOffer(offer, now)),
  };
}

export async function fund(hand: Hand, errandId: string): Promise<EscrowChange> {
  const { tx, viewer, clock } = hand;
  const held = await lockBoth(hand, errandId);
  const now = clock.now();
  const decision = decide('fundFromWallet', factsOf(held), actorOf(viewer, held.errand), now);
  const escrow = escrowOf(held);
  await postJournal(tx, journalOf(held.errand, decision));
  await closeLiveOffers(tx, held.errand, 'SUPERSEDED', now);
  return {
    escrow: await saveEscrow(tx, escrow, fundedPatch(escrow, now), now),
    errand: await saveTransition(tx, held.errand, decision),
  };
}

export async function confirm(hand: Hand, errandId: string, options: ConfirmOptions): Promise<EscrowChange> {
  const { viewer, clock } = hand;
  const held = await lockBoth(hand, errandId);
  const settle = ({ escrow, feePlan }: HeldEscrow): Settlement =>
    deliverySettlement(feePlan, partsOf(escrow, held.errand), goodsSpentOf(held.errand, options.goodsSpent));
  const facts = { ...factsOf(held, settle), expectedVersion: options.expectedVersion };
  const decision = decide('confirm', facts, actorOf(viewer, held.errand), clock.now());
  return settleEscrow(hand, held, decision, settle);
}

export async function cancel(hand: Hand, errandId: string, reason?: string): Promise<CancelledErrand> {
  const { viewer, clock } = hand;
  const held = await lockBoth(hand, errandId);
  const now = clock.now();
  const actor = actorOf(viewer, held.errand);
  if (held.errand.state !== 'ASSIGNED') {
    return cancelUnfunded(hand, held, decide('cancelFree', factsOf(held), actor, now), parseReason(reason));
  }
  const settle = ({ escrow, feePlan }: HeldEscrow): Settlement =>
    cancellationSettlement(feePlan, partsOf(escrow, held.errand), escrow.fundedAt ?? escrow.createdAt, now);
  const decision = decide('cancelAssigned', factsOf(held, settle), actor, now);
  return settleEscrow(hand, held, decision, settle, parseReason(reason));
}

interface Held {
  readonly errand: Errand;
  /** Undefined before an offer is accepted. */
  readonly money: HeldEscrow | undefined;
}

type Settle = (money: HeldEscrow) => Settlement;

async function lockBoth({ tx, viewer }: Hand, errandId: string): Promise<Held> {
  const errand = await lockErrand(tx, requireUser(viewer).tenantId, errandId);
  return { errand, money: await lockEscrow(tx, errand) };
}

function factsOf({ errand, money }: Held, settle?: Settle): Facts {
  return money ? { errand, money: moneyFactsOf(money.escrow, errand, settle && (() => settle(money))) } : { errand };
}

async function cancelUnfunded(
  { tx }: Hand,
  { errand, money }: Held,
  decision: Decision,
  reason?: string,
): Promise<CancelledErrand> {
  const { at } = decision.event;
  await closeLiveOffers(tx, errand, 'REJECTED', at);
  const escrow = money ? await saveEscrow(tx, money.escrow, { state: 'VOID' }, at) : null;
  return { escrow, errand: await saveTransition(tx, errand, decision, {}, reason) };
}

/** Books the decided postings and closes the escrow: it holds nothing afterwards. */
async function settleEscrow(
  { tx }: Hand,
  held: Held,
  decision: Decision,
  settle: Settle,
  reason?: string,
): Promise<EscrowChange> {
  invariant(held.money, `errand ${held.errand.id} has money to settle and no escrow`);
  const { escrow } = held.money;
  const how = decision.to === 'COMPLETED' ? 'delivered' : 'calledOff';
  await postJournal(tx, journalOf(held.errand, decision));
  return {
    escrow: await saveEscrow(tx, escrow, settledPatch(escrow, settle(held.money), how), decision.event.at),
    errand: await saveTransition(tx, held.errand, decision, {}, reason),
  };
}

function escrowOf({ errand, money }: Held): Escrow {
  invariant(money, `errand ${errand.id} is ${errand.state} without an escrow`);
  return money.escrow;
}

function goodsSpentOf({ goodsBudget, currency }: Errand, spent: bigint | null | undefined): bigint {
  const goodsSpent = spent ?? goodsBudget;
  if (goodsSpent >= 0n && goodsSpent <= goodsBudget) return goodsSpent;
  const most = formatMoney({ minor: goodsBudget, currency: currency as Currency });
  throw badInput('goodsSpent', `must be from 0 to ${goodsBudget} (${most}, the goods budget), got ${goodsSpent}.`);
}

function parseReason(reason: string | undefined): string | undefined {
  if (reason !== undefined && reason.length > reasonLengthMax) {
    throw badInput('reason', `takes up to ${reasonLengthMax} characters, got ${reason.length}.`);
  }
  return reason?.trim() || undefined;
}
