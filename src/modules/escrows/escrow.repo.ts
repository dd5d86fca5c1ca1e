import { invariant, isUuid, notFound } from '../../kernel/index.js';
import type { FeePlan, Tx } from '../../db/index.js';
import { liveOfferStates, type Errand, type OfferState } from '../errands/index.js';
import type { Escrow } from './escrow.js';

/** The escrow of a locked errand, locked too; undefined when no offer was ever accepted. */
export async function lockEscrow(tx: Tx, errand: Errand): Promise<Escrow | undefined> {
  const [locked] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM escrow WHERE tenant_id = ${errand.tenantId}::uuid AND errand_id = ${errand.id}::uuid FOR UPDATE`;
  return locked && tx.escrow.findUniqueOrThrow({ where: { id: locked.id } });
}

/** Saves what changed, one version on. */
export async function saveEscrow(tx: Tx, { id, version }: Escrow, patch: Partial<Escrow>, now: Date): Promise<Escrow> {
  return tx.escrow.update({ where: { id }, data: { ...patch, version: version + 1, updatedAt: now } });
}

/** The tenant's newest plan. */
export async function currentFeePlan(tx: Tx, tenantId: string): Promise<FeePlan> {
  const plan = await tx.feePlan.findFirst({ where: { tenantId }, orderBy: [{ createdAt: 'desc' }, { version: 'desc' }, { id: 'desc' }] });
  invariant(plan, `tenant ${tenantId} has no fee plan`);
  return plan;
}

export async function feePlanOf(tx: Tx, { feePlanId }: Escrow): Promise<FeePlan> {
  return tx.feePlan.findUniqueOrThrow({ where: { id: feePlanId } });
}

/** Answers every offer that still waits for one. */
export async function closeLiveOffers(tx: Tx, { tenantId, id }: Errand, state: OfferState, now: Date): Promise<void> {
  const where = { tenantId, errandId: id, state: { in: [...liveOfferStates] } };
  await tx.offer.updateMany({ where, data: { state, version: { increment: 1 }, updatedAt: now } });
}

export function requireEscrowId(id: string): string {
  if (!isUuid(id)) throw notFound('escrow', id);
  return id;
}
