import {
  isUuid,
  notFound,
  pageOf,
  pageRequest,
  requireUser,
  type Clock,
  type Page,
  type Viewer,
} from '../../kernel/index.js';
import type { Db, Prisma, Reader } from '../../db/index.js';
import { namesFaults, newestFirst, refuse, type PageArgs } from '../errands/index.js';
import type { DisputeResponse, EvidenceInput, NewDispute, ProposedResolution } from './dispute.input.js';
import { addEvidence, appeal, openDispute, respond, withdraw, type DisputeChange } from './dispute.moves.js';
import { approve, propose } from './dispute.resolve.js';
import {
  assertDisputeVisible,
  canSeeEvidence,
  disputeStates,
  fourEyesAboveMinor,
  seesAllDisputes,
  type Decision,
  type Dispute,
  type DisputeState,
  type Evidence,
} from './dispute.js';

export interface DisputeListArgs extends PageArgs {
  readonly state?: DisputeState | null | undefined;
}

/**
 * Disagreements about an errand's money. From opening to its end the escrow is frozen; money moves once, when a decision
 * can no longer be appealed. Every step has a deadline and a published rule for when nobody keeps it. A dispute is seen by
 * its two parties, support, arbiters and admins; to everybody else it is NOT_FOUND. Every change is one transaction.
 * `expectedVersion` is of the errand in `open`, else of the dispute; another is VERSION_CONFLICT.
 */
export interface DisputeService {
  /** @throws AppError NOT_FOUND, FORBIDDEN unless a party, ILLEGAL_TRANSITION, LIMIT_EXCEEDED, VERSION_CONFLICT, BAD_INPUT */
  open(viewer: Viewer, errandId: string, input: NewDispute, expectedVersion?: number | null): Promise<DisputeChange>;
  /** The other party's answer; an arbiter then has 72 hours. @throws AppError FORBIDDEN, ILLEGAL_TRANSITION, BAD_INPUT, LIMIT_EXCEEDED */
  respond(
    viewer: Viewer,
    disputeId: string,
    input: DisputeResponse,
    expectedVersion?: number | null,
  ): Promise<DisputeChange>;
  /** @throws AppError FORBIDDEN, ILLEGAL_TRANSITION, BAD_INPUT, LIMIT_EXCEEDED beyond 20 a party */
  addEvidence(
    viewer: Viewer,
    disputeId: string,
    evidence: readonly EvidenceInput[],
    expectedVersion?: number | null,
  ): Promise<DisputeChange>;
  /** By who opened it, before anything is decided; the errand goes on where it was. @throws AppError FORBIDDEN, ILLEGAL_TRANSITION */
  withdraw(viewer: Viewer, disputeId: string, expectedVersion?: number | null): Promise<DisputeChange>;
  /** By an arbiter who is no party; of a large escrow it waits for `approve`. @throws AppError FORBIDDEN, ILLEGAL_TRANSITION, BAD_INPUT */
  propose(
    viewer: Viewer,
    disputeId: string,
    input: ProposedResolution,
    expectedVersion?: number | null,
  ): Promise<DisputeChange>;
  /** By another arbiter than who proposed it. @throws AppError FORBIDDEN, ILLEGAL_TRANSITION, VERSION_CONFLICT when another proposal waits */
  approve(
    viewer: Viewer,
    disputeId: string,
    decisionId: string,
    expectedVersion?: number | null,
  ): Promise<DisputeChange>;
  /** Once, within 48 hours of the decision, by either party. @throws AppError FORBIDDEN, ILLEGAL_TRANSITION, BAD_INPUT */
  appeal(viewer: Viewer, disputeId: string, reason: string, expectedVersion?: number | null): Promise<DisputeChange>;
  get(viewer: Viewer, id: string): Promise<Dispute>;
  /** Newest first: the viewer's own; to support, arbiters and admins all of the market's. */
  list(viewer: Viewer, args: DisputeListArgs): Promise<Page<Dispute>>;
  /** The newest of each errand. For callers that check `canSeeDispute`, like the next two. */
  byErrandIds(tenantId: string, errandIds: readonly string[]): Promise<readonly Dispute[]>;
  /** Oldest first. For callers that show what `evidenceSeenBy` leaves of it. */
  evidenceFor(tenantId: string, disputeIds: readonly string[]): Promise<readonly Evidence[]>;
  /** What of a dispute's evidence the viewer may see now. */
  evidenceSeenBy(viewer: Viewer, dispute: Dispute, evidence: readonly Evidence[]): readonly Evidence[];
  /** Oldest first. For callers that check `canSeeDecision`. */
  decisionsFor(tenantId: string, disputeIds: readonly string[]): Promise<readonly Decision[]>;
}

export interface DisputeServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  /** Minor units; of an escrow that holds more, two decide. Default 10,000,000. */
  readonly fourEyesAbove?: bigint;
}

export function createDisputeService({
  db,
  clock,
  fourEyesAbove = fourEyesAboveMinor,
}: DisputeServiceDeps): DisputeService {
  return {
    open: (viewer, errandId, input, version) =>
      db.write((tx) => openDispute({ tx, clock, viewer }, errandId, input, version)),
    respond: (viewer, id, input, version) => db.write((tx) => respond({ tx, clock, viewer }, id, input, version)),
    addEvidence: (viewer, id, evidence, version) =>
      db.write((tx) => addEvidence({ tx, clock, viewer }, id, evidence, version)),
    withdraw: (viewer, id, version) => db.write((tx) => withdraw({ tx, clock, viewer }, id, version)),
    propose: (viewer, id, input, version) =>
      db.write((tx) => propose({ tx, clock, viewer }, id, input, fourEyesAbove, version)),
    approve: (viewer, id, decisionId, version) =>
      db.write((tx) => approve({ tx, clock, viewer }, id, decisionId, version)),
    appeal: (viewer, id, reason, version) => db.write((tx) => appeal({ tx, clock, viewer }, id, reason, version)),
    async get(viewer, id) {
      const where = { tenantId: viewer.tenantId, id };
      const dispute = isUuid(id) ? await db.read.dispute.findFirst({ where }) : null;
      if (!dispute) throw notFound('dispute', id);
      assertDisputeVisible(viewer, dispute);
      return dispute;
    },
    list: (viewer, args) => disputePage(db.read, viewer, args),
    byErrandIds: (tenantId, errandIds) =>
      db.read.dispute.findMany({
        where: { tenantId, errandId: { in: errandIds.filter(isUuid) } },
        orderBy: [{ errandId: 'asc' }, { createdAt: 'desc' }, { id: 'desc' }],
        distinct: ['errandId'],
      }),
    evidenceFor: (tenantId, disputeIds) =>
      db.read.disputeEvidence.findMany({
        where: { tenantId, disputeId: { in: disputeIds.filter(isUuid) } },
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      }),
    evidenceSeenBy: (viewer, dispute, evidence) => {
      const now = clock.now();
      return evidence.filter((one) => canSeeEvidence(viewer, dispute, one, now));
    },
    decisionsFor: (tenantId, disputeIds) =>
      db.read.disputeDecision.findMany({
        where: { tenantId, disputeId: { in: disputeIds.filter(isUuid) } },
        orderBy: { seq: 'asc' },
      }),
  };
}

async function disputePage(
  reader: Reader,
  viewer: Viewer,
  { state, first, after }: DisputeListArgs,
): Promise<Page<Dispute>> {
  const { tenantId, userId } = requireUser(viewer);
  const page = pageRequest(first ?? undefined, after ?? undefined, newestFirst.order);
  if (state) refuse(namesFaults('state', [state], disputeStates));
  const own = { OR: [{ customerId: userId }, { runnerId: userId }] };
  const where: Prisma.DisputeWhereInput = { tenantId, ...(seesAllDisputes(viewer) ? {} : own) };
  const rows = await reader.dispute.findMany({
    where: { AND: [where, state ? { state } : {}, newestFirst.after(page.after)] },
    orderBy: [...newestFirst.orderBy],
    take: page.first + 1,
  });
  return pageOf(rows, page.first);
}

/** Where a dispute stands in a list that is ordered newest first. */
export const disputeCursor = newestFirst.cursor;
