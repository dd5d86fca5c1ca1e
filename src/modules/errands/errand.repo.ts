import { invariant, isUuid, notFound } from '../../kernel/index.js';
import { assignmentsOf, columnsOf, Prisma, type Tx } from '../../db/index.js';
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
  const [errand] = await tx.$queryRaw<Errand[]>`
    SELECT ${columnsOf('Errand', 'e')} FROM errand e
    WHERE e.tenant_id = ${tenantId}::uuid AND e.id = ${id}::uuid FOR UPDATE`;
  if (!errand) throw notFound('errand', id);
  return errand;
}

/** As `lockErrand`, found through one of its offers. @throws AppError NOT_FOUND when the tenant has no such offer */
export async function lockErrandOfOffer(tx: Tx, tenantId: string, offerId: string): Promise<Errand> {
  if (!isUuid(offerId)) throw notFound('offer', offerId);
  const [errand] = await tx.$queryRaw<Errand[]>`
    SELECT ${columnsOf('Errand', 'e')} FROM errand e JOIN offer o ON o.errand_id = e.id
    WHERE o.tenant_id = ${tenantId}::uuid AND o.id = ${offerId}::uuid FOR UPDATE OF e`;
  if (!errand) throw notFound('offer', offerId);
  return errand;
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
  patch: Partial<Errand> = {},
  reason?: string,
  concerns = errand.runnerId,
): Promise<Errand> {
  const { event, from, to } = decision;
  const isMoved = from !== to || decision.postings.length > 0 || Object.keys(patch).length > 0;
  const change = { ...patch, state: to, version: errand.version + 1, updatedAt: event.at };
  const after = isMoved ? { ...errand, ...change } : errand;
  const told = { event, version: after.version, reason, runnerId: after.runnerId ?? concerns };
  if (!isMoved) await recordEvents(tx, errand, [told]);
  else {
    const written = await tx.$executeRaw`
      WITH ${recording(errand, [told])}
      UPDATE errand SET ${assignmentsOf('Errand', change)} WHERE id = ${errand.id}::uuid`;
    invariant(written === 1, `errand ${errand.id} is gone`);
  }
  return after;
}

/** A transition as it is told. */
export interface ToldEvent {
  readonly event: TransitionEvent;
  /** Of the errand, as the transition left it. */
  readonly version: number;
  readonly reason?: string | undefined;
  /** Whom the news concerns beside the customer: also a runner who has just left the errand. */
  readonly runnerId: string | null;
}

/** Process events, in order and numbered without gaps under the errand's lock, and an outbox row for each. */
export async function recordEvents(tx: Tx, errand: Errand, told: readonly ToldEvent[]): Promise<void> {
  await tx.$queryRaw`WITH ${recording(errand, told)} SELECT 1 AS recorded`;
}

/** The part of a statement that does it. */
function recording(
  { id, tenantId, customerId }: Pick<Errand, 'id' | 'tenantId' | 'customerId'>,
  told: readonly ToldEvent[],
): Prisma.Sql {
  const rows = told.map(({ event: { transition, from, to, actorId, actorRole, at }, version, reason, runnerId }) => {
    const row = { transition, from, to, actorId, actorRole, at: at.toISOString() };
    return { ...row, reason: reason ?? null, payload: { ...row, version, customerId, runnerId } };
  });
  return Prisma.sql`
    told AS (
      SELECT * FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS (
        transition text, "from" errand_state, "to" errand_state, "actorId" uuid, "actorRole" text, reason text, at timestamptz,
        payload jsonb)) WITH ORDINALITY AS t (transition, before, after, actor_id, actor_role, reason, at, payload, nth)),
    events AS (
      INSERT INTO process_event (errand_id, seq, tenant_id, transition, from_state, to_state, actor_id, actor_role, reason, at)
      SELECT ${id}::uuid, (SELECT coalesce(max(seq), 0) FROM process_event WHERE errand_id = ${id}::uuid) + nth,
             ${tenantId}::uuid, transition, before, after, actor_id, actor_role, reason, at FROM told),
    news AS (
      INSERT INTO outbox (tenant_id, topic, aggregate_id, payload, created_at)
      SELECT ${tenantId}::uuid, ${transitionTopic}, ${id}::uuid, payload, at FROM told ORDER BY nth)`;
}
