import {
  badInput,
  notFound,
  pageOf,
  pageRequest,
  type AppError,
  type Currency,
  type Cursor,
  type Page,
  type PageRequest,
} from '../../kernel/index.js';
import { Prisma, type AccountType, type LedgerAccount, type Reader, type Side } from '../../db/index.js';
import { accounts, growsByCredit } from './account.js';
import { accountIdOf } from './journal.js';
import { isClosed } from './reports.js';

/** What is booked after `from`, up to and including `to`: the opening balance is that as of `from`, the closing that as of `to`. */
export interface StatementPeriod {
  /** Default: before anything was booked. */
  readonly from?: Date | null | undefined;
  /** Default: all that is booked. */
  readonly to?: Date | null | undefined;
  /** Lines a page, 1 to 100. Default 20. */
  readonly first?: number | null | undefined;
  /** The cursor of a line; `statementCursor` makes it. */
  readonly after?: string | null | undefined;
}

export interface StatementQuestion extends StatementPeriod {
  readonly tenantId: string;
  readonly currency: Currency;
}

export interface StatementLine {
  readonly journalId: string;
  /** The line's place in its journal. */
  readonly seq: number;
  readonly kind: string;
  readonly businessRef: string;
  /** The time it stands at in statements: when it was recorded or, on an account with a floor, when the latest of the lines up to it was. */
  readonly bookedAt: Date;
  readonly effectiveAt: Date;
  readonly side: Side;
  /** Minor units, above 0. */
  readonly amount: bigint;
  /** What the account held after it, as the account counts. */
  readonly balance: bigint;
  readonly accountSeq: number | null;
  readonly journalSeq: bigint;
}

/** An account from one moment to another, in minor units and as the account counts. `opening` and all lines make `closing`. */
export interface AccountStatement {
  readonly code: string;
  readonly type: AccountType;
  readonly currency: Currency;
  readonly from: Date | null;
  readonly to: Date | null;
  /** The books are closed as of `to`: the same question gets the same answer for ever. */
  readonly isFinal: boolean;
  readonly opening: bigint;
  readonly closing: bigint;
  /** Of the whole period, whatever the page. */
  readonly debits: bigint;
  readonly credits: bigint;
  readonly lines: Page<StatementLine>;
}

type StatedAccount = Pick<LedgerAccount, 'id' | 'code' | 'type' | 'floored'>;
type Sums = Pick<AccountStatement, 'opening' | 'closing' | 'debits' | 'credits'>;
interface Place {
  readonly bookedAt: Date;
  readonly accountSeq: number;
  readonly journalSeq: bigint;
  readonly seq: number;
}

const order = 'STATEMENT';

/**
 * Read in one statement, so sums and lines are one moment of the books. Lines of an account with a floor stand in the order
 * in which they were booked, and what they leave is the `balance_after` of the books; the other accounts have no such order,
 * and their lines stand by the time they were recorded. Periods that meet tile the history: nothing is told twice or left out.
 * @throws AppError NOT_FOUND when the market has no such account; BAD_INPUT for a period or a page that cannot be
 */
export async function accountStatement(
  reader: Reader,
  code: string,
  question: StatementQuestion,
): Promise<AccountStatement> {
  const page = parseQuestion(question);
  const { tenantId, currency } = question;
  const account = await reader.ledgerAccount.findUnique({
    where: { tenantId_code_currency: { tenantId, code, currency } },
  });
  if (!account) throw notFound(`${currency} account`, code);
  return statementOf(reader, account, question, page);
}

/** As `accountStatement`, of a person's wallet, which may never have been opened: it then holds nothing. @throws AppError BAD_INPUT */
export async function walletStatement(
  reader: Reader,
  userId: string,
  question: StatementQuestion,
): Promise<AccountStatement> {
  const page = parseQuestion(question);
  const wallet = accounts.wallet(userId);
  const id = accountIdOf(question.tenantId, question.currency, wallet.code);
  return statementOf(reader, { ...wallet, id }, question, page);
}

/** Where a line stands in the statements of its account. */
export function statementCursor({ bookedAt, accountSeq, journalSeq, seq }: StatementLine): Cursor {
  return { order, value: bookedAt.toISOString(), id: `${accountSeq ?? 0}:${journalSeq}:${seq}` };
}

function parseQuestion({ from, to, first, after }: StatementQuestion): PageRequest {
  for (const [path, at] of Object.entries({ from, to })) {
    if (at && !isStorable(at)) throw badInput(path, 'must be in the years 1 to 9999.');
  }
  if (from && to && from > to)
    throw badInput('to', `must not be before from, ${from.toISOString()}, got ${to.toISOString()}.`);
  return pageRequest(first ?? undefined, after ?? undefined, order);
}

async function statementOf(
  reader: Reader,
  account: StatedAccount,
  { from, to, currency }: StatementQuestion,
  page: PageRequest,
): Promise<AccountStatement> {
  const { code, type } = account;
  const isFinal = await isClosed(reader, { asOf: to ?? undefined });
  const rows = await reader.$queryRaw<(Sums & StatementLine)[]>(statementSql(account, { from, to }, page));
  const lines = rows.filter(({ journalId }) => (journalId as string | null) !== null).map(lineOf);
  const { opening, closing, debits, credits } = rows[0] ?? { opening: 0n, closing: 0n, debits: 0n, credits: 0n };
  const sums = { opening, closing, debits, credits };
  return {
    code,
    type,
    currency,
    from: from ?? null,
    to: to ?? null,
    isFinal,
    ...sums,
    lines: pageOf(lines, page.first),
  };
}

function lineOf(row: StatementLine): StatementLine {
  const { journalId, seq, kind, businessRef, bookedAt, effectiveAt, side, amount, balance, accountSeq, journalSeq } =
    row;
  return { journalId, seq, kind, businessRef, bookedAt, effectiveAt, side, amount, balance, accountSeq, journalSeq };
}

/** The sums of the period beside each line of the page; one row without a line when the page is empty. */
function statementSql(
  account: StatedAccount,
  { from, to }: StatementPeriod,
  { first, after }: PageRequest,
): Prisma.Sql {
  const grown = growsByCredit(account.type) ? Prisma.sql`'CREDIT'` : Prisma.sql`'DEBIT'`;
  const bookedAt = account.floored
    ? Prisma.sql`max(j.recorded_at) OVER (ORDER BY l.account_seq)`
    : Prisma.sql`j.recorded_at`;
  const isEarlier = from ? Prisma.sql`booked_at <= ${from}` : Prisma.sql`FALSE`;
  const isNotLater = to ? Prisma.sql`booked_at <= ${to}` : Prisma.sql`TRUE`;
  const inPeriod = Prisma.sql`NOT (${isEarlier}) AND ${isNotLater}`;
  const place = Prisma.sql`booked_at, coalesce(account_seq, 0), journal_seq, seq`;
  const behind = after ? Prisma.sql`AND (${place}) > ${placeSql(parseCursor(after))}` : Prisma.empty;
  return Prisma.sql`
    WITH line AS (
      SELECT l.journal_id, l.seq, l.side, l.amount, l.account_seq, j.seq AS journal_seq, j.kind, j.business_ref, j.effective_at,
             ${bookedAt} AS booked_at, CASE WHEN l.side = ${grown}::side THEN l.amount ELSE -l.amount END AS change
      FROM journal_line l JOIN journal j ON j.id = l.journal_id WHERE l.account_id = ${account.id}::uuid
    ), placed AS (
      SELECT *, (sum(change) OVER (ORDER BY ${place}))::bigint AS balance FROM line
    ), sums AS (
      SELECT coalesce(sum(change) FILTER (WHERE ${isEarlier}), 0)::bigint AS opening,
             coalesce(sum(change) FILTER (WHERE ${isNotLater}), 0)::bigint AS closing,
             coalesce(sum(amount) FILTER (WHERE ${inPeriod} AND side = 'DEBIT'), 0)::bigint AS debits,
             coalesce(sum(amount) FILTER (WHERE ${inPeriod} AND side = 'CREDIT'), 0)::bigint AS credits
      FROM line
    ), page AS (
      SELECT * FROM placed WHERE ${inPeriod} ${behind} ORDER BY ${place} LIMIT ${first + 1}
    )
    SELECT sums.*, p.journal_id::text AS "journalId", p.seq, p.kind, p.business_ref AS "businessRef", p.booked_at AS "bookedAt",
           p.effective_at AS "effectiveAt", p.side::text AS side, p.amount, p.balance, p.account_seq AS "accountSeq",
           p.journal_seq AS "journalSeq"
    FROM sums LEFT JOIN page p ON TRUE ORDER BY ${Prisma.sql`p.booked_at, coalesce(p.account_seq, 0), p.journal_seq, p.seq`}`;
}

function placeSql({ bookedAt, accountSeq, journalSeq, seq }: Place): Prisma.Sql {
  return Prisma.sql`(${bookedAt}, ${accountSeq}::int, ${journalSeq}::bigint, ${seq}::int)`;
}

const placePattern = /^(\d{1,9}):(\d{1,18}):(\d{1,4})$/;

/** @throws AppError BAD_INPUT when it was not made by `statementCursor` */
function parseCursor({ value, id }: Cursor): Place {
  const bookedAt = new Date(value);
  const [, accountSeq, journalSeq, seq] = placePattern.exec(id) ?? [];
  if (accountSeq === undefined || journalSeq === undefined || seq === undefined) throw notACursor();
  if (Number.isNaN(bookedAt.getTime()) || bookedAt.toISOString() !== value || !isStorable(bookedAt)) throw notACursor();
  return { bookedAt, accountSeq: Number(accountSeq), journalSeq: BigInt(journalSeq), seq: Number(seq) };
}

/** JavaScript knows years that PostgreSQL does not. */
function isStorable(at: Date): boolean {
  const year = at.getUTCFullYear();
  return year >= 1 && year <= 9999;
}

function notACursor(): AppError {
  return badInput('after', 'is not a cursor; pass an endCursor or an edge cursor of an earlier answer.');
}
