import type { Client } from 'pg';
import type { Db } from '../../../src/db/index.js';
import type { Role, UserViewer } from '../../../src/kernel/index.js';
import { createReconciliationService } from '../../../src/modules/payouts/index.js';
import type { PaymentProvider, SandboxBook } from '../../../src/modules/providers/index.js';
import type { Charge } from '../model/charge.js';
import type { Market, World } from '../model/world.js';
import type { Findings } from './invariants.js';

export interface PayoutProofDeps {
  readonly rows: Client;
  readonly books: Db;
  readonly book: SandboxBook;
  readonly provider: PaymentProvider;
  /** Where payouts are. */
  readonly storm: Market;
  readonly world: World;
  readonly findings: Findings;
}

/** When every payout has come to its end: what the provider did for each is what we say of it, and the two books agree. */
export async function auditPayouts(deps: PayoutProofDeps): Promise<void> {
  await auditEffects(deps);
  const { storm, world } = deps;
  await auditReconciliation(deps, storm, () => true);
  const byHand = new Map(world.charges.map((charge) => [charge.providerRef, charge]));
  for (const market of world.markets)
    await auditReconciliation(deps, market, (kind, reference) => isAsTold(kind, byHand.get(reference)));
}

/** What a payout that ended so has done at the provider, and where its money is in our books. */
const effects: Readonly<Record<string, readonly [transfers: number, reversals: number]>> = {
  PAID: [1, 0],
  REVERSED: [1, 1],
  FAILED: [0, 0],
  REJECTED: [0, 0],
  REQUESTED: [0, 0],
};

async function auditEffects({ rows, book, findings }: PayoutProofDeps): Promise<void> {
  const items = new Map<string, { transfers: number; reversals: number }>();
  for (const { kind, reference } of book.items()) {
    const did = items.get(reference) ?? { transfers: 0, reversals: 0 };
    if (kind === 'transfer') did.transfers += 1;
    if (kind === 'reversal') did.reversals += 1;
    items.set(reference, did);
  }
  const { rows: payouts } = await rows.query<PayoutRow>(
    `SELECT p.client_ref AS ref, p.state, p.amount::text,
            (SELECT count(*)::int FROM journal j WHERE j.kind IN ('payout.fail', 'payout.reject') AND j.business_ref = 'payout:' || p.id) AS returned,
            (SELECT count(*)::int FROM journal j WHERE j.kind = 'payout.pay' AND j.business_ref = 'payout:' || p.id) AS paid,
            (SELECT coalesce(sum(a.credits - a.debits), 0)::text FROM ledger_account a WHERE a.owner_type = 'payout' AND a.owner_id = p.id) AS transit
     FROM payout p`,
  );
  for (const { ref, state, amount, returned, paid, transit } of payouts) {
    const { transfers, reversals } = items.get(ref) ?? { transfers: 0, reversals: 0 };
    const due = effects[state];
    const waits = state === 'REQUESTED' ? BigInt(amount) : 0n;
    if (!due) findings.breach('I11', `payout ${ref} is still ${state}`);
    else if (due[0] !== transfers || due[1] !== reversals)
      findings.breach(
        'I11',
        `payout ${ref} is ${state}: paid ${transfers} times at the provider, came back ${reversals} times`,
      );
    else if (returned + paid > 1) findings.breach('I11', `payout ${ref} was booked as paid and given back`);
    else if (BigInt(transit) !== waits)
      findings.breach('I11', `payout ${ref} is ${state} and holds ${transit} in transit`);
    else findings.look('I11');
  }
}

interface PayoutRow {
  readonly ref: string;
  readonly state: string;
  readonly amount: string;
  readonly returned: number;
  readonly paid: number;
  readonly transit: string;
}

/** What FINANCE has written into our books by hand is in no book of the provider's. */
function isAsTold(kind: string, charge: Charge | undefined): boolean {
  if (!charge || kind !== 'chargeback') return charge !== undefined && !charge.isReversed;
  return charge.backs.every(({ isTold, isReversed }) => isTold && !isReversed);
}

/**
 * Day by day, as FINANCE asks for it. A worker that was away for more days than reconciliation looks back is a difference on
 * two days, one on either side: the two together have to be none.
 */
async function auditReconciliation(
  { rows, books, book, provider, findings }: PayoutProofDeps,
  market: Market,
  counts: (kind: string, reference: string) => boolean,
): Promise<void> {
  const { rows: ours } = await rows.query<{ day: string }>(
    `SELECT DISTINCT to_char(effective_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day FROM journal WHERE tenant_id = $1`,
    [market.tenantId],
  );
  // A day on which only the provider did something has to be asked for too.
  const theirs = book.items().map(({ at }) => at.toISOString().slice(0, 10));
  const days = [...new Set([...ours.map(({ day }) => day), ...theirs])].toSorted();
  const reconciliation = createReconciliationService({ db: books, providers: [provider] });
  const apart = new Map<string, bigint>();
  for (const day of days) {
    const { differences, inFlight, matched } = await reconciliation.ofDay(financeOf(market), provider.name, day);
    findings.look('I12', matched + inFlight.length);
    for (const { kind, reference, ours = 0n, theirs = 0n } of differences) {
      const name = `${kind} ${reference}`;
      if (counts(kind, reference)) apart.set(name, (apart.get(name) ?? 0n) + ours - theirs);
    }
  }
  for (const [name, difference] of apart)
    if (difference !== 0n) findings.breach('I12', `${name} is ${difference} more by our books than by the provider's`);
}

export function financeOf({ tenantId, people }: Market): UserViewer {
  const { id, role } = people.find((one) => one.role === 'FINANCE')!;
  return { kind: 'user', tenantId, userId: id, sessionId: id, roles: new Set<Role>([role]) };
}
