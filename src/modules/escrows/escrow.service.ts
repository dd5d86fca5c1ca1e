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
  /** To its two parties and staff. */
  get(viewer: Viewer, id: string): Promise<Escrow>;
  /** Escrows the viewer pays into or is paid from, newest first. */
  list(viewer: Viewer, args: EscrowListArgs): Promise<Page<Escrow>>;
  /** The one of each errand that is not retired, in no order; what is missing is left out. For callers that check who may see an errand's money. */
  byErrandIds(tenantId: string, errandIds: readonly string[]): Promise<readonly Escrow[]>;
}

export interface EscrowServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
}

export function createEscrowService({ db, clock }: EscrowServiceDeps): EscrowService {
  return {
    acceptOffer: (viewer, offerId, expectedVersion) =>
      db.write((tx) => acceptOffer({ tx, clock, viewer }, offerId, expectedVersion)),
    fund: (viewer, errandId, expectedVersion) =>
      db.write((tx) => fund({ tx, clock, viewer }, errandId, expectedVersion)),
    confirm: (viewer, errandId, options = {}) => db.write((tx) => confirm({ tx, clock, viewer }, errandId, options)),
    cancel: (viewer, errandId, reason, expectedVersion) =>
      db.write((tx) => cancel({ tx, clock, viewer }, errandId, reason, expectedVersion)),
    drop: (viewer, errandId, reason, expectedVersion) =>
      db.write((tx) => drop({ tx, clock, viewer }, errandId, reason, expectedVersion)),
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
