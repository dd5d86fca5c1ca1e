import { AppError } from '../../kernel/index.js';
import { Prisma } from '../../db/index.js';
import { lockBoth, type DueErrand, type TimerKind } from '../escrows/index.js';
import { readCase } from './dispute.case.js';
import { resolveByRule, takeEffect } from './dispute.resolve.js';

/** What becomes of a dispute when its step runs out of time: no money stays frozen for ever because nobody acts. */
export const disputeTimer: TimerKind = {
  name: 'disputeDue',
  setIn: undefined,
  due: (reader, now, after, limit) => {
    const behind = after ? Prisma.sql`AND (due_at, errand_id) > (${after.waitsFor}, ${after.id}::uuid)` : Prisma.empty;
    return reader.$queryRaw<DueErrand[]>`
      SELECT errand_id AS id, tenant_id AS "tenantId", due_at AS "waitsFor" FROM dispute
      WHERE due_at <= ${now} ${behind} ORDER BY due_at, errand_id LIMIT ${limit}`;
  },
  waiting: (errandIds) => Prisma.sql`
    SELECT errand_id, tenant_id, min(due_at) AS at FROM dispute
    WHERE errand_id = ANY(${errandIds}::uuid[]) AND due_at IS NOT NULL GROUP BY errand_id, tenant_id`,
  async fire(tx, { tenantId, id: errandId }, clock) {
    await tx.$executeRaw`SET LOCAL lock_timeout = '1s'`;
    const held = await lockBoth(tx, tenantId, errandId);
    const now = clock.now();
    const due = await tx.dispute.findFirst({ where: { tenantId, errandId, dueAt: { lte: now } } });
    if (!due) throw new AppError('ILLEGAL_TRANSITION', 'No dispute about the errand is past its time.');
    const one = await readCase(tx, held, due.id);
    if (due.state === 'AWAITING_RESPONSE') await resolveByRule(tx, one, 'NO_RESPONSE', now);
    else if (due.state === 'UNDER_REVIEW') await resolveByRule(tx, one, 'NO_DECISION', now);
    else await takeEffect(tx, one, now);
  },
};
