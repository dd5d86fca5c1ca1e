import type { Prisma } from '../db/index.js';
import { invariant } from '../kernel/index.js';
import {
  accountRow,
  accounts,
  applyPostings,
  balanceOfTotals,
  emptyTotals,
  journalRow,
  lineRows,
  type AccountRef,
  type AccountTotals,
  type JournalDraft,
} from '../modules/ledger/index.js';
import type { Cast } from './cast.js';

export interface BookedJournal {
  readonly journal: Prisma.JournalCreateManyInput;
  readonly lines: readonly Prisma.JournalLineCreateManyInput[];
}

/** A market's ledger in memory: the bookings of `applyPostings`, checked after every one of them. */
export interface Books {
  readonly journals: readonly BookedJournal[];
  /** @throws AppError INSUFFICIENT_FUNDS; InvariantViolation when the books would not balance */
  post(draft: JournalDraft): void;
  /** Minor units in a user's wallet. */
  walletOf(userId: string): bigint;
  /** Minor units in an escrow's two accounts. */
  heldBy(escrowId: string): bigint;
  accountRows(): Prisma.LedgerAccountCreateManyInput[];
  /** Sum of debits minus credits over all lines. */
  imbalance(): bigint;
  /** What each floored account holds, by code. */
  balances(): ReadonlyMap<string, bigint>;
}

export function createBooks({ tenant, currency }: Pick<Cast, 'tenant' | 'currency'>): Books {
  const totals = new Map<string, AccountTotals>();
  const opened = new Map<string, { readonly account: AccountRef; readonly createdAt: Date }>();
  const ids = new Set<string>();
  const journals: BookedJournal[] = [];
  let imbalance = 0n;
  const balance = (account: AccountRef): bigint => balanceOfTotals(account, totals.get(account.code) ?? emptyTotals);

  return {
    journals,
    post(draft) {
      invariant(!ids.has(draft.id), `journal ${draft.id} is booked twice`);
      ids.add(draft.id);
      const booking = applyPostings(totals, draft.postings, currency);
      for (const { account, side, amount } of booking.lines) {
        if (!opened.has(account.code)) opened.set(account.code, { account, createdAt: draft.recordedAt });
        imbalance += side === 'DEBIT' ? amount : -amount;
      }
      for (const [code, after] of booking.totals) totals.set(code, after);
      invariant(imbalance === 0n, `the books are off by ${imbalance} after journal ${draft.id}`);
      invariant(
        booking.lines.every(({ balanceAfter }) => (balanceAfter ?? 0n) >= 0n),
        `journal ${draft.id} overdraws an account`,
      );
      journals.push({ journal: journalRow(draft), lines: lineRows(draft.id, tenant.id, currency, booking) });
    },
    walletOf: (userId) => balance(accounts.wallet(userId)),
    heldBy: (escrowId) => balance(accounts.escrowService(escrowId)) + balance(accounts.escrowGoods(escrowId)),
    accountRows: () =>
      [...opened.values()].map(({ account, createdAt }) =>
        accountRow(account, { tenantId: tenant.id, currency, createdAt }, totals.get(account.code) ?? emptyTotals),
      ),
    imbalance: () => imbalance,
    balances: () =>
      new Map(
        [...opened.values()]
          .filter(({ account }) => account.floored)
          .map(({ account }) => [account.code, balance(account)]),
      ),
  };
}
