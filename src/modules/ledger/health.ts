import type { Money } from '../../kernel/index.js';
import { Prisma, type Reader } from '../../db/index.js';

/** Whether the books hold together; every list is empty and every imbalance 0 when `ok`. Lists name 100 faults at most. */
export interface LedgerHealth {
  readonly ok: boolean;
  readonly accounts: number;
  readonly journals: number;
  /** Sum of debits minus credits over all lines, one entry a currency with bookings. */
  readonly imbalance: readonly Money[];
  /** Ids of journals whose debits and credits differ. */
  readonly unbalancedJournals: readonly string[];
  /** Codes of floored accounts below zero. */
  readonly negativeAccounts: readonly string[];
  /** Codes of accounts whose totals, running balances or line numbers do not follow from their lines. */
  readonly brokenAccounts: readonly string[];
  /** Ids of escrows where funded <> released + refunded + held, or that hold money when they, or their errand, are done with. */
  readonly escrowMismatches: readonly string[];
}

/** Each check is one statement, so it sees one snapshot and stays true beside running writers. */
export async function ledgerHealth(reader: Reader, tenantId: string | 'all'): Promise<LedgerHealth> {
  const of = (alias: 'a' | 'j' | 'e'): Prisma.Sql =>
    tenantId === 'all' ? Prisma.sql`TRUE` : Prisma.sql`${Prisma.raw(alias)}.tenant_id = ${tenantId}::uuid`;
  const counts = await countBooks(reader, of);
  const imbalance = await imbalances(reader, of('j'));
  const unbalancedJournals = await named(reader, unbalancedSql(of('j')));
  const negativeAccounts = await named(reader, negativeSql(of('a')));
  const brokenAccounts = await named(reader, brokenSql(of('a')));
  const escrowMismatches = await named(reader, escrowSql(of('e')));
  const faults = [unbalancedJournals, negativeAccounts, brokenAccounts, escrowMismatches];
  const ok = faults.every((list) => list.length === 0) && imbalance.every(({ minor }) => minor === 0n);
  return { ok, ...counts, imbalance, unbalancedJournals, negativeAccounts, brokenAccounts, escrowMismatches };
}

type TenantFilter = (alias: 'a' | 'j' | 'e') => Prisma.Sql;

async function countBooks(reader: Reader, of: TenantFilter): Promise<{ accounts: number; journals: number }> {
  const [row] = await reader.$queryRaw<{ accounts: number; journals: number }[]>`
    SELECT (SELECT count(*)::int FROM ledger_account a WHERE ${of('a')}) AS accounts,
           (SELECT count(*)::int FROM journal j WHERE ${of('j')}) AS journals`;
  return row ?? { accounts: 0, journals: 0 };
}

async function imbalances(reader: Reader, ofTenant: Prisma.Sql): Promise<readonly Money[]> {
  return reader.$queryRaw<Money[]>`
    SELECT l.currency, sum(CASE l.side WHEN 'DEBIT' THEN l.amount ELSE -l.amount END)::bigint AS minor
    FROM journal_line l JOIN journal j ON j.id = l.journal_id WHERE ${ofTenant} GROUP BY l.currency ORDER BY l.currency`;
}

async function named(reader: Reader, sql: Prisma.Sql): Promise<readonly string[]> {
  const rows = await reader.$queryRaw<{ name: string }[]>(
    Prisma.sql`SELECT name FROM (${sql}) AS fault ORDER BY name LIMIT 100`,
  );
  return rows.map(({ name }) => name);
}

function unbalancedSql(ofTenant: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT DISTINCT j.id::text AS name FROM journal j LEFT JOIN journal_line l ON l.journal_id = j.id
    WHERE ${ofTenant} GROUP BY j.id, l.currency
    HAVING count(l.seq) = 0 OR sum(CASE l.side WHEN 'DEBIT' THEN l.amount ELSE -l.amount END) <> 0`;
}

function negativeSql(ofTenant: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT a.code AS name FROM ledger_account a
    WHERE ${ofTenant} AND a.floored AND ${grownBy(Prisma.sql`a.credits - a.debits`)} < 0`;
}

/** Replays the lines of each floored account; an unfloored account keeps no totals and no numbers. */
function brokenSql(ofTenant: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    WITH line AS (
      SELECT a.id, l.side, l.amount, l.account_seq, l.balance_after, row_number() OVER chain AS place,
             sum(${grownBy(Prisma.sql`CASE l.side WHEN 'CREDIT' THEN l.amount ELSE -l.amount END`)}) OVER chain AS running
      FROM ledger_account a JOIN journal_line l ON l.account_id = a.id WHERE ${ofTenant} AND a.floored
      WINDOW chain AS (PARTITION BY a.id ORDER BY l.account_seq, l.journal_id, l.seq)
    ), replay AS (
      SELECT id, count(*) AS seq,
             coalesce(sum(amount) FILTER (WHERE side = 'DEBIT'), 0) AS debits,
             coalesce(sum(amount) FILTER (WHERE side = 'CREDIT'), 0) AS credits,
             bool_or(account_seq IS DISTINCT FROM place OR balance_after IS DISTINCT FROM running) AS broken
      FROM line GROUP BY id
    )
    SELECT a.code AS name FROM ledger_account a LEFT JOIN replay r ON r.id = a.id
    WHERE ${ofTenant} AND (a.seq, a.debits, a.credits) IS DISTINCT FROM
            (coalesce(r.seq, 0), coalesce(r.debits, 0), coalesce(r.credits, 0))
       OR ${ofTenant} AND r.broken`;
}

/**
 * I5 and I6: what came in went out or is still held; an escrow that is settled, was never funded, or whose errand has
 * ended, holds nothing.
 */
function escrowSql(ofTenant: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT e.id::text AS name FROM escrow e JOIN errand t ON t.id = e.errand_id
    LEFT JOIN ledger_account a ON a.owner_id = e.id AND a.owner_type = 'escrow' AND a.tenant_id = e.tenant_id AND a.currency = e.currency
    WHERE ${ofTenant} GROUP BY e.id, t.state
    HAVING e.funded <> e.released + e.refunded + coalesce(sum(a.credits - a.debits), 0)
        OR ((e.state IN ('RELEASED', 'REFUNDED', 'SPLIT', 'VOID', 'AWAITING_FUNDS')
             OR t.state IN ('COMPLETED', 'CANCELLED', 'EXPIRED')) AND coalesce(sum(a.credits - a.debits), 0) <> 0)`;
}

/** `creditsMinusDebits` seen from the account's own side: positive when it grew. */
function grownBy(creditsMinusDebits: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(CASE WHEN a.type IN ('LIABILITY', 'INCOME', 'EQUITY') THEN 1 ELSE -1 END * (${creditsMinusDebits}))`;
}
