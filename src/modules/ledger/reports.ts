import { notFound, type Currency } from '../../kernel/index.js';
import { Prisma, type AccountType, type Reader } from '../../db/index.js';
import { growsByCredit } from './account.js';
import { closingOf } from './closing.js';

/**
 * Which time of a journal counts: when it was RECORDED in the books, or when what it books was EFFECTIVE. They differ for
 * what is booked late.
 */
export const ledgerTimes = ['RECORDED', 'EFFECTIVE'] as const;
export type LedgerTime = (typeof ledgerTimes)[number];

export interface AsOf {
  /** Journals of this moment count too. Undefined: all that is booked. */
  readonly asOf?: Date | undefined;
  /** Default RECORDED. */
  readonly by?: LedgerTime | undefined;
}

interface AccountTotal {
  readonly code: string;
  readonly type: AccountType;
  /** Minor units. */
  readonly debits: bigint;
  readonly credits: bigint;
  /** As the account counts: positive when it grew. An account that is overdrawn, or owed to, is negative. */
  readonly balance: bigint;
}

interface Standing {
  readonly currency: Currency;
  /**
   * The books are closed as of this moment: the same question gets the same answer for ever. Never for EFFECTIVE, because
   * something may be booked later that was effective earlier.
   */
  readonly isFinal: boolean;
}

export interface AccountBalance extends AccountTotal, Standing {}

export interface TrialBalance extends Standing {
  /** Accounts with bookings by then, by code. */
  readonly rows: readonly AccountTotal[];
  /** Of all rows; equal to `credits`. */
  readonly debits: bigint;
  readonly credits: bigint;
}

export interface BooksQuestion extends AsOf {
  readonly tenantId: string;
  readonly currency: Currency;
}

/** Summed from the lines, in one statement. @throws AppError NOT_FOUND when the market has no such account */
export async function accountBalance(reader: Reader, code: string, question: BooksQuestion): Promise<AccountBalance> {
  const { tenantId, currency } = question;
  const where = { tenantId_code_currency: { tenantId, code, currency } };
  const account = await reader.ledgerAccount.findUnique({ where });
  if (!account) throw notFound(`${currency} account`, code);
  const isFinal = await isClosed(reader, question);
  const [row] = await totals(reader, question, Prisma.sql`AND a.id = ${account.id}::uuid`);
  return { ...(row ?? { code, type: account.type, debits: 0n, credits: 0n, balance: 0n }), currency, isFinal };
}

/** Every account as it stood, in one statement: one moment of the books, whatever is being booked meanwhile. */
export async function trialBalance(reader: Reader, question: BooksQuestion): Promise<TrialBalance> {
  const isFinal = await isClosed(reader, question);
  const rows = await totals(reader, question);
  const sumOf = (side: 'debits' | 'credits') => rows.reduce((sum, row) => sum + row[side], 0n);
  return { currency: question.currency, isFinal, rows, debits: sumOf('debits'), credits: sumOf('credits') };
}

/** Asked before the sums, so that they see everything of a period that was closed by then. */
export async function isClosed(reader: Reader, { asOf, by = 'RECORDED' }: AsOf): Promise<boolean> {
  if (asOf === undefined || by === 'EFFECTIVE') return false;
  return asOf.getTime() <= (await closingOf(reader)).closedThrough.getTime();
}

async function totals(
  reader: Reader,
  { tenantId, currency, asOf, by = 'RECORDED' }: BooksQuestion,
  condition: Prisma.Sql = Prisma.empty,
): Promise<readonly AccountTotal[]> {
  const time = by === 'RECORDED' ? Prisma.sql`j.recorded_at` : Prisma.sql`j.effective_at`;
  const upToThen = asOf === undefined ? Prisma.empty : Prisma.sql`AND ${time} <= ${asOf}`;
  const rows = await reader.$queryRaw<Omit<AccountTotal, 'balance'>[]>(Prisma.sql`
    SELECT a.code, a.type,
           coalesce(sum(l.amount) FILTER (WHERE l.side = 'DEBIT'), 0)::bigint AS debits,
           coalesce(sum(l.amount) FILTER (WHERE l.side = 'CREDIT'), 0)::bigint AS credits
    FROM ledger_account a JOIN journal_line l ON l.account_id = a.id JOIN journal j ON j.id = l.journal_id
    WHERE a.tenant_id = ${tenantId}::uuid AND a.currency = ${currency} ${condition} ${upToThen}
    GROUP BY a.code, a.type ORDER BY a.code`);
  return rows.map((row) => ({
    ...row,
    balance: growsByCredit(row.type) ? row.credits - row.debits : row.debits - row.credits,
  }));
}
