import type { Client } from 'pg';
import { ledgerHealth } from '../../../src/modules/ledger/index.js';
import { endStates, type Errand, type World } from '../model/world.js';
import { booksQueries } from './books.sql.js';
import type { Findings, Invariant } from './invariants.js';
import type { Db } from '../../../src/db/index.js';

/** Changes with any row of an errand: what a refused move must not do. */
export async function fingerprintOf(rows: Client, errandId: string): Promise<string> {
  const { rows: found } = await rows.query<{ print: string }>(
    `SELECT md5(coalesce(string_agg(r, '|' ORDER BY r), '')) AS print FROM (
       SELECT t::text AS r FROM errand t WHERE id = $1
       UNION ALL SELECT t::text FROM offer t WHERE errand_id = $1
       UNION ALL SELECT t::text FROM escrow t WHERE errand_id = $1
       UNION ALL SELECT t::text FROM proof t WHERE errand_id = $1
       UNION ALL SELECT t::text FROM dispute t WHERE errand_id = $1
       UNION ALL SELECT t::text FROM dispute_evidence t JOIN dispute d ON d.id = t.dispute_id WHERE d.errand_id = $1
       UNION ALL SELECT t::text FROM dispute_decision t JOIN dispute d ON d.id = t.dispute_id WHERE d.errand_id = $1
       UNION ALL SELECT t::text FROM process_event t WHERE errand_id = $1) AS every`,
    [errandId],
  );
  return found[0]!.print;
}

/** How often each transition of errands was made in the markets that the model follows. */
export async function transitionsMade(rows: Client, { markets }: World): Promise<Readonly<Record<string, number>>> {
  const { rows: found } = await rows.query<{ transition: string; times: number }>(
    `SELECT transition, count(*)::int AS times FROM process_event WHERE tenant_id = ANY($1) GROUP BY 1 ORDER BY 1`,
    [markets.map(({ tenantId }) => tenantId)],
  );
  return Object.fromEntries(found.map(({ transition, times }) => [transition, times]));
}

/** Every sum of the whole ledger in one REPEATABLE READ snapshot, on a connection of its own. */
export async function snapshotSums(reader: Client): Promise<readonly string[]> {
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const query = booksQueries.find(({ what }) => what === 'I2')!;
  const { rows } = await reader.query<{ name: string }>(query.sql).finally(() => reader.query('COMMIT'));
  return rows.map(({ name }) => name);
}

/** Looks at everything that the rows can say of the invariants, and at the server's own word on it. */
export async function auditBooks(rows: Client, books: Db, findings: Findings): Promise<void> {
  for (const { what, sql } of booksQueries) {
    const { rows: wrong } = await rows.query<{ name: string }>(
      `SELECT name FROM (${sql}) AS fault ORDER BY name LIMIT 5`,
    );
    if (wrong.length === 0) findings.look(what);
    else findings.breach(what, wrong.map(({ name }) => name).join('; '));
  }
  const health = await ledgerHealth(books.read, 'all');
  const lists: Readonly<Partial<Record<Invariant, readonly unknown[]>>> = {
    I1: health.unbalancedJournals,
    I2: health.imbalance.filter(({ minor }) => minor !== 0n),
    I3: health.brokenAccounts,
    I4: health.negativeAccounts,
    I5: health.escrowMismatches,
  };
  for (const [what, list] of Object.entries(lists))
    if (list.length > 0)
      findings.breach(what as Invariant, `ledgerHealth names ${list.slice(0, 5).map(String).join(', ')}`);
}

/** Holds states, versions and balances against the model; of errands, those under way and `more`. */
export async function compareWorld(
  rows: Client,
  world: World,
  findings: Findings,
  more: readonly Errand[] = [],
): Promise<void> {
  const looked = new Set([...world.errands.filter(({ state }) => !endStates.includes(state)), ...more]);
  await compareErrands(rows, [...looked], findings);
  await comparePeople(rows, world, findings);
}

interface ErrandRow {
  readonly id: string;
  readonly state: string;
  readonly version: number;
  readonly runner: string | null;
  readonly escrow: string | null;
  readonly funded: string | null;
  readonly held: string | null;
}

async function compareErrands(rows: Client, errands: readonly Errand[], findings: Findings): Promise<void> {
  const { rows: found } = await rows.query<ErrandRow>(
    `SELECT t.id, t.state, t.version, t.runner_id AS runner, e.state AS escrow, e.funded::text,
            (SELECT sum(a.credits - a.debits)::text FROM ledger_account a WHERE a.owner_type = 'escrow' AND a.owner_id = e.id) AS held
     FROM errand t LEFT JOIN escrow e ON e.errand_id = t.id AND e.retired_at IS NULL WHERE t.id = ANY($1)`,
    [errands.map(({ id }) => id)],
  );
  const byId = new Map(found.map((row) => [row.id, row]));
  for (const errand of errands) {
    const row = byId.get(errand.id);
    const is = `${row?.state} ${row?.version} ${row?.runner ?? '-'} ${row?.escrow ?? '-'} ${row?.held ?? 0}`;
    const { state, version, runner, escrow } = errand;
    const due = `${state} ${version} ${runner?.id ?? '-'} ${escrow?.state ?? '-'} ${escrow?.held ?? 0}`;
    if (is === due) findings.look('model');
    else findings.breach('model', `${errand.name} is ${is}, and ${due} by the rules`);
  }
}

/** From the totals that the accounts carry; that those follow from the lines is I20. */
async function comparePeople(rows: Client, { people }: World, findings: Findings): Promise<void> {
  const { rows: found } = await rows.query<{ code: string; credits: string; debits: string }>(
    `SELECT code, credits::text, debits::text FROM ledger_account WHERE owner_type = 'user' AND owner_id = ANY($1)`,
    [people.map(({ id }) => id)],
  );
  const balances = new Map(found.map(({ code, credits, debits }) => [code, BigInt(credits) - BigInt(debits)]));
  for (const { id, name, wallet, owed } of people) {
    const [has, owes] = [balances.get(`user:${id}:wallet`) ?? 0n, -(balances.get(`user:${id}:receivable`) ?? 0n)];
    if (has === wallet && owes === owed) findings.look('model');
    else findings.breach('model', `${name} has ${has} and owes ${owes}, and ${wallet} and ${owed} by the rules`);
  }
}

/** What the house has earned and bears, and what came in from outside, summed from the lines. */
export async function compareHouses(rows: Client, { markets }: World, findings: Findings): Promise<void> {
  const { rows: found } = await rows.query<{ tenant: string; code: string; grown: string }>(
    `SELECT a.tenant_id AS tenant, a.code, sum(CASE l.side WHEN 'CREDIT' THEN l.amount ELSE -l.amount END)::text AS grown
     FROM ledger_account a JOIN journal_line l ON l.account_id = a.id WHERE NOT a.floored GROUP BY a.id`,
  );
  for (const { tenantId, slug, house } of markets) {
    const sum = (isOne: (code: string) => boolean): bigint =>
      found.reduce(
        (all, { tenant, code, grown }) => (tenant === tenantId && isOne(code) ? all + BigInt(grown) : all),
        0n,
      );
    const is = {
      commission: sum((code) => code === 'revenue:commission'),
      vat: sum((code) => code === 'tax:vat'),
      cancellation: sum((code) => code === 'revenue:cancellation'),
      chargebacks: -sum((code) => code === 'expense:chargeback'),
      // What a provider keeps for its work has come in too.
      received: -sum((code) => code.startsWith('psp:') || code === 'expense:psp_fee'),
    };
    for (const [name, amount] of Object.entries(is)) {
      const due = house[name as keyof typeof house];
      if (amount === due) findings.look('I20');
      else findings.breach('I20', `${name} of ${slug} is ${amount}, and ${due} by the rules`);
    }
  }
}
