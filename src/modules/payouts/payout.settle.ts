import { AppError, type Clock, type Currency, type UserViewer } from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import { recordAct } from '../audit/index.js';
import { parseReason, stillFinance } from '../ledger/index.js';
import { decidePayout, payoutActorOf } from './payout.decide.js';
import { nextCheck } from './payout.outcome.js';
import type { Payout } from './payout.js';
import { savePayout } from './payout.repo.js';
import type { PayoutPolicy } from './payout.request.js';
import { lockForReview } from './payout.review.js';

export interface Settlement {
  /** What the provider tells that it paid; anything else is refused. */
  readonly paid: { readonly minor: bigint; readonly currency: string };
  readonly reason: string;
  readonly expectedVersion?: number | null | undefined;
}

interface Hand {
  readonly tx: Tx;
  readonly clock: Clock;
  readonly policy: Pick<PayoutPolicy, 'approvalAbove'>;
}

/**
 * P6 by people, where the provider tells of another amount than ours: booked as it tells. Above the limit of approvals the
 * first one proposes it and a second one settles it, by the same mutation.
 */
export async function settlePayout(
  { tx, clock, policy }: Hand,
  viewer: UserViewer,
  id: string,
  { paid, reason: given, expectedVersion }: Settlement,
): Promise<Payout> {
  const { payout } = await lockForReview(tx, viewer, id);
  const now = clock.now();
  const isFirst = isAboveLimit(policy, payout) && payout.settleProposedById === null;
  const facts = { payout, expectedVersion, settlement: { paid, needsAnother: isFirst } };
  const decision = decidePayout(isFirst ? 'proposeSettlement' : 'settle', facts, payoutActorOf(viewer, payout), now);
  if (payout.settleProposedById === viewer.userId)
    throw new AppError('FORBIDDEN', 'You proposed it: somebody else of FINANCE has to agree.');
  const reason = parseReason('reason', given);
  await stillFinance(tx, viewer);
  const patch = isFirst ? { settleProposedById: viewer.userId } : settledPatch(payout, now);
  const after = await savePayout(tx, payout, decision, patch, reason);
  await recordAct(tx, viewer, actOf(payout, after, reason), now);
  return after;
}

/** As for payouts that wait for approval; whichever is more, what was asked for or what was paid. */
function isAboveLimit({ approvalAbove }: Hand['policy'], { amount, toldAmount, currency }: Payout): boolean {
  const limit = approvalAbove(currency as Currency);
  return amount > limit || (toldAmount ?? 0n) > limit;
}

/** It is watched as every other that was paid: it may come back. */
function settledPatch({ toldFee }: Payout, now: Date) {
  const nextCheckAt = nextCheck('PAID', 0, now, { settledAt: now, isAnswered: false });
  return { providerFee: toldFee ?? 0n, settledAt: now, lastError: null, nextCheckAt, claimedUntil: null };
}

function actOf(before: Payout, after: Payout, reason: string) {
  const { id, userId, amount, currency, toldAmount, toldFee, state } = after;
  return {
    action: 'settlePayout' as const,
    targetId: id,
    before: { state: before.state, proposedById: before.settleProposedById },
    after: { state, userId, amount, currency, toldAmount, toldFee, proposedById: after.settleProposedById },
    reason,
  };
}
