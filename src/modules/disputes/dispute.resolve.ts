import { AppError, invariant, requireUser, uuidv7 } from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import { recordAct } from '../audit/index.js';
import { releaseAcceptedOffer, saveTransition, systemActor, type Errand } from '../errands/index.js';
import { journalOf, partsOf, saveEscrow, settledPatch, type Settle } from '../escrows/index.js';
import { postJournal } from '../ledger/index.js';
import {
  decideAs,
  decideCase,
  decisionInForce,
  frozenMoney,
  heldBy,
  unspentGoods,
  lockCase,
  pendingDecision,
  saveDispute,
  type Case,
} from './dispute.case.js';
import { parseResolution, type ProposedResolution } from './dispute.input.js';
import { appealWindowMs, type Decision, type Dispute } from './dispute.js';
import type { DisputeChange, Hand } from './dispute.moves.js';
import { disputeSettlement, ruleReasons, ruleVerdict, type PublishedRule, type Verdict } from './dispute.outcome.js';

/** @param fourEyesAbove minor units: of more than this, the proposal waits for somebody else's approval */
export async function propose(
  hand: Hand,
  disputeId: string,
  input: ProposedResolution,
  fourEyesAbove: bigint,
  expectedVersion?: number | null,
): Promise<DisputeChange> {
  const { tx, viewer, clock } = hand;
  const one = await lockCase(tx, viewer, disputeId, expectedVersion);
  const now = clock.now();
  const transition = decideCase('proposeResolution', one, viewer, now);
  const held = heldBy(one);
  const { reason, ...verdict } = parseResolution(input, held);
  const decidedAt = held > fourEyesAbove ? null : now;
  const author = { proposedById: requireUser(viewer).userId, rule: null, decidedAt };
  const decision = await addDecision(tx, one, verdict, { ...author, reason }, now);
  const errand = await saveTransition(tx, one.held.errand, transition);
  const after = { decisionId: decision.id, ...amountsOf(decision), takesTwo: decidedAt === null };
  const act = { action: 'proposeResolution', targetId: disputeId, before: stateOf(one), after, reason } as const;
  await recordAct(tx, requireUser(viewer), act, now);
  return decidedAt ? inForce(tx, one, decision, now) : { dispute: one.dispute, errand };
}

/** @param decisionId what was looked at: another proposal that took its place meanwhile is not approved */
export async function approve(
  hand: Hand,
  disputeId: string,
  decisionId: string,
  expectedVersion?: number | null,
): Promise<DisputeChange> {
  const { tx, viewer, clock } = hand;
  const one = await lockCase(tx, viewer, disputeId, expectedVersion);
  const now = clock.now();
  const transition = decideCase('approveResolution', one, viewer, now);
  const proposal = pendingDecision(one.decisions);
  if (proposal?.id !== decisionId)
    throw new AppError(
      'VERSION_CONFLICT',
      `The proposal that waits is ${proposal?.id}, not ${decisionId}: read it first.`,
    );
  const data = { approvedById: requireUser(viewer).userId, decidedAt: now };
  const decision = await tx.disputeDecision.update({ where: { id: proposal.id }, data });
  await saveTransition(tx, one.held.errand, transition);
  const after = { decisionId, ...amountsOf(decision) };
  const { proposedById: secondApproverId, reason } = decision;
  const act = { targetId: disputeId, before: stateOf(one), after, reason, secondApproverId };
  await recordAct(tx, requireUser(viewer), { action: 'approveResolution', ...act }, now);
  return inForce(tx, one, decision, now);
}

const stateOf = ({ dispute }: Case) => ({ state: dispute.state, errandId: dispute.errandId });

function amountsOf({ outcome, customerAmount, runnerAmount, commission, vat }: Decision) {
  return { outcome, customerAmount, runnerAmount, commission, vat };
}

/** What the published rule of its state says of a dispute that is due, whose errand is locked. */
export async function resolveByRule(tx: Tx, one: Case, rule: PublishedRule, now: Date): Promise<DisputeChange> {
  const transition = decideAs('defaultResolution', one, systemActor, now);
  const verdict = ruleVerdict(rule, one.dispute, heldBy(one), unspentGoods(one));
  const author = { proposedById: null, rule, decidedAt: now, reason: ruleReasons[rule] };
  const decision = await addDecision(tx, one, verdict, author, now);
  await saveTransition(tx, one.held.errand, transition);
  return inForce(tx, one, decision, now);
}

/**
 * Pays out what the decision in force says: the only way money leaves a disputed escrow. The freeze is lifted by the same
 * update that books what went out, in the transaction of the journal.
 */
export async function takeEffect(tx: Tx, one: Case, now: Date): Promise<DisputeChange> {
  const { errand } = one.held;
  const { transition, settle, money, isRefund } = effectOf(one, now);
  await postJournal(tx, journalOf(errand, transition));
  if (isRefund) await releaseAcceptedOffer(tx, errand, 'REJECTED', now);
  const emptied = { ...settledPatch(money.escrow, settle(money), 'disputed'), frozenByDispute: null };
  await saveEscrow(tx, money.escrow, emptied, now);
  return {
    dispute: await saveDispute(tx, one.dispute, { state: 'FINAL', dueAt: null, settledAt: now }, now),
    errand: await saveTransition(tx, errand, transition),
  };
}

/** What the decision in force does with the money. Pure. */
export function effectOf(one: Case, now: Date) {
  const decision = decisionInForce(one.decisions);
  invariant(decision, `dispute ${one.dispute.id} is to take effect and nothing is decided`);
  const settle: Settle = ({ escrow, feePlan }) => disputeSettlement(feePlan, partsOf(escrow), decision.customerAmount);
  const isRefund = decision.outcome === 'REFUND' && !isAsIfUndisputed(decision, one.dispute);
  const name = isRefund ? 'refundDispute' : 'settleDispute';
  const transition = decideAs(name, one, systemActor, now, undefined, settle);
  return { transition, settle, isRefund, money: frozenMoney(one) };
}

/** Nobody decided about a delivery: it ends as one does, also when all that is left of its money is the customer's change. */
function isAsIfUndisputed({ rule }: Decision, { openedFrom }: Dispute): boolean {
  return rule === 'NO_DECISION' && openedFrom === 'DELIVERED';
}

/** A first decision can be appealed for a while; one on appeal takes effect at once. */
async function inForce(tx: Tx, one: Case, decision: Decision, now: Date): Promise<DisputeChange> {
  if (one.dispute.state === 'APPEALED') {
    return takeEffect(tx, decidedOnAppeal(one, decision), now);
  }
  const dueAt = new Date(now.getTime() + appealWindowMs);
  const errand: Errand = one.held.errand;
  return { dispute: await saveDispute(tx, one.dispute, { state: 'RESOLVED', dueAt }, now), errand };
}

/** A decision on appeal is the last one. */
export function decidedOnAppeal(one: Case, decision: Decision): Case {
  const dispute = { ...one.dispute, state: 'FINAL' } as const satisfies Dispute;
  return { ...one, dispute, decisions: [...one.decisions, decision] };
}

type DecisionAuthor = Pick<Decision, 'proposedById' | 'rule' | 'decidedAt' | 'reason'>;

async function addDecision(tx: Tx, one: Case, verdict: Verdict, author: DecisionAuthor, now: Date): Promise<Decision> {
  return tx.disputeDecision.create({ data: newDecisionRow(uuidv7(now.getTime()), one, verdict, author, now) });
}

/** A decision as it is first written down. */
export function newDecisionRow(
  id: string,
  one: Case,
  { outcome, customerAmount }: Verdict,
  author: DecisionAuthor,
  now: Date,
): Decision {
  const { escrow, feePlan } = frozenMoney(one);
  const parts = disputeSettlement(feePlan, partsOf(escrow), customerAmount);
  return {
    ...author,
    approvedById: null,
    id,
    tenantId: one.dispute.tenantId,
    disputeId: one.dispute.id,
    seq: (one.decisions.at(-1)?.seq ?? 0) + 1,
    outcome,
    customerAmount,
    runnerAmount: parts.runner,
    commission: parts.commission,
    vat: parts.vat,
    proposedAt: now,
  };
}
