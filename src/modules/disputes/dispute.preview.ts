import type { Reader } from '../../db/index.js';
import type { TransitionName } from '../errands/index.js';
import type { Posting } from '../ledger/index.js';
import { heldBy, pendingDecision, type Case } from './dispute.case.js';
import { decidedOnAppeal, effectOf } from './dispute.resolve.js';
import type { Decision, Dispute } from './dispute.js';

/**
 * What an arbiter's move books beside what the table says of it: a decision on appeal takes effect in the same call. Pure;
 * of a move that is allowed. Null when that depends on what the arbiter says.
 * @param fourEyesAbove minor units; of more than this a proposal waits for somebody else, and books nothing
 */
export function bookedByDecision(
  name: TransitionName,
  one: Case,
  fourEyesAbove: bigint,
  now: Date,
): readonly Posting[] | null {
  if (one.dispute.state !== 'APPEALED') return [];
  if (name === 'proposeResolution') return heldBy(one) > fourEyesAbove ? [] : null;
  const proposal = name === 'approveResolution' ? pendingDecision(one.decisions) : undefined;
  if (!proposal) return [];
  return effectOf(decidedOnAppeal(one, { ...proposal, decidedAt: now }), now).transition.postings;
}

/** The dispute of each errand that is DISPUTED, with its decisions, without a lock: for who only looks. */
export async function readOpenDisputes(
  reader: Reader,
  tenantId: string,
  errandIds: readonly string[],
): Promise<readonly { readonly dispute: Dispute; readonly decisions: readonly Decision[] }[]> {
  const where = { tenantId, errandId: { in: [...errandIds] }, dueAt: { not: null } };
  const rows = await reader.dispute.findMany({ where, include: { decisions: { orderBy: { seq: 'asc' } } } });
  return rows.map(({ decisions, ...dispute }) => ({ dispute, decisions }));
}
