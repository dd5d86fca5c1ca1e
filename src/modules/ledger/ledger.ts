import { AppError, formatMoney, invariant, type Currency } from '../../kernel/index.js';
import type { Side } from '../../db/index.js';
import { growsByCredit, type AccountRef } from './account.js';

/** Moves one amount (minor units, > 0) between two accounts. Both sides share it, so an imbalance cannot be written. */
export interface Posting {
  readonly debit: AccountRef;
  readonly credit: AccountRef;
  readonly amount: bigint;
}

/** Running totals of a floored account, in minor units; `seq` counts its lines. */
export interface AccountTotals {
  readonly debits: bigint;
  readonly credits: bigint;
  readonly seq: number;
}

export interface BookedLine {
  /** From 1, in the journal. */
  readonly seq: number;
  readonly account: AccountRef;
  readonly side: Side;
  readonly amount: bigint;
  /** Of floored accounts only, like `accountSeq`. */
  readonly balanceAfter: bigint | null;
  readonly accountSeq: number | null;
}

export interface Booking {
  readonly lines: readonly BookedLine[];
  /** The floored accounts that moved, by code, as they stand afterwards. */
  readonly totals: ReadonlyMap<string, AccountTotals>;
}

export const emptyTotals: AccountTotals = { debits: 0n, credits: 0n, seq: 0 };

/**
 * Books the postings in order: two lines each, debit first. Pure; `before` holds the floored accounts by code, one that
 * is missing stands at zero.
 * @throws AppError INSUFFICIENT_FUNDS when a floored account would go below zero at any line
 */
export function applyPostings(
  before: ReadonlyMap<string, AccountTotals>,
  postings: readonly Posting[],
  currency: Currency,
): Booking {
  const totals = new Map<string, AccountTotals>();
  const lines: BookedLine[] = [];
  const book = (account: AccountRef, side: Side, amount: bigint): void => {
    const line = { seq: lines.length + 1, account, side, amount };
    if (!account.floored) return void lines.push({ ...line, balanceAfter: null, accountSeq: null });
    const after = move(totals.get(account.code) ?? before.get(account.code) ?? emptyTotals, side, amount);
    const balanceAfter = balanceOfTotals(account, after);
    if (balanceAfter < 0n) throw insufficient(account, before, postings, currency);
    totals.set(account.code, after);
    lines.push({ ...line, balanceAfter, accountSeq: after.seq });
  };
  for (const { debit, credit, amount } of postings) {
    invariant(amount > 0n, `a posting moves more than nothing, got ${amount}`);
    invariant(debit.code !== credit.code, `a posting moves money between two accounts, got ${debit.code} twice`);
    book(debit, 'DEBIT', amount);
    book(credit, 'CREDIT', amount);
  }
  return { lines, totals };
}

/** One posting, or none when there is nothing to move. */
export function transfer(debit: AccountRef, credit: AccountRef, amount: bigint): readonly Posting[] {
  return amount === 0n ? [] : [{ debit, credit, amount }];
}

/** What the account holds, in minor units; not negative for a floored account. */
export function balanceOfTotals(account: Pick<AccountRef, 'type'>, { debits, credits }: AccountTotals): bigint {
  return growsByCredit(account.type) ? credits - debits : debits - credits;
}

function move({ debits, credits, seq }: AccountTotals, side: Side, amount: bigint): AccountTotals {
  return side === 'DEBIT'
    ? { debits: debits + amount, credits, seq: seq + 1 }
    : { debits, credits: credits + amount, seq: seq + 1 };
}

function insufficient(
  account: AccountRef,
  before: ReadonlyMap<string, AccountTotals>,
  postings: readonly Posting[],
  currency: Currency,
): AppError {
  const held = balanceOfTotals(account, before.get(account.code) ?? emptyTotals);
  const needed = sum(postings.filter(({ debit }) => debit.code === account.code));
  const incoming = sum(postings.filter(({ credit }) => credit.code === account.code));
  const money = (minor: bigint): string => formatMoney({ minor, currency });
  const name = account.code.endsWith(':wallet') ? 'wallet' : `${account.owner?.type ?? 'account'} ${account.code}`;
  return new AppError(
    'INSUFFICIENT_FUNDS',
    `The ${name} holds ${money(held)} and ${money(needed)} is needed: ${money(needed - held - incoming)} short.`,
  );
}

function sum(postings: readonly Posting[]): bigint {
  return postings.reduce((total, { amount }) => total + amount, 0n);
}
