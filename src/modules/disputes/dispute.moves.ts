import { invariant, requireUser, uuidv7, type Clock, type Currency, type Viewer } from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import { actorOf, decide, patches, saveTransition, type Errand } from '../errands/index.js';
import { factsOf, lockBoth, partsOf, saveEscrow, type Escrow, type Held } from '../escrows/index.js';
import { decideCase, frozenMoney, lockCase, saveDispute } from './dispute.case.js';
import { giveEvidence } from './dispute.evidence.js';
import {
  parseEvidence,
  parseNewDispute,
  parseResponse,
  parseStatement,
  type DisputeResponse,
  type EvidenceInput,
  type NewDispute,
} from './dispute.input.js';
import { decisionWindowMs, responseWindowMs, type Dispute } from './dispute.js';

/** What every use case needs at hand. */
export interface Hand {
  readonly tx: Tx;
  readonly clock: Clock;
  readonly viewer: Viewer;
}

export interface DisputeChange {
  readonly dispute: Dispute;
  readonly errand: Errand;
}

/** The freeze, the errand's state and the dispute come in one transaction, under the lock that every outflow takes. */
export async function openDispute(
  hand: Hand,
  errandId: string,
  input: NewDispute,
  expectedVersion?: number | null,
): Promise<DisputeChange> {
  const { tx, viewer, clock } = hand;
  const { tenantId, userId } = requireUser(viewer);
  const held = await lockBoth(tx, tenantId, errandId);
  const now = clock.now();
  const openedByCustomer = userId === held.errand.customerId;
  const facts = { ...factsOf(held), disputesOpened: await openedBefore(tx, held, openedByCustomer) };
  const decision = decide('openDispute', { ...facts, expectedVersion }, actorOf(viewer, held.errand), now);
  invariant(held.money, `errand ${errandId} is ${held.errand.state} without an escrow`);
  const { escrow } = held.money;
  const { service, goods } = partsOf(escrow);
  const { reason } = parseNewDispute(input, service + goods, escrow.currency as Currency);
  const claim = { openedByCustomer, reason, claimAmount: input.claimMinor };
  const row = newDisputeRow(held.errand, escrow, { id: uuidv7(now.getTime()), ...claim }, now);
  const dispute = await tx.dispute.create({ data: row });
  await giveEvidence(tx, dispute, userId, input.evidence ?? [], now);
  await saveEscrow(tx, escrow, { frozenByDispute: dispute.id }, now);
  return { dispute, errand: await saveTransition(tx, held.errand, decision) };
}

export async function respond(
  hand: Hand,
  disputeId: string,
  input: DisputeResponse,
  expectedVersion?: number | null,
): Promise<DisputeChange> {
  const { tx, viewer, clock } = hand;
  const one = await lockCase(tx, viewer, disputeId, expectedVersion);
  const now = clock.now();
  const decision = decideCase('respondToDispute', one, viewer, now);
  const { statement } = parseResponse(input);
  await giveEvidence(tx, one.dispute, requireUser(viewer).userId, input.evidence ?? [], now);
  const answered = { state: 'UNDER_REVIEW', response: statement, respondedAt: now } as const;
  const dueAt = new Date(now.getTime() + decisionWindowMs);
  return {
    dispute: await saveDispute(tx, one.dispute, { ...answered, dueAt }, now),
    errand: await saveTransition(tx, one.held.errand, decision),
  };
}

export async function addEvidence(
  hand: Hand,
  disputeId: string,
  evidence: readonly EvidenceInput[],
  expectedVersion?: number | null,
): Promise<DisputeChange> {
  const { tx, viewer, clock } = hand;
  const one = await lockCase(tx, viewer, disputeId, expectedVersion);
  const now = clock.now();
  const decision = decideCase('addEvidence', one, viewer, now);
  await giveEvidence(tx, one.dispute, requireUser(viewer).userId, parseEvidence('evidence', evidence), now);
  return { dispute: one.dispute, errand: await saveTransition(tx, one.held.errand, decision) };
}

export async function withdraw(hand: Hand, disputeId: string, expectedVersion?: number | null): Promise<DisputeChange> {
  const { tx, viewer, clock } = hand;
  const one = await lockCase(tx, viewer, disputeId, expectedVersion);
  const now = clock.now();
  const decision = decideCase('withdrawDispute', one, viewer, now);
  const { errand } = one.held;
  await saveEscrow(tx, frozenMoney(one).escrow, { frozenByDispute: null }, now);
  return {
    dispute: await saveDispute(tx, one.dispute, { state: 'WITHDRAWN', dueAt: null }, now),
    errand: await saveTransition(tx, errand, decision, patches.withdrawDispute(errand, one.dispute.createdAt, now)),
  };
}

/** The decision stands until somebody else has looked at it; when nobody does in time, it takes effect as it is. */
export async function appeal(
  hand: Hand,
  disputeId: string,
  reason: string,
  expectedVersion?: number | null,
): Promise<DisputeChange> {
  const { tx, viewer, clock } = hand;
  const one = await lockCase(tx, viewer, disputeId, expectedVersion);
  const now = clock.now();
  const decision = decideCase('appealDispute', one, viewer, now);
  const appealReason = parseStatement('reason', reason);
  const appealedByCustomer = requireUser(viewer).userId === one.dispute.customerId;
  const appealed = { state: 'APPEALED', appealedByCustomer, appealReason } as const;
  const dueAt = new Date(now.getTime() + decisionWindowMs);
  return {
    dispute: await saveDispute(tx, one.dispute, { ...appealed, appealedAt: now, dueAt }, now),
    errand: await saveTransition(tx, one.held.errand, decision),
  };
}

async function openedBefore(tx: Tx, { money }: Held, openedByCustomer: boolean): Promise<number> {
  return money ? tx.dispute.count({ where: { escrowId: money.escrow.id, openedByCustomer } }) : 0;
}

/** A dispute as it is first written down. */
export function newDisputeRow(
  errand: Errand,
  escrow: Escrow,
  claim: Pick<Dispute, 'id' | 'openedByCustomer' | 'reason' | 'claimAmount'>,
  now: Date,
): Dispute {
  const respondBy = new Date(now.getTime() + responseWindowMs);
  return {
    ...claim,
    tenantId: errand.tenantId,
    errandId: errand.id,
    escrowId: escrow.id,
    customerId: escrow.customerId,
    runnerId: escrow.runnerId,
    openedFrom: errand.state,
    currency: escrow.currency,
    state: 'AWAITING_RESPONSE',
    response: null,
    respondedAt: null,
    respondBy,
    dueAt: respondBy,
    appealedByCustomer: null,
    appealReason: null,
    appealedAt: null,
    settledAt: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}
