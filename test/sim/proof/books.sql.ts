import type { Invariant } from './invariants.js';

/** A row for each thing that is wrong; its `name` names it. None: the invariant holds. Written apart from the server's own checks. */
export interface BooksQuery {
  readonly what: Invariant;
  readonly sql: string;
}

const signed = "CASE l.side WHEN 'DEBIT' THEN l.amount ELSE -l.amount END";
/** What an account holds, as it counts itself, from its lines. */
const grown = `CASE WHEN a.type IN ('LIABILITY', 'INCOME', 'EQUITY') THEN -(${signed}) ELSE ${signed} END`;
const heldByEscrow = `
  SELECT e.id, coalesce(sum(${grown}), 0) AS held
  FROM escrow e LEFT JOIN ledger_account a ON a.owner_type = 'escrow' AND a.owner_id = e.id
  LEFT JOIN journal_line l ON l.account_id = a.id GROUP BY e.id`;
/** Journals that take money out of an escrow. */
const outflows = `
  SELECT DISTINCT a.owner_id AS escrow_id, j.id, j.kind, j.effective_at
  FROM ledger_account a JOIN journal_line l ON l.account_id = a.id AND l.side = 'DEBIT' JOIN journal j ON j.id = l.journal_id
  WHERE a.owner_type = 'escrow'`;
const emptying = `('errand.confirm', 'errand.confirmByCode', 'errand.autoRelease', 'errand.cancelAssigned', 'errand.noShow', 'errand.runnerDrop', 'errand.settleDispute', 'errand.refundDispute')`;

export const booksQueries: readonly BooksQuery[] = [
  {
    what: 'I1',
    sql: `SELECT 'journal ' || j.id AS name FROM journal j LEFT JOIN journal_line l ON l.journal_id = j.id
      GROUP BY j.id, l.currency HAVING count(l.seq) = 0 OR sum(${signed}) <> 0`,
  },
  {
    what: 'I2',
    sql: `SELECT l.currency || ' is off by ' || sum(${signed}) AS name FROM journal_line l GROUP BY l.currency HAVING sum(${signed}) <> 0`,
  },
  {
    what: 'I3',
    sql: `SELECT DISTINCT a.code || ' at line ' || l.account_seq AS name FROM (
        SELECT l.*, row_number() OVER w AS place, sum(${grown}) OVER w AS running
        FROM journal_line l JOIN ledger_account a ON a.id = l.account_id WHERE a.floored
        WINDOW w AS (PARTITION BY l.account_id ORDER BY l.account_seq)) l JOIN ledger_account a ON a.id = l.account_id
      WHERE l.place <> l.account_seq OR l.running IS DISTINCT FROM l.balance_after`,
  },
  {
    what: 'I4',
    sql: `SELECT a.code AS name FROM ledger_account a JOIN journal_line l ON l.account_id = a.id
      WHERE a.floored GROUP BY a.id HAVING sum(${grown}) < 0`,
  },
  {
    what: 'I5',
    sql: `SELECT 'escrow ' || e.id AS name FROM escrow e JOIN (${heldByEscrow}) h ON h.id = e.id
      WHERE e.funded <> e.released + e.refunded + h.held OR e.funded > e.gross`,
  },
  {
    what: 'I6',
    sql: `SELECT t.state || ' errand ' || t.id || ' holds ' || h.held AS name
      FROM errand t JOIN escrow e ON e.errand_id = t.id JOIN (${heldByEscrow}) h ON h.id = e.id
      WHERE (t.state IN ('COMPLETED', 'CANCELLED', 'EXPIRED', 'OPEN', 'DRAFT') AND h.held <> 0)
         OR (t.state IN ('ASSIGNED', 'IN_PROGRESS', 'DELIVERED', 'DISPUTED') AND e.retired_at IS NULL AND h.held = 0 AND e.released < e.gross)`,
  },
  {
    what: 'I7',
    sql: `SELECT 'escrow ' || o.escrow_id || ' was emptied ' || count(*) || ' times' AS name FROM (${outflows}) o
        WHERE o.kind IN ${emptying} GROUP BY o.escrow_id HAVING count(*) > 1
      UNION ALL
      SELECT 'journal ' || o.id || ' took from a frozen escrow' FROM (${outflows}) o JOIN dispute d ON d.escrow_id = o.escrow_id
        WHERE o.effective_at > d.created_at AND o.effective_at <
          coalesce(d.settled_at, CASE d.state WHEN 'WITHDRAWN' THEN d.updated_at ELSE 'infinity'::timestamptz END)`,
  },
  {
    what: 'I8',
    sql: `SELECT t.state || ' errand ' || t.id AS name FROM errand t LEFT JOIN offer o ON o.errand_id = t.id AND o.state = 'ACCEPTED'
      GROUP BY t.id HAVING count(o.id) > 1
        OR (t.state IN ('AWAITING_FUNDING', 'ASSIGNED', 'IN_PROGRESS', 'DELIVERED', 'DISPUTED', 'COMPLETED')
            AND (count(o.id) <> 1 OR bool_or(o.runner_id <> t.runner_id)))`,
  },
  {
    what: 'I9',
    sql: `SELECT 'errand ' || errand_id || ' event ' || seq AS name FROM (
        SELECT *, row_number() OVER w AS place, lag(to_state) OVER w AS before FROM process_event
        WINDOW w AS (PARTITION BY errand_id ORDER BY seq)) e
      WHERE seq <> place OR from_state IS DISTINCT FROM before
      UNION ALL
      SELECT 'errand ' || t.id || ' is ' || t.state || ' and its last event says ' || e.to_state
      FROM errand t JOIN LATERAL (SELECT to_state FROM process_event p WHERE p.errand_id = t.id ORDER BY seq DESC LIMIT 1) e ON true
      WHERE e.to_state <> t.state`,
  },
  {
    what: 'I15',
    sql: `SELECT 'journal ' || l.journal_id AS name FROM journal_line l JOIN ledger_account a ON a.id = l.account_id JOIN journal j ON j.id = l.journal_id
      GROUP BY l.journal_id HAVING count(DISTINCT l.currency) > 1 OR bool_or(a.currency <> l.currency OR a.tenant_id <> j.tenant_id)
      UNION ALL
      SELECT 'escrow ' || e.id FROM escrow e JOIN errand t ON t.id = e.errand_id JOIN tenant m ON m.id = e.tenant_id
      WHERE e.currency <> t.currency OR e.currency <> m.currency`,
  },
  {
    what: 'I16',
    // Of a delivery all that ever left its escrow, in one go or in steps; steps and top-ups may move a unit or two.
    sql: `SELECT 'escrow ' || e.id || ' (' || e.state || ')' AS name
      FROM escrow e JOIN fee_plan f ON f.id = e.fee_plan_id
      JOIN (SELECT DISTINCT a.owner_id AS escrow_id, l.journal_id FROM ledger_account a
            JOIN journal_line l ON l.account_id = a.id AND l.side = 'DEBIT' WHERE a.owner_type = 'escrow') o ON o.escrow_id = e.id
      JOIN journal_line l ON l.journal_id = o.journal_id JOIN ledger_account a ON a.id = l.account_id
      WHERE e.state = 'RELEASED' AND NOT EXISTS (SELECT FROM dispute d WHERE d.escrow_id = e.id AND d.settled_at IS NOT NULL)
      GROUP BY e.id, f.id
      HAVING sum(l.amount) FILTER (WHERE l.side = 'DEBIT' AND a.owner_type = 'escrow') <> e.funded
          OR sum(l.amount) FILTER (WHERE l.side = 'CREDIT') <> e.funded
          OR abs(coalesce(sum(l.amount) FILTER (WHERE a.code = 'revenue:commission'), 0) * 10000
                 - (e.gross - e.goods) * f.commission_bps) >= CASE WHEN e.service_released = 0 THEN 10000 ELSE 30000 END
          OR abs(coalesce(sum(l.amount) FILTER (WHERE a.code = 'tax:vat'), 0) * 100000000
                 - (e.gross - e.goods) * f.commission_bps * f.vat_bps) >= CASE WHEN e.service_released = 0 THEN 100000000 ELSE 300000000 END`,
  },
  {
    what: 'I20',
    sql: `SELECT a.code AS name FROM ledger_account a LEFT JOIN journal_line l ON l.account_id = a.id WHERE a.floored
      GROUP BY a.id HAVING a.debits <> coalesce(sum(l.amount) FILTER (WHERE l.side = 'DEBIT'), 0)
        OR a.credits <> coalesce(sum(l.amount) FILTER (WHERE l.side = 'CREDIT'), 0) OR a.seq <> count(l.seq)`,
  },
  {
    what: 'I24',
    sql: `SELECT coalesce(e.errand_id, o.aggregate_id) || ' ' || coalesce(e.transition, o.transition) AS name FROM
        (SELECT errand_id, transition, count(*) AS times FROM process_event GROUP BY errand_id, transition) e
        FULL JOIN (SELECT aggregate_id, payload ->> 'transition' AS transition, count(*) AS times FROM (SELECT * FROM outbox UNION ALL SELECT * FROM sim_old_news) n
                   WHERE topic = 'errand.transition' GROUP BY 1, 2) o
          ON o.aggregate_id = e.errand_id AND o.transition = e.transition
      WHERE e.times IS DISTINCT FROM o.times`,
  },
];
