import {
  AppError,
  isUuid,
  notFound,
  pageOf,
  pageRequest,
  requireUser,
  type Clock,
  type Currency,
  type Page,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { Db, Prisma, Reader } from '../../db/index.js';
import { currencyOf, namesFaults, newestFirst, refuse, type PageArgs } from '../errands/index.js';
import { walletBalance } from '../ledger/index.js';
import type { ProviderName } from '../providers/index.js';
import type { AccountCipher } from './account.cipher.js';
import {
  assertPayoutVisible,
  payoutStates,
  seesAllPayouts,
  type Payout,
  type PayoutEvent,
  type PayoutState,
} from './payout.js';
import { requestPayout, type NewPayout, type PayoutPolicy } from './payout.request.js';
import { approvePayout, rejectPayout } from './payout.review.js';
import { payableOf } from './payout.guards.js';
import type { WalletHold } from './payout.rule.js';
import { settlePayout, type Settlement } from './payout.settle.js';
import { walletHolds } from './wallet.holds.js';

export interface PayoutListArgs extends PageArgs {
  readonly state?: PayoutState | null | undefined;
}

/**
 * Money from a wallet to a bank. From the request on it waits in transit; it leaves RunAm's books when the provider says
 * that it has paid, and goes back to the wallet when the provider says that it never will. Seen by its owner, FINANCE and
 * ADMIN; NOT_FOUND to everybody else.
 */
export interface PayoutService {
  /**
   * Whether the password is the viewer's own, which is asked before `request`: it takes long, and so is never done while a
   * transaction holds a connection. @throws AppError INVALID_CREDENTIALS, RATE_LIMITED
   */
  confirm(viewer: Viewer, password: string): Promise<void>;
  /**
   * Takes amount and fee from the viewer's wallet. Above the limits of the policy it waits for somebody of FINANCE.
   * @throws AppError BAD_INPUT, NOT_FOUND (account), ILLEGAL_TRANSITION while the account cools off or the viewer owes,
   * LIMIT_EXCEEDED, INSUFFICIENT_FUNDS, UNAVAILABLE on a server without a provider
   */
  request(viewer: Viewer, input: NewPayout): Promise<Payout>;
  /** By somebody of FINANCE who is not its owner. @throws AppError NOT_FOUND, FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION */
  approve(viewer: Viewer, id: string, expectedVersion?: number | null): Promise<Payout>;
  /** As `approve`; amount and fee are back in the wallet at once. @throws AppError also BAD_INPUT */
  reject(viewer: Viewer, id: string, reason: string, expectedVersion?: number | null): Promise<Payout>;
  /**
   * By somebody of FINANCE who is not its owner: books a payout as its provider tells of it, whose amount does not fit. Above
   * the limit of approvals the first one proposes it (the payout stays UNKNOWN) and another one settles it.
   * @throws AppError as `approve`, FORBIDDEN to the one who proposed it, BAD_INPUT
   */
  settle(viewer: Viewer, id: string, settlement: Settlement): Promise<Payout>;
  /** How the viewer's wallet stands with what cannot be paid out yet. @throws AppError UNAUTHENTICATED */
  payable(viewer: Viewer): Promise<PayableWallet>;
  get(viewer: Viewer, id: string): Promise<Payout>;
  /** The viewer's own, newest first. */
  mine(viewer: Viewer, args: PayoutListArgs): Promise<Page<Payout>>;
  /** All of the market, newest first. @throws AppError FORBIDDEN unless FINANCE or ADMIN */
  register(viewer: Viewer, args: PayoutRegisterArgs): Promise<Page<Payout>>;
  /** Oldest first. For callers that check who may see the payouts. */
  eventsFor(tenantId: string, payoutIds: readonly string[]): Promise<readonly PayoutEvent[]>;
  /**
   * The provider hinted that something happened to a transfer: a worker asks it next. A hint moves no money, and one about
   * what is over, or no transfer of ours, changes nothing. Joins the transaction it is called in.
   * @returns whether it is asked
   */
  noticed(clientRef: string): Promise<boolean>;
}

export interface PayoutRegisterArgs extends PayoutListArgs {
  /** Only those whose provider tells of another amount. Default false. */
  readonly doubted?: boolean | null | undefined;
}

export interface PayableWallet {
  readonly currency: Currency;
  /** Minor units; what a payout and its fee may take now. */
  readonly payable: bigint;
  /** Soonest free first. */
  readonly holds: readonly WalletHold[];
}

export interface PayoutServiceDeps {
  readonly db: Pick<Db, 'read' | 'write' | 'snapshot'>;
  readonly clock: Clock;
  readonly policy: PayoutPolicy;
  /** Undefined without a key: then everything waits for FINANCE. */
  readonly cipher: AccountCipher | undefined;
  /** Who pays out; undefined on a server that pays nothing out. */
  readonly provider: ProviderName | undefined;
  /** @throws AppError INVALID_CREDENTIALS, RATE_LIMITED */
  readonly confirmPassword: (viewer: UserViewer, password: string) => Promise<void>;
}

export function createPayoutService({
  db,
  clock,
  policy,
  cipher,
  provider,
  confirmPassword,
}: PayoutServiceDeps): PayoutService {
  return {
    confirm: async (viewer, password) => confirmPassword(requireUser(viewer), password),
    async request(viewer, input) {
      const user = requireUser(viewer);
      if (!provider) throw new AppError('UNAVAILABLE', 'No payment provider is set up on this server.');
      return db.write((tx) => requestPayout({ tx, clock, policy, cipher }, user, input));
    },
    approve: (viewer, id, expectedVersion) =>
      db.write((tx) => approvePayout({ tx, clock }, requireUser(viewer), id, expectedVersion)),
    reject: (viewer, id, reason, expectedVersion) =>
      db.write((tx) => rejectPayout({ tx, clock }, requireUser(viewer), id, reason, expectedVersion)),
    settle: (viewer, id, settlement) =>
      db.write((tx) => settlePayout({ tx, clock, policy }, requireUser(viewer), id, settlement)),
    async payable(viewer) {
      const user = requireUser(viewer);
      return db.snapshot(async (reader) => {
        const currency = await currencyOf(reader, user.tenantId);
        const { minor: balance } = await walletBalance(reader, user, currency);
        const holds = await walletHolds(reader, user, currency, policy.clearingMs ?? 0, clock.now());
        return { currency, payable: payableOf({ balance, holds }), holds };
      });
    },
    async get(viewer, id) {
      const where = { tenantId: viewer.tenantId, id };
      const payout = isUuid(id) ? await db.read.payout.findFirst({ where }) : null;
      if (!payout) throw notFound('payout', id);
      assertPayoutVisible(viewer, payout);
      return payout;
    },
    async mine(viewer, args) {
      const { tenantId, userId } = requireUser(viewer);
      return payoutPage(db.read, { tenantId, userId }, args);
    },
    async register(viewer, args) {
      const { tenantId } = requireUser(viewer);
      if (!seesAllPayouts(viewer))
        throw new AppError('FORBIDDEN', 'The payouts of the market are shown to the roles FINANCE and ADMIN.');
      return payoutPage(db.read, { tenantId }, args);
    },
    eventsFor: (tenantId, payoutIds) =>
      db.read.payoutEvent.findMany({
        where: { tenantId, payoutId: { in: payoutIds.filter(isUuid) } },
        orderBy: [{ payoutId: 'asc' }, { seq: 'asc' }],
      }),
    async noticed(clientRef) {
      if (clientRef.length === 0 || clientRef.length > clientRefLengthMax) return false;
      const hinted = { nextCheckAt: clock.now(), notices: { increment: 1 } };
      const { count } = await db.write((tx) =>
        tx.payout.updateMany({ where: { clientRef, state: { in: [...mayStillChange] } }, data: hinted }),
      );
      return count > 0 || (await db.read.payout.count({ where: { clientRef } })) > 0;
    },
  };
}

const clientRefLengthMax = 50;

/** What a provider can have news of; PAID because it may come back. */
const mayStillChange = [
  'SUBMITTING',
  'PENDING',
  'NEEDS_OTP',
  'UNKNOWN',
  'PAID',
] as const satisfies readonly PayoutState[];

async function payoutPage(
  reader: Reader,
  whose: Prisma.PayoutWhereInput,
  { state, doubted, first, after }: PayoutRegisterArgs,
): Promise<Page<Payout>> {
  const page = pageRequest(first ?? undefined, after ?? undefined, newestFirst.order);
  if (state) refuse(namesFaults('state', [state], payoutStates));
  const rows = await reader.payout.findMany({
    where: {
      AND: [whose, state ? { state } : {}, doubted ? { doubtedAt: { not: null } } : {}, newestFirst.after(page.after)],
    },
    orderBy: [...newestFirst.orderBy],
    take: page.first + 1,
  });
  return pageOf(rows, page.first);
}

/** Where a payout stands in a list that is ordered newest first. */
export const payoutCursor = newestFirst.cursor;
