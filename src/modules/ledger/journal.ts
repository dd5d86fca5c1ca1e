import { AppError, invariant, uuidOf, type Currency } from '../../kernel/index.js';
import type { Prisma, Tx } from '../../db/index.js';
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
 * Books one balanced journal inside the caller's transaction, in three statements. Its floored accounts are locked in
 * the order of their codes until the transaction ends; the other accounts are appended to without a lock.
 * @throws AppError ALREADY_EXISTS when a journal of this id is booked, INSUFFICIENT_FUNDS when a floor would be broken
 */
export async function postJournal(tx: Tx, draft: JournalDraft): Promise<Booking> {
  const { tenantId, currency, postings } = draft;
  invariant(postings.length > 0, `journal ${draft.id} moves nothing`);
  const touched = distinctAccounts(postings);
  await insertJournal(tx, draft, touched);
  const before = await lockFloored(tx, tenantId, currency, touched);
  const booking = applyPostings(before, postings, currency);
  await insertLines(tx, draft, booking);
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

/**
 * First of all statements: a rival with the same id waits here, holding no account. Then opens the accounts that are missing,
 * in the order of their codes.
 */
async function insertJournal(tx: Tx, draft: JournalDraft, touched: readonly AccountRef[]): Promise<void> {
  const { id, tenantId, currency, kind, businessRef, effectiveAt, recordedAt, actorId, reason, reversesId } = draft;
  const accounts = inOrderOfCode(touched).map((account) =>
    accountRow(account, { tenantId, currency, createdAt: recordedAt }),
  );
  const [row] = await tx.$queryRaw<{ booked: number }[]>`
    WITH booked AS (
      INSERT INTO journal (id, tenant_id, kind, business_ref, effective_at, recorded_at, actor_id, reason, reverses_id)
      VALUES (${id}::uuid, ${tenantId}::uuid, ${kind}, ${businessRef}, ${effectiveAt}, ${recordedAt}, ${actorId}::uuid,
              ${reason ?? null}, ${reversesId ?? null}::uuid)
      ON CONFLICT DO NOTHING RETURNING id),
    opened AS (
      INSERT INTO ledger_account (id, tenant_id, code, currency, type, floored, owner_type, owner_id, created_at)
      SELECT a.id, ${tenantId}::uuid, a.code, ${currency}, a.type, a.floored, a."ownerType", a."ownerId", ${recordedAt}
      FROM booked, jsonb_to_recordset(${JSON.stringify(accounts)}::jsonb)
        AS a (id uuid, code text, type account_type, floored boolean, "ownerType" text, "ownerId" uuid)
      ORDER BY a.code COLLATE "C" ON CONFLICT DO NOTHING)
    SELECT count(*)::int AS booked FROM booked`;
  if (row?.booked !== 1)
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

/** With what they leave the floored accounts at. */
async function insertLines(tx: Tx, { id, tenantId, currency }: JournalDraft, booking: Booking): Promise<void> {
  const lines = lineRows(id, tenantId, currency, booking);
  const totals = [...booking.totals].map(([code, total]) => ({ id: accountIdOf(tenantId, currency, code), ...total }));
  await tx.$executeRaw`
    WITH saved AS (
      UPDATE ledger_account a SET debits = v.debits, credits = v.credits, seq = v.seq
      FROM jsonb_to_recordset(${exactJson(totals)}::jsonb) AS v (id uuid, debits bigint, credits bigint, seq int)
      WHERE a.id = v.id)
    INSERT INTO journal_line (journal_id, seq, account_id, currency, side, amount, balance_after, account_seq)
    SELECT ${id}::uuid, l.seq, l."accountId", ${currency}, l.side, l.amount, l."balanceAfter", l."accountSeq"
    FROM jsonb_to_recordset(${exactJson(lines)}::jsonb)
      AS l (seq smallint, "accountId" uuid, side side, amount bigint, "balanceAfter" bigint, "accountSeq" int)
    ORDER BY l.seq`;
}

/** Amounts as text: a JSON number is no bigint to everybody. */
function exactJson(rows: readonly object[]): string {
  return JSON.stringify(rows, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}
