import { invariant, isUuid, notFound, requireUser, type Viewer } from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import {
  actorOf,
  assertMove,
  decide,
  requireVersion,
  type Actor,
  type Decision as Transition,
  type DisputeFacts,
  type TransitionName,
} from '../errands/index.js';
import {
  factsOf,
  goodsByReceipts,
  lockBoth,
  partsOf,
  type Held,
  type HeldEscrow,
  type Settle,
} from '../escrows/index.js';
import { assertDisputeVisible, isArbiter, openerOf, type Decision, type Dispute } from './dispute.js';
import { disputeMachine } from './dispute.machine.js';

/**
 * A dispute with the errand and the escrow it is about, both locked. Whoever changes a dispute, its evidence or its
 * decisions holds the errand's lock, so they need no lock of their own.
 */
export interface Case {
  readonly held: Held;
  readonly dispute: Dispute;
  /** Oldest first. */
  readonly decisions: readonly Decision[];
}

/** @throws AppError UNAUTHENTICATED, NOT_FOUND unless one who may see it, VERSION_CONFLICT */
export async function lockCase(
  tx: Tx,
  viewer: Viewer,
  disputeId: string,
  expectedVersion?: number | null,
): Promise<Case> {
  const { tenantId } = requireUser(viewer);
  const found = isUuid(disputeId) ? await tx.dispute.findFirst({ where: { tenantId, id: disputeId } }) : null;
  if (!found) throw notFound('dispute', disputeId);
  assertDisputeVisible(viewer, found);
  const held = await lockBoth(tx, tenantId, found.errandId);
  const one = await readCase(tx, held, found.id);
  requireVersion(one.dispute, expectedVersion, 'dispute');
  return one;
}

/** The dispute of a locked errand as it stands now. */
export async function readCase(tx: Tx, held: Held, disputeId: string): Promise<Case> {
  const dispute = await tx.dispute.findUniqueOrThrow({ where: { id: disputeId } });
  const decisions = await tx.disputeDecision.findMany({ where: { disputeId }, orderBy: { seq: 'asc' } });
  return { held, dispute, decisions };
}

/** What the one table of transitions says of a move by this viewer. @throws what `decide` throws */
export function decideCase(name: TransitionName, one: Case, viewer: Viewer, now: Date): Transition {
  return decideAs(name, one, actorOf(viewer, one.held.errand), now, viewer);
}

export function decideAs(
  name: TransitionName,
  one: Case,
  actor: Actor,
  now: Date,
  viewer?: Viewer,
  settle?: Settle,
): Transition {
  const facts = { ...factsOf(one.held, settle), dispute: disputeFactsOf(one, actor, viewer) };
  return decide(name, facts, actor, now);
}

/** A dispute as the table of transitions sees it from one who acts. @param viewer undefined for a timer */
export function disputeFactsOf(
  { dispute, decisions }: Omit<Case, 'held'>,
  actor: Actor,
  viewer?: Viewer,
): DisputeFacts {
  const isMe = (userId: string | null): boolean => userId !== null && userId === actor.userId;
  const inForce = decisionInForce(decisions);
  const proposal = pendingDecision(decisions);
  return {
    state: dispute.state,
    openedFrom: dispute.openedFrom,
    dueAt: dispute.dueAt,
    isOpener: isMe(openerOf(dispute)),
    isArbiter: viewer !== undefined && isArbiter(viewer),
    hasDecided: isMe(inForce?.proposedById ?? null) || isMe(inForce?.approvedById ?? null),
    proposal: proposal ? (isMe(proposal.proposedById) ? 'own' : 'another') : 'none',
  };
}

export function decisionInForce(decisions: readonly Decision[]): Decision | undefined {
  return decisions.findLast(({ decidedAt }) => decidedAt !== null);
}

/** The newest proposal, unless something has been decided since. */
export function pendingDecision(decisions: readonly Decision[]): Decision | undefined {
  const last = decisions.at(-1);
  return last?.decidedAt === null ? last : undefined;
}

/** The money that the dispute holds. */
export function frozenMoney({ held, dispute }: Case): HeldEscrow {
  const { money } = held;
  invariant(
    money?.escrow.frozenByDispute === dispute.id,
    `dispute ${dispute.id} is ${dispute.state} and does not hold the escrow`,
  );
  return money;
}

/** Minor units. */
export function heldBy(one: Case): bigint {
  const { service, goods } = partsOf(frozenMoney(one).escrow);
  return service + goods;
}

/** Of what the dispute holds, the money for purchases that no receipt asks for, in minor units. */
export function unspentGoods(one: Case): bigint {
  const { escrow } = frozenMoney(one);
  return escrow.goods - goodsByReceipts(escrow, one.held.errand);
}

/** Saves what changed, one version on. */
export async function saveDispute(
  tx: Tx,
  { id, version, state }: Dispute,
  patch: Partial<Dispute>,
  now: Date,
): Promise<Dispute> {
  if (patch.state !== undefined && patch.state !== state) assertMove(disputeMachine, 'a dispute', state, patch.state);
  return tx.dispute.update({ where: { id }, data: { ...patch, version: version + 1, updatedAt: now } });
}
