import type { Prisma, Tx } from '../../db/index.js';
import { uuidv7 } from '../../kernel/index.js';
import type { NewsRow } from './news.event.js';

const payoutTopic = 'payout.transition';

/** Whom the transitions of payouts concern; of the others nobody is told. Its owner is told how it ends. */
const concerns: ReadonlyMap<string, 'owner' | 'finance'> = new Map([
  ['pay', 'owner'],
  ['settle', 'owner'],
  ['fail', 'owner'],
  ['reject', 'owner'],
  ['expire', 'owner'],
  ['reverse', 'owner'],
  ['remind', 'finance'],
  ['doubt', 'finance'],
  ['proposeSettlement', 'finance'],
]);

interface PayoutNews {
  readonly row: NewsRow;
  readonly transition: string;
  readonly from: string | null;
  readonly to: string;
  /** Null for the server itself. */
  readonly actorId: string | null;
  readonly userId: string;
}

/** For each person whom news of a payout concerns, but for who made it; FINANCE is who has the role by now, without its owner. */
export async function payoutNotificationsOf(
  tx: Tx,
  rows: readonly NewsRow[],
  now: Date,
): Promise<Prisma.NotificationCreateManyInput[]> {
  const news = rows.flatMap(payoutNewsOf);
  const staffed = news.filter(({ transition }) => concerns.get(transition) === 'finance');
  const finance = await financeOf(tx, [...new Set(staffed.map(({ row }) => row.tenantId))]);
  return news.flatMap(({ row, transition, from, to, actorId, userId }) => {
    const isOwners = concerns.get(transition) === 'owner';
    const team = (finance.get(row.tenantId) ?? []).filter((person) => person !== userId);
    return (isOwners ? [userId] : team)
      .filter((person) => person !== actorId)
      .map((person) => ({
        id: uuidv7(now.getTime()),
        tenantId: row.tenantId,
        userId: person,
        outboxSeq: row.seq,
        kind: `payout.${transition}`,
        params: { payoutId: row.aggregateId, from: from ?? '', to },
        createdAt: row.createdAt,
      }));
  });
}

/** None for news of something else, of what concerns nobody, and of a version that did not say whose payout it is. */
function payoutNewsOf(row: NewsRow): readonly PayoutNews[] {
  if (row.topic !== payoutTopic) return [];
  const told = row.payload as Omit<PayoutNews, 'row' | 'userId'> & { readonly userId?: string };
  return told.userId === undefined || !concerns.has(told.transition) ? [] : [{ ...told, userId: told.userId, row }];
}

async function financeOf(tx: Tx, tenantIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  if (tenantIds.length === 0) return new Map();
  const grants = await tx.roleGrant.findMany({
    where: { tenantId: { in: [...tenantIds] }, role: 'FINANCE', user: { status: 'ACTIVE' } },
    select: { tenantId: true, userId: true },
    distinct: ['userId'],
    orderBy: { userId: 'asc' },
  });
  return new Map(
    tenantIds.map((id) => [id, grants.filter(({ tenantId }) => tenantId === id).map(({ userId }) => userId)]),
  );
}
