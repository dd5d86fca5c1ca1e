export {
  assertDisputeVisible,
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
