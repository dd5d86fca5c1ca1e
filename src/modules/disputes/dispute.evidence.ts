import { AppError, uuidv7 } from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import { evidenceRefusal } from '../errands/index.js';
import type { Dispute } from './dispute.js';
import type { EvidenceInput } from './dispute.input.js';

/**
 * Adds a party's evidence to a dispute whose errand is locked. Neither side sees the other's before it has given its own,
 * so that nobody fits their story to it: what is given is revealed as soon as both have given something, and at
 * `respondBy` at the latest.
 * @throws AppError LIMIT_EXCEEDED
 */
export async function giveEvidence(
  tx: Tx,
  dispute: Dispute,
  byUserId: string,
  given: readonly EvidenceInput[],
  now: Date,
): Promise<void> {
  if (given.length === 0) return;
  const { id: disputeId } = dispute;
  const counts = await tx.disputeEvidence.groupBy({ by: ['byUserId'], where: { disputeId }, _count: { _all: true } });
  const own = counts.find((count) => count.byUserId === byUserId)?._count._all ?? 0;
  const refusal = evidenceRefusal(own, given.length);
  if (refusal) throw new AppError(refusal.code, refusal.message);
  const bothHave = counts.some((count) => count.byUserId !== byUserId);
  const revealedAt = revealTime(dispute, bothHave, now);
  await tx.disputeEvidence.createMany({
    data: given.map((piece) => newEvidenceRow(uuidv7(now.getTime()), dispute, byUserId, piece, revealedAt, now)),
  });
  if (bothHave) {
    await tx.disputeEvidence.updateMany({ where: { disputeId, revealedAt: { gt: now } }, data: { revealedAt: now } });
  }
}

/** When the other party sees what is given now. */
export function revealTime({ respondBy }: Pick<Dispute, 'respondBy'>, bothHave: boolean, now: Date): Date {
  return bothHave || respondBy <= now ? now : respondBy;
}

/** A piece of evidence as it is written down. */
export function newEvidenceRow(
  id: string,
  { id: disputeId, tenantId }: Pick<Dispute, 'id' | 'tenantId'>,
  byUserId: string,
  { kind, sha256, mediaKey, note }: EvidenceInput,
  revealedAt: Date,
  now: Date,
) {
  return {
    id,
    tenantId,
    disputeId,
    byUserId,
    kind,
    sha256: Buffer.from(sha256, 'hex'),
    mediaKey: mediaKey ?? null,
    note: note?.trim() || null,
    revealedAt,
    createdAt: now,
  };
}
