import { expect } from 'vitest';
import { ledgerHealth } from '../../src/modules/ledger/index.js';
import { Prisma, type Db } from '../../src/db/index.js';

/** Bookings that empty an escrow. */
const emptying = [
  'errand.confirm',
  'errand.autoRelease',
  'errand.confirmByCode',
  'errand.cancelAssigned',
  'errand.noShow',
  'errand.runnerDrop',
  'errand.settleDispute',
  'errand.refundDispute',
];

/**
 * What must be true of a market at every moment, beside what `ledgerHealth` looks at (I1 to I6): each entry lists what
 * breaks it, and is empty when nothing does.
 */
const rules: Readonly<Record<string, string>> = {
  'I7: an escrow is emptied once': `
    SELECT a.owner_id::text AS fault FROM ledger_account a JOIN journal_line l ON l.account_id = a.id JOIN journal j ON j.id = l.journal_id
    WHERE a.tenant_id = $1::uuid AND a.owner_type = 'escrow' AND l.side = 'DEBIT' AND j.kind = ANY($2)
    GROUP BY a.owner_id HAVING count(DISTINCT j.id) > 1`,
  'I7: nothing has left an escrow that is frozen since it was': `
    SELECT e.id::text AS fault FROM escrow e JOIN dispute d ON d.id = e.frozen_by_dispute
    JOIN process_event o ON o.errand_id = e.errand_id AND o.transition = 'openDispute' AND o.at = d.created_at
    JOIN process_event p ON p.errand_id = e.errand_id AND p.seq > o.seq
    WHERE e.tenant_id = $1::uuid AND ('errand.' || p.transition = ANY($2) OR p.transition IN ('releaseMilestone', 'addReceipts'))`,
  'I8: an errand has one accepted offer, of its runner, while it has a runner': `
    SELECT e.id::text AS fault FROM errand e LEFT JOIN offer o ON o.errand_id = e.id AND o.state = 'ACCEPTED'
    WHERE e.tenant_id = $1::uuid GROUP BY e.id
    HAVING count(o.id) > 1 OR (e.state IN ('AWAITING_FUNDING', 'ASSIGNED', 'IN_PROGRESS', 'DELIVERED', 'DISPUTED', 'COMPLETED')
      AND (count(o.id) <> 1 OR bool_or(o.runner_id IS DISTINCT FROM e.runner_id)))`,
  'I9: the events of an errand are numbered without gaps and lead from state to state': `
    SELECT DISTINCT errand_id::text AS fault FROM (
      SELECT errand_id, seq, from_state, row_number() OVER story AS place, lag(to_state) OVER story AS before
      FROM process_event WHERE tenant_id = $1::uuid WINDOW story AS (PARTITION BY errand_id ORDER BY seq)) s
    WHERE seq <> place OR from_state IS DISTINCT FROM before`,
  'I9: an errand stands where its last event left it': `
    SELECT e.id::text AS fault FROM errand e WHERE e.tenant_id = $1::uuid AND e.state IS DISTINCT FROM
      (SELECT p.to_state FROM process_event p WHERE p.errand_id = e.id ORDER BY p.seq DESC LIMIT 1)`,
  'I9: a transition is booked once at most, and only when it happened': `
    SELECT j.business_ref || ' ' || j.kind AS fault FROM journal j
    LEFT JOIN (SELECT errand_id, transition, count(*) AS times FROM process_event GROUP BY 1, 2) p
      ON 'errand:' || p.errand_id = j.business_ref AND 'errand.' || p.transition = j.kind
    WHERE j.tenant_id = $1::uuid AND j.business_ref LIKE 'errand:%' AND j.reverses_id IS NULL
    GROUP BY j.business_ref, j.kind, p.times HAVING count(*) > coalesce(p.times, 0)`,
  'I15: a journal and its lines are of one market and one currency': `
    SELECT j.id::text AS fault FROM journal j JOIN journal_line l ON l.journal_id = j.id JOIN ledger_account a ON a.id = l.account_id
    WHERE j.tenant_id = $1::uuid GROUP BY j.id, j.tenant_id
    HAVING count(DISTINCT l.currency) > 1 OR bool_or(a.tenant_id <> j.tenant_id) OR bool_or(a.currency <> l.currency)`,
  'I24: news and transitions are the same, row by row': `
    SELECT coalesce(o.aggregate_id, p.errand_id)::text || '#' || coalesce(o.place, p.seq) AS fault
    FROM (SELECT *, row_number() OVER (PARTITION BY aggregate_id ORDER BY seq) AS place FROM outbox
          WHERE tenant_id = $1::uuid AND topic = 'errand.transition') o
    FULL JOIN (SELECT * FROM process_event WHERE tenant_id = $1::uuid) p ON p.errand_id = o.aggregate_id AND p.seq = o.place
    WHERE (o.payload ->> 'transition', o.payload ->> 'from', o.payload ->> 'to', o.payload ->> 'actorId', o.payload ->> 'actorRole',
           (o.payload ->> 'at')::timestamptz, o.created_at)
      IS DISTINCT FROM (p.transition, p.from_state::text, p.to_state::text, p.actor_id::text, p.actor_role, p.at, p.at)`,
};

/**
 * What is wrong with a market, in words; empty when I1 to I9, I15, I20 and I24 hold.
 * @param hasNews false for a market whose history was loaded without telling anybody: then I24 is not looked at
 */
export async function faultsOf(
  db: Pick<Db, 'read'>,
  tenantId: string,
  { hasNews = true } = {},
): Promise<readonly string[]> {
  const health = await ledgerHealth(db.read, tenantId);
  const books = health.ok ? [] : [`I1 to I6, I20: ${JSON.stringify(health, withBigints)}`];
  const looked = Object.entries(rules).filter(([rule]) => hasNews || !rule.startsWith('I24'));
  const asked = looked.map(([rule, sql]) => `SELECT '${rule}' AS rule, fault FROM (${sql}) AS r`);
  const kinds = emptying.map((kind) => `'${kind}'`).join(', ');
  const sql = `${asked.join(' UNION ALL ')} ORDER BY 1, 2 LIMIT 20`
    .replaceAll('$1', `'${tenantId}'`)
    .replaceAll('$2', `ARRAY[${kinds}]`);
  const found = await db.read.$queryRaw<{ rule: string; fault: string }[]>(Prisma.raw(sql));
  return [...books, ...found.map(({ rule, fault }) => `${rule}: ${fault}`)];
}

export async function expectSound(db: Pick<Db, 'read'>, tenantId: string, when = ''): Promise<void> {
  expect(await faultsOf(db, tenantId), when).toEqual([]);
}

function withBigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
