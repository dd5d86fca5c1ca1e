import { isUuid, notFound } from '../../kernel/index.js';
import type { Prisma, Tx } from '../../db/index.js';
import type { Decision, TransitionEvent } from './decide.js';
import type { Errand } from './errand.js';

/** Outbox topic of every transition. */
export const transitionTopic = 'errand.transition';

/**
 * Reads an errand and holds it until the transaction ends. Whoever moves an errand, its offers or its escrow takes this
 * lock first, then the escrow's, then the ledger's: one order, no deadlock.
 * @throws AppError NOT_FOUND when the tenant has no such errand
 */
export async function lockErrand(tx: Tx, tenantId: string, id: string): Promise<Errand> {
  if (!isUuid(id)) throw notFound('errand', id);
  const locked = await tx.$queryRaw<unknown[]>`
    SELECT id FROM errand WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`;
  if (locked.length === 0) throw notFound('errand', id);
  return tx.errand.findUniqueOrThrow({ where: { id } });
}

/** As `lockErrand`, found through one of its offers. @throws AppError NOT_FOUND when the tenant has no such offer */
export async function lockErrandOfOffer(tx: Tx, tenantId: string, offerId: string): Promise<Errand> {
  if (!isUuid(offerId)) throw notFound('offer', offerId);
  const [locked] = await tx.$queryRaw<{ id: string }[]>`
    SELECT e.id FROM errand e JOIN offer o ON o.errand_id = e.id
    WHERE o.tenant_id = ${tenantId}::uuid AND o.id = ${offerId}::uuid FOR UPDATE OF e`;
  if (!locked) throw notFound('offer', offerId);
  return tx.errand.findUniqueOrThrow({ where: { id: locked.id } });
}

/**
 * Writes a decided transition of a locked errand: the row (one version on, unless it stays in its state and neither money nor anything else of it moves), the next
 * process event and the news of it.
 * @param concerns the runner whom the news is for, where the errand is nobody's
 */
export async function saveTransition(
  tx: Tx,
  errand: Errand,
  decision: Decision,
  patch: Prisma.ErrandUncheckedUpdateInput = {},
  reason?: string,
  concerns = errand.runnerId,
): Promise<Errand> {
  const { event, from, to } = decision;
  const data = { ...patch, state: to, version: errand.version + 1, updatedAt: event.at };
  const isMoved = from !== to || decision.postings.length > 0 || Object.keys(patch).length > 0;
  const after = isMoved ? await tx.errand.update({ where: { id: errand.id }, data }) : errand;
  await recordEvent(tx, after, event, reason, after.runnerId ?? concerns);
  return after;
}

/**
 * One process event, numbered without gaps under the errand's lock, and its outbox row.
 * @param runnerId whom the news concerns beside the customer: also a runner who has just left the errand
 */
export async function recordEvent(
  tx: Tx,
  errand: Errand,
  event: TransitionEvent,
  reason?: string,
  runnerId = errand.runnerId,
): Promise<void> {
  const { transition, from, to, actorId, actorRole, at } = event;
  await tx.$executeRaw`
    INSERT INTO process_event (errand_id, seq, tenant_id, transition, from_state, to_state, actor_id, actor_role, reason, at)
    SELECT ${errand.id}::uuid, coalesce(max(seq), 0) + 1, ${errand.tenantId}::uuid, ${transition}, ${from}::errand_state,
           ${to}::errand_state, ${actorId}::uuid, ${actorRole}, ${reason ?? null}, ${at}
    FROM process_event WHERE errand_id = ${errand.id}::uuid`;
  await tx.outbox.create({ data: outboxRow(errand, event, runnerId) });
}

function outboxRow({ id, tenantId, version, customerId }: Errand, event: TransitionEvent, runnerId: string | null) {
  const { at, ...rest } = event;
  const payload = { ...rest, at: at.toISOString(), version, customerId, runnerId };
  return {
    tenantId,
    topic: transitionTopic,
    aggregateId: id,
    payload,
    createdAt: at,
  } satisfies Prisma.OutboxCreateManyInput;
}
