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
import {
  acceptCounter,
  acceptOffer,
  cancel,
  confirm,
  drop,
  fund,
  type AcceptedOffer,
  type CancelledErrand,
  type ConfirmOptions,
} from './escrow.moves.js';
import type { EscrowChange } from './escrow.hold.js';
import { addReceipts, confirmByCode, type CodeGiven, type ReceiptInput } from './handover.moves.js';
import { agreeMilestones, releaseMilestone, type Milestone, type NewMilestone } from './milestone.moves.js';
import { tipRunner, topUpEscrow, type EscrowTopUp } from './top-up.moves.js';
import { assertParty, escrowStates, type Escrow, type EscrowState } from './escrow.js';

export interface EscrowListArgs extends PageArgs {
  readonly state?: EscrowState | null | undefined;
}

/**
 * An errand's money, from the accepted offer to the last minor unit. Each change takes the errand's lock, then the
 * escrow's, then the ledger's, and moves state and money in one transaction: rivals that race leave one winner, the
 * others get ILLEGAL_TRANSITION. Errands and escrows of another tenant are NOT_FOUND.
 */
export interface EscrowService {
  /** The errand then waits 24 hours for its money. @throws AppError NOT_FOUND, FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION */
  acceptOffer(viewer: Viewer, offerId: string, expectedVersion?: number | null): Promise<AcceptedOffer>;
  /** As `acceptOffer`, by the runner whom the customer named a price to. @throws AppError NOT_FOUND, FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION */
  acceptCounter(viewer: Viewer, offerId: string, expectedVersion?: number | null): Promise<AcceptedOffer>;
  /** Pays the whole escrow from the customer's wallet. @throws AppError INSUFFICIENT_FUNDS, FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION */
  fund(viewer: Viewer, errandId: string, expectedVersion?: number | null): Promise<EscrowChange>;
  /** Pays the runner, less commission and VAT. @throws AppError FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION, BAD_INPUT */
  confirm(viewer: Viewer, errandId: string, options?: ConfirmOptions): Promise<EscrowChange>;
  /** Calls an errand off; what is in escrow goes back, less what the fee plan says. @throws AppError FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION */
  cancel(
    viewer: Viewer,
    errandId: string,
    reason?: string | null,
    expectedVersion?: number | null,
  ): Promise<CancelledErrand>;
  /**
   * The assigned runner gives the errand back, or staff takes it from them, before anything was released: the customer
   * gets everything back at once and the errand takes offers again. @throws AppError FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION
   */
  drop(
    viewer: Viewer,
    errandId: string,
    reason?: string | null,
    expectedVersion?: number | null,
  ): Promise<EscrowChange>;
  /**
   * Says in which steps the service part is paid, 1 to 20 that sum to it, or in one go (none), in place of what was agreed
   * before; until the runner starts. @throws AppError FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION, BAD_INPUT
   */
  agreeMilestones(
    viewer: Viewer,
    errandId: string,
    milestones: readonly NewMilestone[],
    expectedVersion?: number | null,
  ): Promise<EscrowChange>;
  /** Pays a step, less its share of the fees. @throws AppError FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION, BAD_INPUT */
  releaseMilestone(
    viewer: Viewer,
    errandId: string,
    seq: number,
    expectedVersion?: number | null,
  ): Promise<EscrowChange>;
  /** From the customer's wallet. @throws AppError INSUFFICIENT_FUNDS, LIMIT_EXCEEDED, FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION, BAD_INPUT */
  topUp(viewer: Viewer, errandId: string, input: EscrowTopUp, expectedVersion?: number | null): Promise<EscrowChange>;
  /**
   * From wallet to wallet, until 30 days after the errand was completed; all tips together up to the service part.
   * @throws AppError INSUFFICIENT_FUNDS, LIMIT_EXCEEDED, FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION, BAD_INPUT
   */
  tip(viewer: Viewer, errandId: string, amountMinor: bigint, expectedVersion?: number | null): Promise<EscrowChange>;
  /** @throws AppError LIMIT_EXCEEDED beyond the goods part, ALREADY_EXISTS for one given before, FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION, BAD_INPUT */
  addReceipts(
    viewer: Viewer,
    errandId: string,
    receipts: readonly ReceiptInput[],
    expectedVersion?: number | null,
  ): Promise<EscrowChange>;
  /** The assigned runner gives the drop-off code: as `confirm`, goods by receipts. Each guess is counted. @throws AppError as `confirm`, and LIMIT_EXCEEDED */
  confirmByCode(viewer: Viewer, errandId: string, given: CodeGiven): Promise<EscrowChange>;
  /** In their order. For callers that check who may see an errand's money. */
  milestonesFor(tenantId: string, escrowIds: readonly string[]): Promise<readonly Milestone[]>;
  /** To its two parties and staff. */
  get(viewer: Viewer, id: string): Promise<Escrow>;
  /** Escrows the viewer pays into or is paid from, newest first. */
  list(viewer: Viewer, args: EscrowListArgs): Promise<Page<Escrow>>;
  /** The one of each errand that is not retired, in no order; what is missing is left out. For callers that check who may see an errand's money. */
  byErrandIds(tenantId: string, errandIds: readonly string[]): Promise<readonly Escrow[]>;
}

export interface EscrowServiceDeps {
  readonly db: Pick<Db, 'read' | 'write' | 'writeApart'>;
  readonly clock: Clock;
}

export function createEscrowService({ db, clock }: EscrowServiceDeps): EscrowService {
  return {
    acceptOffer: (viewer, offerId, expectedVersion) =>
      db.write((tx) => acceptOffer({ tx, clock, viewer }, offerId, expectedVersion)),
    acceptCounter: (viewer, offerId, expectedVersion) =>
      db.write((tx) => acceptCounter({ tx, clock, viewer }, offerId, expectedVersion)),
    fund: (viewer, errandId, expectedVersion) =>
      db.write((tx) => fund({ tx, clock, viewer }, errandId, expectedVersion)),
    confirm: (viewer, errandId, options = {}) => db.write((tx) => confirm({ tx, clock, viewer }, errandId, options)),
    cancel: (viewer, errandId, reason, expectedVersion) =>
      db.write((tx) => cancel({ tx, clock, viewer }, errandId, reason, expectedVersion)),
    drop: (viewer, errandId, reason, expectedVersion) =>
      db.write((tx) => drop({ tx, clock, viewer }, errandId, reason, expectedVersion)),
    agreeMilestones: (viewer, errandId, milestones, expectedVersion) =>
      db.write((tx) => agreeMilestones({ tx, clock, viewer }, errandId, milestones, expectedVersion)),
    releaseMilestone: (viewer, errandId, seq, expectedVersion) =>
      db.write((tx) => releaseMilestone({ tx, clock, viewer }, errandId, seq, expectedVersion)),
    topUp: (viewer, errandId, input, expectedVersion) =>
      db.write((tx) => topUpEscrow({ tx, clock, viewer }, errandId, input, expectedVersion)),
    tip: (viewer, errandId, amountMinor, expectedVersion) =>
      db.write((tx) => tipRunner({ tx, clock, viewer }, errandId, amountMinor, expectedVersion)),
    addReceipts: (viewer, errandId, receipts, expectedVersion) =>
      db.write((tx) => addReceipts({ tx, clock, viewer }, errandId, receipts, expectedVersion)),
    confirmByCode: (viewer, errandId, given) =>
      db.write((tx) => confirmByCode({ tx, db, clock, viewer }, errandId, given)),
    milestonesFor: (tenantId, escrowIds) =>
      db.read.milestone.findMany({
        where: { tenantId, escrowId: { in: escrowIds.filter(isUuid) } },
        orderBy: [{ escrowId: 'asc' }, { seq: 'asc' }],
      }),
    async get(viewer, id) {
      const where = { tenantId: viewer.tenantId, id };
      const escrow = isUuid(id) ? await db.read.escrow.findFirst({ where }) : null;
      if (!escrow) throw notFound('escrow', id);
      assertParty(viewer, escrow);
      return escrow;
    },
    list: (viewer, args) => escrowPage(db.read, viewer, args),
    byErrandIds: (tenantId, errandIds) =>
      db.read.escrow.findMany({ where: { tenantId, errandId: { in: errandIds.filter(isUuid) }, retiredAt: null } }),
  };
}

async function escrowPage(
  reader: Reader,
  viewer: Viewer,
  { state, first, after }: EscrowListArgs,
): Promise<Page<Escrow>> {
  const { tenantId, userId } = requireUser(viewer);
  const page = pageRequest(first ?? undefined, after ?? undefined, newestFirst.order);
  if (state) refuse(namesFaults('state', [state], escrowStates));
  const where: Prisma.EscrowWhereInput = { tenantId, OR: [{ customerId: userId }, { runnerId: userId }] };
  const rows = await reader.escrow.findMany({
    where: { AND: [where, state ? { state } : {}, newestFirst.after(page.after)] },
    orderBy: [...newestFirst.orderBy],
    take: page.first + 1,
  });
  return pageOf(rows, page.first);
}

/** Where an escrow stands in a list that is ordered newest first. */
export const escrowCursor = newestFirst.cursor;
