import { AppError, invariant, uuidOf, type Currency } from '../../kernel/index.js';
import { Prisma, type Tx } from '../../db/index.js';
import type { AccountRef } from './account.js';
import { applyPostings, type AccountTotals, type Booking, type Posting } from './ledger.js';

export interface JournalDraft {
  /** Its identity is the idempotency of the booking: the same id has one effect, ever. */
  readonly id: string;
  readonly tenantId: string;
  readonly kind: string;
  /** What it is about: `errand:{id}`, `charge:{id}`. */
  readonly businessRef: string;
  readonly currency: Currency;
  readonly effectiveAt: Date;
  readonly recordedAt: Date;
  readonly actorId: string | null;
  /** Why a person books it by hand. */
  readonly reason?: string;
  /** The journal that this one takes back. */
  readonly reversesId?: string;
  readonly postings: readonly Posting[];
}

/**
 * Books one balanced journal inside the caller's transaction, in five statements. Its floored accounts are locked in
 * the order of their codes until the transaction ends; the other accounts are appended to without a lock.
 * @throws AppError ALREADY_EXISTS when a journal of this id is booked, INSUFFICIENT_FUNDS when a floor would be broken
 */
export async function postJournal(tx: Tx, draft: JournalDraft): Promise<Booking> {
  const { tenantId, currency, postings } = draft;
  invariant(postings.length > 0, `journal ${draft.id} moves nothing`);
  const touched = distinctAccounts(postings);
  await insertJournal(tx, draft);
  const before = await openAndLock(tx, draft, touched);
  const booking = applyPostings(before, postings, currency);
  await saveTotals(tx, tenantId, currency, booking);
  await tx.journalLine.createMany({ data: lineRows(draft.id, tenantId, currency, booking) });
  return booking;
}

/**
 * Opens the accounts that are missing and locks the floored ones, in the order of their codes, until the transaction ends.
 * For bookings whose amounts depend on what the accounts hold: decide after this, then `postJournal`.
 * @returns how the floored ones stand, by code
 */
export async function openAndLock(
  tx: Tx,
  { tenantId, currency, recordedAt }: Pick<JournalDraft, 'tenantId' | 'currency' | 'recordedAt'>,
  touched: readonly AccountRef[],
): Promise<ReadonlyMap<string, AccountTotals>> {
  const place = { tenantId, currency, createdAt: recordedAt };
  await tx.ledgerAccount.createMany({
    data: inOrderOfCode(touched).map((account) => accountRow(account, place)),
    skipDuplicates: true,
  });
  return lockFloored(tx, tenantId, currency, touched);
}

/** An account row's id is a pure function of its place in the chart, so nobody has to look it up to append a line. */
export function accountIdOf(tenantId: string, currency: Currency, code: string): string {
  return uuidOf(`ledger-account:${tenantId}:${currency}:${code}`);
}

export function journalRow(draft: JournalDraft): Prisma.JournalCreateManyInput {
  const { id, tenantId, kind, businessRef, effectiveAt, recordedAt, actorId, reason, reversesId } = draft;
  const byHand = { ...(reason !== undefined && { reason }), ...(reversesId !== undefined && { reversesId }) };
  return { id, tenantId, kind, businessRef, effectiveAt, recordedAt, actorId, ...byHand };
}

/** The row of an account that was just opened, or that a bulk load writes with its totals. */
export function accountRow(
  account: AccountRef,
  place: { readonly tenantId: string; readonly currency: Currency; readonly createdAt: Date },
  totals?: AccountTotals,
): Prisma.LedgerAccountCreateManyInput {
  const { code, type, floored, owner } = account;
  const id = accountIdOf(place.tenantId, place.currency, code);
  return { id, code, type, floored, ownerType: owner?.type ?? null, ownerId: owner?.id ?? null, ...place, ...totals };
}

export function lineRows(
  journalId: string,
  tenantId: string,
  currency: Currency,
  { lines }: Booking,
): Prisma.JournalLineCreateManyInput[] {
  return lines.map(({ account, ...line }) => ({
    journalId,
    currency,
    accountId: accountIdOf(tenantId, currency, account.code),
    ...line,
  }));
}

function distinctAccounts(postings: readonly Posting[]): readonly AccountRef[] {
  const byCode = new Map<string, AccountRef>();
  for (const { debit, credit } of postings) byCode.set(debit.code, debit).set(credit.code, credit);
  return [...byCode.values()];
}

function inOrderOfCode(touched: readonly AccountRef[]): readonly AccountRef[] {
  return touched.toSorted((one, other) => (one.code < other.code ? -1 : 1));
}

/** First of all statements: a rival with the same id waits here, holding no account. */
async function insertJournal(tx: Tx, draft: JournalDraft): Promise<void> {
  const { count } = await tx.journal.createMany({ data: [journalRow(draft)], skipDuplicates: true });
  if (count === 0)
    throw new AppError('ALREADY_EXISTS', `Journal ${draft.id} is booked already; it has no second effect.`);
}

async function lockFloored(
  tx: Tx,
  tenantId: string,
  currency: Currency,
  touched: readonly AccountRef[],
): Promise<ReadonlyMap<string, AccountTotals>> {
  const codes = touched.filter(({ floored }) => floored).map(({ code }) => code);
  if (codes.length === 0) return new Map();
  const rows = await tx.$queryRaw<({ code: string } & AccountTotals)[]>`
    SELECT code, debits, credits, seq FROM ledger_account
    WHERE tenant_id = ${tenantId}::uuid AND currency = ${currency} AND code = ANY(${codes}) AND floored
    ORDER BY code FOR UPDATE`;
  invariant(rows.length === codes.length, `an account of ${codes.join(', ')} is in the books without its floor`);
  return new Map(rows.map(({ code, ...totals }) => [code, totals]));
}

async function saveTotals(tx: Tx, tenantId: string, currency: Currency, { totals }: Booking): Promise<void> {
  if (totals.size === 0) return;
  const rows = [...totals].map(
    ([code, { debits, credits, seq }]) =>
      Prisma.sql`(${accountIdOf(tenantId, currency, code)}::uuid, ${debits}::bigint, ${credits}::bigint, ${seq}::int)`,
  );
  await tx.$executeRaw`
    UPDATE ledger_account a SET debits = v.debits, credits = v.credits, seq = v.seq
    FROM (VALUES ${Prisma.join(rows)}) AS v (id, debits, credits, seq) WHERE a.id = v.id`;
}
