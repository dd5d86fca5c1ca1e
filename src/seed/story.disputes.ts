import { createHash } from 'node:crypto';
import { invariant, uuidOf, type UserViewer } from '../kernel/index.js';
import { newAuditRow } from '../modules/audit/index.js';
import {
  appealWindowMs,
  decidedOnAppeal,
  decisionWindowMs,
  disputeFactsOf,
  disputeMachine,
  effectOf,
  fourEyesAboveMinor,
  newDecisionRow,
  newDisputeRow,
  newEvidenceRow,
  revealTime,
  ruleReasons,
  ruleVerdict,
  verdictOf,
  type Case,
  type Decision,
  type Dispute,
  type EvidenceKind,
  type PublishedRule,
} from '../modules/disputes/index.js';
import { actorOf, assertMove, patches, systemActor, type TransitionName } from '../modules/errands/index.js';
import { partsOf, settledPatch } from '../modules/escrows/index.js';
import { known, moneyFacts, type Stage, type Told } from './stage.js';

export type Side = 'customer' | 'runner';

/** Disagreements, by the errand they are about. */
export interface DisputeStories {
  /** @param claimPercent of what the escrow holds */
  dispute(errandId: string, by: Side, reason: string, claimPercent: number, at: Date): void;
  showEvidence(errandId: string, by: Side, kind: EvidenceKind, note: string, at: Date): void;
  respond(errandId: string, statement: string, at: Date): void;
  withdraw(errandId: string, at: Date): void;
  /** Above the limit of four eyes it only proposes. @param customerPercent of what is held */
  resolve(errandId: string, arbiter: UserViewer, customerPercent: number, reason: string, at: Date): void;
  approve(errandId: string, arbiter: UserViewer, at: Date): void;
  /** Nobody did anything in time. */
  resolveByRule(errandId: string, rule: PublishedRule, at: Date): void;
  appeal(errandId: string, by: Side, reason: string, at: Date): void;
  /** The time to appeal, or to decide the appeal, is over. */
  takeEffect(errandId: string, at: Date): void;
}

export function createDisputeStories(stage: Stage): DisputeStories {
  const { rows } = stage;
  const { disputes, evidence } = rows;
  const open = new Map<string, string>();

  const caseOf = (errandId: string): Case => {
    const dispute = known(disputes.get(open.get(errandId) ?? ''), `dispute about ${errandId}`);
    const decisions = [...rows.decisions.values()].filter(({ disputeId }) => disputeId === dispute.id);
    return { held: { errand: stage.errandOf(errandId), money: stage.moneyOf(errandId) }, dispute, decisions };
  };
  const partyOf = (errandId: string, by: Side): UserViewer =>
    by === 'customer' ? stage.customerOf(errandId) : stage.runnerOf(errandId);
  const heldBy = (errandId: string): bigint => {
    const { service, goods } = partsOf(stage.escrowOf(errandId));
    return service + goods;
  };

  function step(name: TransitionName, one: Case, who: UserViewer | undefined, at: Date, told: Told = {}): void {
    const { errand } = one.held;
    const actor = who ? actorOf(who, errand) : systemActor;
    const facts = { ...moneyFacts(stage.moneyOf(errand.id)), dispute: disputeFactsOf(one, actor, who) };
    stage.move(errand.id, name, who, at, { ...told, facts });
  }

  function save(dispute: Dispute, patch: Partial<Dispute>, at: Date): void {
    const { id, state, version } = dispute;
    if (patch.state !== undefined && patch.state !== state) assertMove(disputeMachine, 'a dispute', state, patch.state);
    disputes.set(id, { ...dispute, ...patch, version: version + 1, updatedAt: at });
  }

  function show(dispute: Dispute, byUserId: string, kind: EvidenceKind, note: string, at: Date): void {
    const shown = [...evidence.values()].filter(({ disputeId }) => disputeId === dispute.id);
    const bothHave = shown.some((piece) => piece.byUserId !== byUserId);
    const id = uuidOf(`demo:evidence:${dispute.id}:${shown.length + 1}`);
    const sha256 = createHash('sha256').update(id).digest('hex');
    const piece = { kind, sha256, mediaKey: `evidence/${dispute.id}/${shown.length + 1}`, note };
    evidence.set(id, newEvidenceRow(id, dispute, byUserId, piece, revealTime(dispute, bothHave, at), at));
    if (!bothHave) return;
    for (const other of shown) if (other.revealedAt > at) evidence.set(other.id, { ...other, revealedAt: at });
  }

  function decideCase(
    one: Case,
    by: Pick<Decision, 'proposedById' | 'rule' | 'decidedAt' | 'reason'>,
    customer: bigint,
    at: Date,
  ): Decision {
    const id = uuidOf(`demo:decision:${one.dispute.id}:${one.decisions.length + 1}`);
    const verdict = verdictOf(customer, heldBy(one.held.errand.id));
    const decision = newDecisionRow(id, one, verdict, by, at);
    rows.decisions.set(id, decision);
    return decision;
  }

  function inForce(one: Case, decision: Decision, at: Date): void {
    if (one.dispute.state === 'APPEALED') return effect(decidedOnAppeal(one, decision), at);
    save(one.dispute, { state: 'RESOLVED', dueAt: new Date(at.getTime() + appealWindowMs) }, at);
  }

  function effect(one: Case, at: Date): void {
    const { transition, settle, money, isRefund } = effectOf(one, at);
    const { id } = one.held.errand;
    stage.keep(id, transition);
    if (isRefund) stage.moveOffers(id, 'ACCEPTED', 'REJECTED', at);
    const emptied = { ...settledPatch(money.escrow, settle(money), 'disputed'), frozenByDispute: null };
    stage.saveEscrow(money.escrow, emptied, at);
    const seen = known(disputes.get(one.dispute.id), `dispute ${one.dispute.id}`);
    save(seen, { state: 'FINAL', dueAt: null, settledAt: at }, at);
  }

  function audit(
    action: 'proposeResolution' | 'approveResolution',
    by: UserViewer,
    one: Case,
    decision: Decision,
    at: Date,
  ): void {
    const { outcome, customerAmount, runnerAmount, commission, vat, reason, decidedAt } = decision;
    const amounts = { outcome, customerAmount, runnerAmount, commission, vat };
    const isApproval = action === 'approveResolution';
    const after = { decisionId: decision.id, ...amounts, ...(!isApproval && { takesTwo: decidedAt === null }) };
    const before = { state: one.dispute.state, errandId: one.held.errand.id };
    const second = isApproval ? { secondApproverId: decision.proposedById } : {};
    const act = { action, targetId: one.dispute.id, before, after, reason, ...second };
    rows.auditEntries.push(newAuditRow(uuidOf(`demo:audit:${action}:${decision.id}`), by, act, at));
  }

  return {
    dispute(errandId, by, reason, claimPercent, at) {
      const [errand, escrow] = [stage.errandOf(errandId), stage.escrowOf(errandId)];
      const held = heldBy(errandId);
      const facts = { ...moneyFacts(stage.moneyOf(errandId)), disputesOpened: 0 };
      stage.move(errandId, 'openDispute', partyOf(errandId, by), at, { facts });
      const claimAmount = (held * BigInt(claimPercent)) / 100n || 1n;
      const claim = {
        id: uuidOf(`demo:dispute:${errandId}`),
        openedByCustomer: by === 'customer',
        reason,
        claimAmount,
      };
      const dispute = newDisputeRow(errand, escrow, claim, at);
      disputes.set(dispute.id, dispute);
      open.set(errandId, dispute.id);
      stage.saveEscrow(escrow, { frozenByDispute: dispute.id }, at);
    },
    showEvidence(errandId, by, kind, note, at) {
      const one = caseOf(errandId);
      const party = partyOf(errandId, by);
      step('addEvidence', one, party, at);
      show(one.dispute, party.userId, kind, note, at);
    },
    respond(errandId, statement, at) {
      const one = caseOf(errandId);
      const answers = partyOf(errandId, one.dispute.openedByCustomer ? 'runner' : 'customer');
      step('respondToDispute', one, answers, at);
      const dueAt = new Date(at.getTime() + decisionWindowMs);
      save(one.dispute, { state: 'UNDER_REVIEW', response: statement, respondedAt: at, dueAt }, at);
    },
    withdraw(errandId, at) {
      const one = caseOf(errandId);
      const { errand } = one.held;
      const patch = patches.withdrawDispute(errand, one.dispute.createdAt, at);
      step('withdrawDispute', one, partyOf(errandId, one.dispute.openedByCustomer ? 'customer' : 'runner'), at, {
        patch,
      });
      stage.saveEscrow(stage.escrowOf(errandId), { frozenByDispute: null }, at);
      save(one.dispute, { state: 'WITHDRAWN', dueAt: null }, at);
    },
    resolve(errandId, arbiter, customerPercent, reason, at) {
      const one = caseOf(errandId);
      const held = heldBy(errandId);
      const decidedAt = held > fourEyesAboveMinor ? null : at;
      step('proposeResolution', one, arbiter, at, { isNoNews: decidedAt === null });
      const author = { proposedById: arbiter.userId, rule: null, decidedAt, reason };
      const decision = decideCase(one, author, (held * BigInt(customerPercent)) / 100n, at);
      audit('proposeResolution', arbiter, one, decision, at);
      if (decidedAt) inForce(one, decision, at);
    },
    approve(errandId, arbiter, at) {
      const one = caseOf(errandId);
      const proposal = known(one.decisions.at(-1), `proposal about ${errandId}`);
      invariant(proposal.decidedAt === null, `what is proposed about ${errandId} is decided already`);
      step('approveResolution', one, arbiter, at);
      const decision = { ...proposal, approvedById: arbiter.userId, decidedAt: at };
      rows.decisions.set(decision.id, decision);
      audit('approveResolution', arbiter, one, decision, at);
      inForce(one, decision, at);
    },
    resolveByRule(errandId, rule, at) {
      const one = caseOf(errandId);
      step('defaultResolution', one, undefined, at);
      const { escrow } = stage.moneyOf(errandId);
      const verdict = ruleVerdict(rule, one.dispute, heldBy(errandId), escrow.goods - escrow.goodsReceipted);
      const author = { proposedById: null, rule, decidedAt: at, reason: ruleReasons[rule] };
      inForce(one, decideCase(one, author, verdict.customerAmount, at), at);
    },
    appeal(errandId, by, reason, at) {
      const one = caseOf(errandId);
      step('appealDispute', one, partyOf(errandId, by), at);
      const appealed = { appealedByCustomer: by === 'customer', appealReason: reason, appealedAt: at };
      save(one.dispute, { state: 'APPEALED', ...appealed, dueAt: new Date(at.getTime() + decisionWindowMs) }, at);
    },
    takeEffect: (errandId, at) => effect(caseOf(errandId), at),
  };
}
