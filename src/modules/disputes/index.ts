export {
  appealWindowMs,
  assertDisputeVisible,
  fourEyesAboveMinor,
  isArbiter,
  canSeeDecision,
  canSeeDispute,
  decisionWindowMs,
  disputeOutcomes,
  disputeStates,
  evidenceKinds,
  openerOf,
  responseWindowMs,
  type Decision,
  type Dispute,
  type DisputeOutcome,
  type DisputeState,
  type Evidence,
  type EvidenceKind,
} from './dispute.js';
export { disputeFactsOf, type Case } from './dispute.case.js';
export { disputeMachine } from './dispute.machine.js';
export { bookedByDecision, readOpenDisputes } from './dispute.preview.js';
export { disputeSettlement, ruleReasons, ruleVerdict, verdictOf, type PublishedRule } from './dispute.outcome.js';
export { decidedOnAppeal, effectOf, newDecisionRow } from './dispute.resolve.js';
export { newEvidenceRow, revealTime } from './dispute.evidence.js';
export type { DisputeResponse, EvidenceInput, NewDispute, ProposedResolution } from './dispute.input.js';
export { newDisputeRow, type DisputeChange } from './dispute.moves.js';
export { disputeTimer } from './dispute.timer.js';
export {
  createDisputeService,
  disputeCursor,
  type DisputeListArgs,
  type DisputeService,
  type DisputeServiceDeps,
} from './dispute.service.js';
