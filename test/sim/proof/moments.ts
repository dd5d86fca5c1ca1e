import type { Client } from 'pg';
import type { Db } from '../../../src/db/index.js';
import type { Clock, Currency } from '../../../src/kernel/index.js';
import { createLedgerService, verifyLedger } from '../../../src/modules/ledger/index.js';
import type { Random } from '../../../src/seed/random.js';
import type { Person, World } from '../model/world.js';
import type { Findings } from './invariants.js';
import { financeOf } from './payouts.js';

/** What the books said of a moment that was final: they may never say anything else of it. */
export type Moments = Map<string, string>;

const dayMs = 24 * 60 * 60 * 1000;

/** I21 and I22 at moments of the past, as FINANCE would ask. */
export async function auditMoments(deps: MomentsDeps): Promise<void> {
  const { books, clock, random, world, moments, findings, rows } = deps;
  const market = random.pick(world.markets);
  const ledger = createLedgerService({ db: books, clock });
  // Midnights, so that some are asked for again.
  const asOf = new Date((Math.floor(clock.now().getTime() / dayMs) - random.int(0, 10)) * dayMs);
  const viewer = financeOf(market);
  const balance = await ledger.trialBalance(viewer, market.currency as Currency, { asOf });
  if (balance.debits !== balance.credits)
    findings.breach('I21', `${market.slug} as of ${asOf.toISOString()}: ${balance.debits} and ${balance.credits}`);
  const sum = (types: readonly string[]): bigint =>
    balance.rows.reduce((all, { type, balance: held }) => (types.includes(type) ? all + held : all), 0n);
  const [assets, owed] = [sum(['ASSET', 'EXPENSE']), sum(['LIABILITY', 'EQUITY', 'INCOME'])];
  if (assets !== owed) findings.breach('I21', `the sheet of ${market.slug} does not tie: ${assets} and ${owed}`);
  const said = JSON.stringify(balance.rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  const name = `${market.slug} ${asOf.toISOString()}`;
  if (balance.isFinal && moments.has(name) && moments.get(name) !== said)
    findings.breach('I21', `${name} was final and is told in another way`);
  if (balance.isFinal) moments.set(name, said);
  findings.look('I21');
  for (const person of market.people) await auditStatement(rows, person, asOf, findings);
}

interface MomentsDeps {
  readonly books: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly world: World;
  readonly moments: Moments;
  readonly findings: Findings;
  readonly rows: Client;
}

/** A wallet's balance before a moment and its lines from then on make what it holds now. */
async function auditStatement(rows: Client, { id, name }: Person, from: Date, findings: Findings): Promise<void> {
  const { rows: found } = await rows.query<{ opening: string; moved: string; closing: string }>(
    `SELECT coalesce((SELECT l.balance_after FROM journal_line l JOIN journal j ON j.id = l.journal_id
                      WHERE l.account_id = a.id AND j.recorded_at < $2 ORDER BY l.account_seq DESC LIMIT 1), 0)::text AS opening,
            coalesce((SELECT sum(CASE l.side WHEN 'CREDIT' THEN l.amount ELSE -l.amount END) FROM journal_line l JOIN journal j ON j.id = l.journal_id
                      WHERE l.account_id = a.id AND j.recorded_at >= $2), 0)::text AS moved,
            (a.credits - a.debits)::text AS closing
     FROM ledger_account a WHERE a.code = 'user:' || $1 || ':wallet'`,
    [id, from],
  );
  const statement = found[0];
  if (!statement) return;
  const { opening, moved, closing } = statement;
  if (BigInt(opening) + BigInt(moved) === BigInt(closing)) findings.look('I22');
  else findings.breach('I22', `${name} from ${from.toISOString()}: ${opening} and ${moved} make ${closing}`);
}

/** I19, and what the server itself makes of the whole of its books: they verify, and no longer once a row was touched. */
export async function auditSeals(books: Db, findings: Findings): Promise<void> {
  const verified = await verifyLedger(books.read);
  if (!verified.ok)
    return findings.breach('I19', `the books do not verify: ${JSON.stringify(verified.faults.slice(0, 5))}`);
  if (verified.chain.seals === 0) return;
  findings.look('I19', verified.chain.seals);
  for (const tamper of tamperings) {
    const found = await tampered(books, tamper);
    if (!found) findings.breach('I19', `nobody notices: ${tamper}`);
    else findings.look('I19');
  }
}

/** By somebody with every right on the database, on a row that is sealed. */
const tamperings = [
  `UPDATE journal_line SET amount = amount + 1 WHERE (journal_id, seq) = (SELECT l.journal_id, l.seq FROM journal_line l JOIN journal j ON j.id = l.journal_id ORDER BY j.recorded_at, j.id, l.seq LIMIT 1)`,
  `UPDATE process_event SET actor_role = 'staff', to_state = 'OPEN' WHERE (errand_id, seq) = (SELECT errand_id, seq FROM process_event ORDER BY recorded_at, errand_id, seq LIMIT 1)`,
  `DELETE FROM process_event WHERE (errand_id, seq) = (SELECT errand_id, seq FROM process_event ORDER BY recorded_at, errand_id, seq LIMIT 1)`,
];

async function tampered(books: Db, sql: string): Promise<boolean> {
  let wasFound = false;
  const undo = new Error('undone');
  await books
    .write(async (tx) => {
      await tx.$executeRawUnsafe("SET LOCAL session_replication_role = 'replica'");
      await tx.$executeRawUnsafe(sql);
      wasFound = !(await verifyLedger(tx)).ok;
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return wasFound;
}
