import { requireUser, uuidv7, type Clock, type UserViewer, type Viewer } from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import { recordAct } from '../audit/index.js';
import {
  actorOf,
  assertOfRunner,
  closeLiveOffers,
  decide,
  endCodes,
  lockBidder,
  lockErrandOfOffer,
  patches,
  readOffer,
  refundOf,
  refuse,
  releaseAcceptedOffer,
  saveOffer,
  saveTransition,
  textFaults,
  type Decision,
  type Errand,
  type Offer,
} from '../errands/index.js';
import { postJournal } from '../ledger/index.js';
import { currentFeePlan, openEscrow, saveEscrow } from './escrow.repo.js';
import { fundedPatch, journalOf, newEscrowRow, partsOf, settledPatch, type Escrow } from './escrow.js';
import {
  escrowOf,
  factsOf,
  holdRunner,
  lockBoth,
  settleEscrow,
  voidEscrow,
  type EscrowChange,
  type Held,
} from './escrow.hold.js';
import { settleCancellation, settleDelivery } from './escrow.settle.js';

export interface AcceptedOffer extends EscrowChange {
  readonly offer: Offer;
}

export interface CancelledErrand {
  readonly errand: Errand;
  /** Null when nobody had been accepted yet. */
  readonly escrow: Escrow | null;
}

export interface ConfirmOptions {
  /**
   * Minor units spent of the goods part, not below what receipts say; the rest goes back to the customer. Default: what
   * receipts say, and all of it when there is none.
   */
  readonly goodsSpent?: bigint | null | undefined;
  readonly expectedVersion?: number | null | undefined;
}

const reasonLengthMax = 500;

/** What every use case needs at hand. */
export interface Hand {
  readonly tx: Tx;
  readonly clock: Clock;
  readonly viewer: Viewer;
}

export async function acceptOffer(
  hand: Hand,
  offerId: string,
  expectedVersion?: number | null,
): Promise<AcceptedOffer> {
  return agree(hand, 'acceptOffer', offerId, expectedVersion);
}

/** The customer has named the price, so the runner's yes to it is the last word. */
export async function acceptCounter(
  hand: Hand,
  offerId: string,
  expectedVersion?: number | null,
): Promise<AcceptedOffer> {
  return agree(hand, 'acceptCounter', offerId, expectedVersion);
}

async function agree(
  { tx, viewer, clock }: Hand,
  name: 'acceptOffer' | 'acceptCounter',
  offerId: string,
  expectedVersion?: number | null,
): Promise<AcceptedOffer> {
  const errand = await lockErrandOfOffer(tx, requireUser(viewer).tenantId, offerId);
  const offer = await readOffer(tx, viewer, errand, offerId);
  if (name === 'acceptCounter') assertOfRunner(viewer, offer);
  const bidder = name === 'acceptCounter' ? await lockBidder(tx, errand, offer.runnerId) : undefined;
  const now = clock.now();
  const facts = { errand, offer, ...(bidder && { bidder }), expectedVersion };
  const decision = decide(name, facts, actorOf(viewer, errand), now);
  const plan = await currentFeePlan(tx, errand.tenantId);
  const escrow = await openEscrow(tx, errand, newEscrowRow(errand, offer, plan.id, uuidv7(now.getTime()), now));
  return {
    offer: await saveOffer(tx, offer, 'ACCEPTED', now),
    escrow,
    errand: await saveTransition(tx, errand, decision, patches.acceptOffer(offer, now)),
  };
}

export async function fund(hand: Hand, errandId: string, expectedVersion?: number | null): Promise<EscrowChange> {
  const { tx, viewer, clock } = hand;
  const held = await holdRunner(tx, await lockBoth(tx, requireUser(viewer).tenantId, errandId));
  const facts = { ...factsOf(held), expectedVersion };
  return fundHeld(tx, held, decide('fundFromWallet', facts, actorOf(viewer, held.errand), clock.now()));
}

/** Moves the whole escrow's money out of the customer's wallet, as a decided funding says, and ends all other offers. */
export async function fundHeld(tx: Tx, held: Held, decision: Decision): Promise<EscrowChange> {
  const now = decision.event.at;
  const escrow = escrowOf(held);
  await postJournal(tx, journalOf(held.errand, decision));
  await closeLiveOffers(tx, held.errand, 'SUPERSEDED', now);
  return {
    escrow: await saveEscrow(tx, escrow, fundedPatch(escrow, now), now),
    errand: await saveTransition(tx, held.errand, decision),
  };
}

export async function confirm(hand: Hand, errandId: string, options: ConfirmOptions): Promise<EscrowChange> {
  const { tx, viewer, clock } = hand;
  const held = await lockBoth(tx, requireUser(viewer).tenantId, errandId);
  const settle = settleDelivery(options.goodsSpent);
  const facts = { ...factsOf(held, settle), expectedVersion: options.expectedVersion };
  const decision = decide('confirm', facts, actorOf(viewer, held.errand), clock.now());
  return settleEscrow(tx, held, decision, settle);
}

export async function cancel(
  hand: Hand,
  errandId: string,
  reason?: string | null,
  expectedVersion?: number | null,
): Promise<CancelledErrand> {
  const { tx, viewer, clock } = hand;
  const held = await lockBoth(tx, requireUser(viewer).tenantId, errandId);
  const now = clock.now();
  const actor = actorOf(viewer, held.errand);
  if (held.errand.state !== 'ASSIGNED') {
    const decision = decide('cancelFree', { ...factsOf(held), expectedVersion }, actor, now);
    await closeLiveOffers(tx, held.errand, 'REJECTED', now);
    await releaseAcceptedOffer(tx, held.errand, 'REJECTED', now);
    return voidEscrow(tx, held, decision, patches.cancelFree(), parseReason(reason));
  }
  const settle = settleCancellation(now);
  const decision = decide('cancelAssigned', { ...factsOf(held, settle), expectedVersion }, actor, now);
  await releaseAcceptedOffer(tx, held.errand, 'REJECTED', now);
  return settleEscrow(tx, held, decision, settle, parseReason(reason));
}

/** The escrow is emptied and retired, so that the next accepted offer opens one of its own and this one keeps its story. */
export async function drop(
  hand: Hand,
  errandId: string,
  reason?: string | null,
  expectedVersion?: number | null,
): Promise<EscrowChange> {
  const { tx, viewer, clock } = hand;
  const held = await lockBoth(tx, requireUser(viewer).tenantId, errandId);
  const now = clock.now();
  const decision = decide('runnerDrop', { ...factsOf(held), expectedVersion }, actorOf(viewer, held.errand), now);
  const why = parseReason(reason);
  const escrow = escrowOf(held);
  const settlement = refundOf(partsOf(escrow));
  await postJournal(tx, journalOf(held.errand, decision));
  await releaseAcceptedOffer(tx, held.errand, 'WITHDRAWN', now);
  await endCodes(tx, held.errand);
  const emptied = { ...settledPatch(escrow, settlement, 'calledOff'), retiredAt: now };
  if (decision.event.actorRole === 'staff') await recordDrop(tx, requireUser(viewer), held.errand, why, now);
  return {
    escrow: await saveEscrow(tx, escrow, emptied, now),
    errand: await saveTransition(tx, held.errand, decision, patches.runnerDrop(), why),
  };
}

async function recordDrop(
  tx: Tx,
  by: UserViewer,
  errand: Errand,
  reason: string | undefined,
  now: Date,
): Promise<void> {
  const { id: targetId, state, runnerId } = errand;
  const before = { state, runnerId };
  const after = { state: 'OPEN', runnerId: null };
  await recordAct(tx, by, { action: 'dropErrand', targetId, before, after, reason }, now);
}

function parseReason(reason: string | null | undefined): string | undefined {
  refuse(textFaults('reason', reason, reasonLengthMax));
  return reason?.trim() || undefined;
}
