import { isUuid, notFound, uuidOf, type Currency } from '../../kernel/index.js';
import type { Prisma, Tx } from '../../db/index.js';
import { postJournal, type JournalDraft } from '../ledger/index.js';
import type { PayoutDecision } from './payout.decide.js';
import type { Payout } from './payout.js';

/** Outbox topic of every transition. */
const transitionTopic = 'payout.transition';
const reasonLengthMax = 500;

/** Reads a payout and holds it until the transaction ends. @throws AppError NOT_FOUND when the tenant has no such payout */
export async function lockPayout(tx: Tx, tenantId: string, id: string): Promise<Payout> {
  if (!isUuid(id)) throw notFound('payout', id);
  const locked = await tx.$queryRaw<unknown[]>`
    SELECT id FROM payout WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`;
  if (locked.length === 0) throw notFound('payout', id);
  return tx.payout.findUniqueOrThrow({ where: { id } });
}

/** Writes a decided transition of a locked payout: the row, one version on, its event, the news of it and its booking. */
export async function savePayout(
  tx: Tx,
  payout: Payout,
  decision: PayoutDecision,
  patch: Prisma.PayoutUncheckedUpdateInput = {},
  reason?: string,
): Promise<Payout> {
  const { transition, to, at } = decision;
  const doubt = to === 'UNKNOWN' ? {} : { doubtedAt: null, settleProposedById: null };
  // What was told stays with what was booked by it.
  const told = to === 'UNKNOWN' || isByTold(transition) ? {} : { toldAmount: null, toldCurrency: null, toldFee: null };
  const data = { ...doubt, ...told, ...patch, state: to, checks: 0, version: payout.version + 1, updatedAt: at };
  const after = await tx.payout.update({ where: { id: payout.id }, data });
  await recordPayout(tx, after, decision, reason);
  return after;
}

function isByTold(transition: PayoutDecision['transition']): boolean {
  return transition === 'settle' || transition === 'reverse';
}

/** One numbered event, its outbox row, and the journal when money moves. */
export async function recordPayout(tx: Tx, payout: Payout, decision: PayoutDecision, reason?: string): Promise<void> {
  const { id, tenantId, userId, version } = payout;
  const { transition, from, to, actor, at } = decision;
  const { userId: actorId, kind: actorRole } = actor;
  await tx.$executeRaw`
    INSERT INTO payout_event (payout_id, seq, tenant_id, transition, from_state, to_state, actor_id, actor_role, reason, at)
    SELECT ${id}::uuid, coalesce(max(seq), 0) + 1, ${tenantId}::uuid, ${transition}, ${from}::payout_state, ${to}::payout_state,
           ${actorId}::uuid, ${actorRole}, ${reason?.slice(0, reasonLengthMax) ?? null}, ${at}
    FROM payout_event WHERE payout_id = ${id}::uuid`;
  const payload = { transition, from, to, userId, actorId, actorRole, at: at.toISOString(), version };
  await tx.outbox.create({ data: { tenantId, topic: transitionTopic, aggregateId: id, payload, createdAt: at } });
  if (decision.postings.length > 0) await postJournal(tx, payoutJournal(payout, decision));
}

/** Its id is a function of payout and transition: each kind of booking is made once in a payout's life, whoever tries. */
export function payoutJournal({ id, tenantId, currency }: Payout, decision: PayoutDecision): JournalDraft {
  const { transition, postings, actor, at } = decision;
  return {
    id: uuidOf(`journal:payout:${id}:${transition}`),
    tenantId,
    kind: `payout.${transition}`,
    businessRef: `payout:${id}`,
    currency: currency as Currency,
    effectiveAt: at,
    recordedAt: at,
    actorId: actor.userId,
    postings,
  };
}
