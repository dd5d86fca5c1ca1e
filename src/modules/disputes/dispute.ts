import { notFound, type Role, type Viewer } from '../../kernel/index.js';
import type {
  Dispute as DisputeRow,
  DisputeDecision as DecisionRow,
  DisputeEvidence as EvidenceRow,
  DisputeOutcome,
  DisputeState,
  EvidenceKind,
} from '../../db/index.js';

export type Dispute = Readonly<DisputeRow>;
export type Decision = Readonly<DecisionRow>;
export type Evidence = Readonly<EvidenceRow>;
export type { DisputeOutcome, DisputeState, EvidenceKind };

export const disputeStates = [
  'AWAITING_RESPONSE',
  'UNDER_REVIEW',
  'RESOLVED',
  'APPEALED',
  'FINAL',
  'WITHDRAWN',
] as const satisfies readonly DisputeState[];

export const disputeOutcomes = ['RELEASE', 'REFUND', 'SPLIT'] as const satisfies readonly DisputeOutcome[];

export const evidenceKinds = [
  'PHOTO',
  'VIDEO',
  'RECEIPT',
  'MESSAGE',
  'DOCUMENT',
  'OTHER',
] as const satisfies readonly EvidenceKind[];

const hourMs = 60 * 60 * 1000;

/** How long each step may take, in milliseconds; then the published rule of the step takes over. */
export const responseWindowMs = 48 * hourMs;
export const decisionWindowMs = 72 * hourMs;
export const appealWindowMs = 48 * hourMs;

/** An escrow that holds more than this, in minor units, is decided by two: one proposes, another approves. */
export const fourEyesAboveMinor = 10_000_000n;

const seers: readonly Role[] = ['SUPPORT', 'ARBITER', 'ADMIN'];
const deciders: readonly Role[] = ['ARBITER', 'ADMIN'];

/** The party that opened it. */
export function openerOf({ openedByCustomer, customerId, runnerId }: Dispute): string {
  return openedByCustomer ? customerId : runnerId;
}

type Parties = Pick<Dispute, 'tenantId' | 'customerId' | 'runnerId'>;

/** Its two parties, and those whose job it is: support, arbiters and admins. */
export function canSeeDispute(viewer: Viewer, dispute: Parties): boolean {
  return viewer.tenantId === dispute.tenantId && (isParty(viewer, dispute) || seesAllDisputes(viewer));
}

/** @throws AppError NOT_FOUND, the same as for a dispute that does not exist */
export function assertDisputeVisible(viewer: Viewer, dispute: Parties & Pick<Dispute, 'id'>): void {
  if (!canSeeDispute(viewer, dispute)) throw notFound('dispute', dispute.id);
}

export function seesAllDisputes(viewer: Viewer): boolean {
  return viewer.kind === 'user' && seers.some((role) => viewer.roles.has(role));
}

export function isArbiter(viewer: Viewer): boolean {
  return viewer.kind === 'user' && deciders.some((role) => viewer.roles.has(role));
}

/** A party sees its own evidence at once and the other's from the time it is revealed; those who decide see all of it. */
export function canSeeEvidence(viewer: Viewer, dispute: Parties, evidence: Evidence, now: Date): boolean {
  if (viewer.kind !== 'user' || !canSeeDispute(viewer, dispute)) return false;
  if (evidence.byUserId === viewer.userId || evidence.revealedAt <= now) return true;
  return !isParty(viewer, dispute);
}

/** What is only proposed is a matter of those who decide, and of no party, whatever their roles. */
export function canSeeDecision(viewer: Viewer, dispute: Parties, decision: Decision): boolean {
  if (!canSeeDispute(viewer, dispute)) return false;
  return decision.decidedAt !== null || !isParty(viewer, dispute);
}

function isParty(viewer: Viewer, { customerId, runnerId }: Parties): boolean {
  return viewer.kind === 'user' && (viewer.userId === customerId || viewer.userId === runnerId);
}
