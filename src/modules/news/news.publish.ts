import { uuidv7, type Clock } from '../../kernel/index.js';
import type { Db, Prisma, Tx } from '../../db/index.js';
import { errandNewsOf, topicOf, type ErrandNews, type NewsRow } from './news.event.js';
import { hears } from './news.topics.js';
import { recipientsOf } from './notification.recipients.js';
import { payoutNotificationsOf } from './payout.recipients.js';
import { bodyOf } from './webhook.body.js';

export interface PublishDeps {
  readonly db: Pick<Db, 'write'>;
  readonly clock: Clock;
  /** How long attempts to deliver are made. */
  readonly giveUpAfterMs: number;
}

const batchMax = 200;

/**
 * Hands news that nobody has had yet to its readers: a notification for each person concerned, a delivery for each endpoint
 * that wants it. Both are written in the transaction that marks the news as published, so each is there once, whatever
 * breaks in between, and news that was committed late is as unpublished as any other. Processes share the work; each takes
 * what no other is at. @returns how many were published
 */
export async function publishNews({ db, clock, giveUpAfterMs }: PublishDeps, goesOn = () => true): Promise<number> {
  let published = 0;
  for (;;) {
    const now = clock.now();
    const count = await db.write((tx) => publishBatch(tx, now, new Date(now.getTime() + giveUpAfterMs)));
    published += count;
    if (count < batchMax || !goesOn()) return published;
  }
}

async function publishBatch(tx: Tx, now: Date, giveUpAt: Date): Promise<number> {
  const rows = await tx.$queryRaw<NewsRow[]>`
    SELECT seq, tenant_id::text AS "tenantId", topic, aggregate_id::text AS "aggregateId", payload, created_at AS "createdAt"
    FROM outbox WHERE published_at IS NULL ORDER BY seq LIMIT ${batchMax} FOR UPDATE SKIP LOCKED`;
  if (rows.length === 0) return 0;
  await tx.webhookDelivery.createMany({ data: await deliveriesOf(tx, rows, now, giveUpAt) });
  const people = [...(await notificationsOf(tx, rows, now)), ...(await payoutNotificationsOf(tx, rows, now))];
  await tx.notification.createMany({ data: people });
  await tx.outbox.updateMany({ where: { seq: { in: rows.map(({ seq }) => seq) } }, data: { publishedAt: now } });
  return rows.length;
}

async function deliveriesOf(
  tx: Tx,
  rows: readonly NewsRow[],
  now: Date,
  giveUpAt: Date,
): Promise<Prisma.WebhookDeliveryCreateManyInput[]> {
  const tenantId = { in: [...new Set(rows.map((row) => row.tenantId))] };
  // Held, so that none is deleted before its deliveries are written.
  const endpoints = await tx.$queryRaw<{ id: string; tenantId: string; topics: string[] }[]>`
    SELECT id::text, tenant_id::text AS "tenantId", topics FROM webhook_endpoint
    WHERE tenant_id = ANY(${tenantId.in}::uuid[]) ORDER BY id FOR KEY SHARE`;
  return rows.flatMap((row) => {
    const topic = topicOf(row);
    return endpoints
      .filter((endpoint) => endpoint.tenantId === row.tenantId && hears(endpoint.topics, topic))
      .map(({ id, tenantId: ofTenant }) => ({
        id: uuidv7(now.getTime()),
        tenantId: ofTenant,
        endpointId: id,
        outboxSeq: row.seq,
        topic,
        body: bodyOf(row, topic),
        state: 'PENDING' as const,
        attempt: 0,
        nextAt: now,
        giveUpAt,
        createdAt: now,
      }));
  });
}

async function notificationsOf(
  tx: Tx,
  rows: readonly NewsRow[],
  now: Date,
): Promise<Prisma.NotificationCreateManyInput[]> {
  const news = rows.map(errandNewsOf).filter((item) => item !== undefined);
  const undecided = await undecidedAmong(tx, news);
  const told = news.filter((item) => !undecided.has(item.seq));
  const ids = [...new Set(told.filter((item) => recipientsOf(item).length > 0).map(({ errandId }) => errandId))];
  const errands = await tx.errand.findMany({ where: { id: { in: ids } }, select: { id: true, title: true } });
  const titles = new Map(errands.map(({ id, title }) => [id, title]));
  return told
    .filter(({ errandId }) => titles.has(errandId))
    .flatMap((item) =>
      recipientsOf(item).map((userId) => ({
        id: uuidv7(now.getTime()),
        tenantId: item.tenantId,
        userId,
        outboxSeq: item.seq,
        kind: `errand.${item.transition}`,
        errandId: item.errandId,
        params: { errandTitle: titles.get(item.errandId) ?? '', from: item.from ?? '', to: item.to },
        createdAt: item.at,
      })),
    );
}

/** Proposals that wait for a second arbiter are no news to the parties: nothing is decided. */
async function undecidedAmong(tx: Tx, news: readonly ErrandNews[]): Promise<ReadonlySet<bigint>> {
  const proposals = news.filter(({ transition }) => transition === 'proposeResolution');
  if (proposals.length === 0) return new Set();
  const waiting = await tx.dispute.findMany({
    where: {
      errandId: { in: proposals.map(({ errandId }) => errandId) },
      state: { in: ['UNDER_REVIEW', 'APPEALED'] },
      decisions: { some: { decidedAt: null } },
    },
    select: { errandId: true },
  });
  const errandIds = new Set(waiting.map(({ errandId }) => errandId));
  return new Set(proposals.filter(({ errandId }) => errandIds.has(errandId)).map(({ seq }) => seq));
}
