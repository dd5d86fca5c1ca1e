export {
  assertDisputeVisible,
  fourEyesAboveMinor,
  isArbiter,
  canSeeDecision,
  canSeeDispute,
  disputeOutcomes,
  disputeStates,
  evidenceKinds,
  openerOf,
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
export { disputeSettlement } from './dispute.outcome.js';
export type { DisputeResponse, EvidenceInput, NewDispute, ProposedResolution } from './dispute.input.js';
export type { DisputeChange } from './dispute.moves.js';
export { disputeTimer } from './dispute.timer.js';
export {
  createDisputeService,
  disputeCursor,
  type DisputeListArgs,
  type DisputeService,
  type DisputeServiceDeps,
} from './dispute.service.js';
