import type { NewsRow } from './news.event.js';
import type { TailSource } from './tail.js';

export interface LiveRow extends NewsRow {
  readonly xid: bigint;
}

export interface LiveNotification {
  readonly id: string;
  readonly tenantId: string;
  readonly userId: string;
  readonly xid: bigint;
}

type OrNothing<Row> = { readonly xmin: bigint } & (Row | { readonly [name in keyof Row]: null });

// Rows of transactions beyond the snapshot were written in another cluster, from which this database was copied.

export const outboxSource: TailSource<LiveRow> = {
  async read(reader, xid, without) {
    const seqs = without.map(({ seq }) => seq);
    const found = await reader.$queryRaw<OrNothing<LiveRow>[]>`
      SELECT s.xmin, o.seq, o.xid, o.tenant_id::text AS "tenantId", o.topic, o.aggregate_id::text AS "aggregateId", o.payload,
        o.created_at AS "createdAt"
      FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin) s
      LEFT JOIN outbox o ON o.xid >= ${xid}::bigint AND o.xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        AND NOT o.seq = ANY(${seqs}::bigint[])
      ORDER BY o.seq`;
    return pageOf(found);
  },
};

export const notificationSource: TailSource<LiveNotification> = {
  async read(reader, xid, without) {
    const ids = without.map(({ id }) => id);
    const found = await reader.$queryRaw<OrNothing<LiveNotification>[]>`
      SELECT s.xmin, n.id::text, n.xid, n.tenant_id::text AS "tenantId", n.user_id::text AS "userId"
      FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin) s
      LEFT JOIN notification n ON n.xid >= ${xid}::bigint AND n.xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        AND NOT n.id = ANY(${ids}::uuid[])
      ORDER BY n.outbox_seq, n.id`;
    return pageOf(found);
  },
};

/** One row without anything but `xmin` stands for none. */
function pageOf<Row extends { readonly xid: bigint }>(found: readonly OrNothing<Row>[]) {
  const [first] = found;
  if (!first) throw new Error('a left join answered no row');
  return { xmin: first.xmin, rows: found.filter((row): row is { readonly xmin: bigint } & Row => row.xid !== null) };
}
