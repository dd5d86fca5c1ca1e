import type { AccountStatement, StatementLine } from './statement.js';

const columns = [
  'bookedAt',
  'effectiveAt',
  'kind',
  'reference',
  'journal',
  'debit',
  'credit',
  'balance',
  'currency',
] as const;

/**
 * A page of a statement as CSV (RFC 4180): amounts in minor units, times in UTC, lines end in CRLF. The first page begins with
 * the names of the columns and the opening balance, the last ends with the closing balance, so that all pages one behind
 * the other are the whole statement.
 */
export function statementCsv(
  statement: Pick<AccountStatement, 'opening' | 'closing' | 'currency' | 'from' | 'to' | 'lines'>,
  { isFirstPage }: { readonly isFirstPage: boolean },
): string {
  const { opening, closing, currency, from, to, lines } = statement;
  const rows = lines.rows.map((line) => lineCells(line, currency));
  const first = isFirstPage ? [columns, balanceCells('opening', from, opening, currency)] : [];
  const last = lines.hasNextPage ? [] : [balanceCells('closing', to, closing, currency)];
  return [...first, ...rows, ...last].map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

function lineCells(line: StatementLine, currency: string): readonly string[] {
  const { bookedAt, effectiveAt, kind, businessRef, journalId, side, amount, balance } = line;
  const [debit, credit] = side === 'DEBIT' ? [String(amount), ''] : ['', String(amount)];
  return [
    bookedAt.toISOString(),
    effectiveAt.toISOString(),
    kind,
    businessRef,
    journalId,
    debit,
    credit,
    String(balance),
    currency,
  ];
}

function balanceCells(kind: string, at: Date | null, balance: bigint, currency: string): readonly string[] {
  return [at?.toISOString() ?? '', '', kind, '', '', '', '', String(balance), currency];
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
