import type { Currency } from '../../kernel/index.js';
import { Prisma, type Reader } from '../../db/index.js';
import { checkChain, type ChainFault, type ChainState } from './chain.js';
import { ledgerHealth, type LedgerHealth } from './health.js';
import { accountIdOf } from './journal.js';

/** A fault of one row or account, where `LedgerHealth` has no list for it. */
export interface LedgerFault {
  readonly kind: ChainFault['kind'] | 'account';
  readonly name: string;
  readonly problem: string;
}

export interface LedgerVerification {
  /** Nothing is wrong: `health.ok`, and no faults. */
  readonly ok: boolean;
  /** Of all markets. */
  readonly health: LedgerHealth;
  readonly chain: ChainState;
  /** Journals and process events that wait for their period to be closed and sealed. */
  readonly unsealed: { readonly journals: number; readonly events: number };
  readonly faults: readonly LedgerFault[];
}

export interface VerifyOptions {
  /** A head of the chain that was kept elsewhere: it must be a link of the chain. */
  readonly knownHead?: string;
}

/**
 * Recomputes all there is from the lines up: totals, running balances and numbers of every floored account, the balance of
 * every journal and currency, what escrows say against what they hold, reversals against what they take back, and the hash
 * of every sealed row. Takes time in proportion to the books.
 */
export async function verifyLedger(reader: Reader, { knownHead }: VerifyOptions = {}): Promise<LedgerVerification> {
  const health = await ledgerHealth(reader, 'all');
  const { faults: chainFaults, ...chain } = await checkChain(reader, knownHead);
  const faults = [...chainFaults, ...(await misnamedAccounts(reader)), ...(await brokenJournals(reader))];
  const behind = { recordedAt: { gt: chain.sealedThrough ?? new Date(0) } };
  const unsealed = {
    journals: await reader.journal.count({ where: behind }),
    events: await reader.processEvent.count({ where: behind }),
  };
  return { ok: health.ok && faults.length === 0, health, chain, unsealed, faults };
}

const accountsPage = 1000;

/** An account's id is a function of its market, currency and code: one that was renamed no longer fits. */
async function misnamedAccounts(reader: Reader): Promise<readonly LedgerFault[]> {
  const faults: LedgerFault[] = [];
  let last: string | undefined;
  for (;;) {
    const where = last === undefined ? {} : { id: { gt: last } };
    const page = await reader.ledgerAccount.findMany({ where, orderBy: { id: 'asc' }, take: accountsPage });
    for (const { id, tenantId, currency, code } of page) {
      if (accountIdOf(tenantId, currency as Currency, code) === id) continue;
      faults.push({ kind: 'account', name: code, problem: `its id ${id} belongs to another code, currency or market` });
    }
    last = page.at(-1)?.id;
    if (page.length < accountsPage) return faults;
  }
}

/** I15, and that a reversal takes back exactly what it says; the first 100. */
async function brokenJournals(reader: Reader): Promise<readonly LedgerFault[]> {
  return reader.$queryRaw<LedgerFault[]>(Prisma.sql`
    WITH mixed AS (
      SELECT l.journal_id AS id, 'is about more than one market or currency' AS problem
      FROM journal_line l JOIN journal j ON j.id = l.journal_id JOIN ledger_account a ON a.id = l.account_id
      GROUP BY l.journal_id HAVING count(DISTINCT l.currency) > 1 OR bool_or(a.tenant_id <> j.tenant_id)
    ), net AS (
      SELECT l.journal_id, l.account_id, sum(CASE l.side WHEN 'DEBIT' THEN l.amount ELSE -l.amount END) AS moved
      FROM journal_line l WHERE l.journal_id IN (
        SELECT id FROM journal WHERE reverses_id IS NOT NULL UNION SELECT reverses_id FROM journal WHERE reverses_id IS NOT NULL)
      GROUP BY l.journal_id, l.account_id
    ), unlike AS (
      SELECT j.id, 'does not take back what it reverses' AS problem
      FROM journal j
      WHERE j.reverses_id IS NOT NULL AND (
        NOT EXISTS (SELECT FROM journal o WHERE o.id = j.reverses_id AND o.tenant_id = j.tenant_id)
        OR EXISTS (
          SELECT FROM net n WHERE n.journal_id IN (j.id, j.reverses_id)
          GROUP BY n.account_id HAVING sum(n.moved) <> 0))
    )
    SELECT 'journal' AS kind, id::text AS name, problem FROM (SELECT * FROM mixed UNION ALL SELECT * FROM unlike) AS fault
    ORDER BY name LIMIT 100`);
}
