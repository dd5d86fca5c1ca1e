import { isUuid } from '../../kernel/index.js';
import type { Reader, Tx } from '../../db/index.js';
import type { Errand } from '../errands/index.js';
import { endStates, type Rating, type Review } from './review.js';

/** When the errand ended with a runner; undefined when it did not. Tips and codes behind that are no second end. */
export async function endOf(tx: Tx, { id, runnerId, state }: Errand): Promise<Date | undefined> {
  const ends: readonly string[] = endStates;
  if (runnerId === null || !ends.includes(state)) return undefined;
  const last = await tx.processEvent.findFirst({
    where: { errandId: id, to: state, OR: [{ from: null }, { from: { not: state } }] },
    orderBy: { seq: 'desc' },
    select: { at: true },
  });
  return last?.at;
}

/** Both have given theirs: what waited for this is visible now. */
export async function reveal(tx: Tx, errandId: string, now: Date): Promise<void> {
  await tx.review.updateMany({
    where: { errandId, visibleAt: { gt: now } },
    data: { visibleAt: now, updatedAt: now, version: { increment: 1 } },
  });
}

/** In one statement. Who has no visible review is left out. */
export async function ratingsOf(
  reader: Pick<Reader, '$queryRaw'>,
  tenantId: string,
  userIds: readonly string[],
  now: Date,
): Promise<readonly Rating[]> {
  const ids = userIds.filter(isUuid);
  return reader.$queryRaw<Rating[]>`
    SELECT subject_id AS "userId", sum(stars)::int AS sum, count(*)::int AS count FROM review
    WHERE tenant_id = ${tenantId}::uuid AND subject_id = ANY(${ids}::uuid[]) AND visible_at <= ${now} AND hidden_at IS NULL
    GROUP BY subject_id`;
}

/** @returns the review, held until the transaction ends; undefined when the tenant has none with this id */
export async function lockReview(tx: Tx, tenantId: string, id: string): Promise<Review | undefined> {
  if (!isUuid(id)) return undefined;
  const locked = await tx.$queryRaw<unknown[]>`
    SELECT id FROM review WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`;
  return locked.length === 0 ? undefined : tx.review.findUniqueOrThrow({ where: { id } });
}
