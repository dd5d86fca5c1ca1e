import { isUuid, notFound, type Clock, type Currency, type UserViewer } from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import { recordAct, type AdminAct } from '../audit/index.js';
import { accounts, openAndLock, parseReason, stillFinance } from '../ledger/index.js';
import { decidePayout, payoutActorOf } from './payout.decide.js';
import { lockOwner, ownerFacts } from './payout.owner.js';
import type { Payout } from './payout.js';
import { lockPayout, savePayout } from './payout.repo.js';

interface Hand {
  readonly tx: Tx;
  readonly clock: Clock;
}

/** P2 by a person. Who has come to owe meanwhile is not paid out. */
export async function approvePayout(
  { tx, clock }: Hand,
  viewer: UserViewer,
  id: string,
  expectedVersion: number | null | undefined,
): Promise<Payout> {
  const { payout, isActive } = await lockForReview(tx, viewer, id);
  const now = clock.now();
  const { tenantId, userId, currency } = payout;
  await openAndLock(tx, { tenantId, currency: currency as Currency, recordedAt: now }, [accounts.wallet(userId)]);
  const facts = { payout, owner: await ownerFacts(tx, payout, isActive), expectedVersion };
  const decision = decidePayout('approve', facts, payoutActorOf(viewer, payout), now);
  await stillFinance(tx, viewer);
  const approved = await savePayout(tx, payout, decision, { approvedById: viewer.userId, nextCheckAt: now });
  await recordAct(tx, viewer, actOf('approvePayout', payout, approved), now);
  return approved;
}

/** P2 the other way: amount and fee go back. */
export async function rejectPayout(
  { tx, clock }: Hand,
  viewer: UserViewer,
  id: string,
  reason: string,
  expectedVersion: number | null | undefined,
): Promise<Payout> {
  const { payout } = await lockForReview(tx, viewer, id);
  const now = clock.now();
  const decision = decidePayout('reject', { payout, expectedVersion }, payoutActorOf(viewer, payout), now);
  const lastError = parseReason('reason', reason);
  await stillFinance(tx, viewer);
  const rejected = await savePayout(
    tx,
    payout,
    decision,
    { lastError, settledAt: now, nextCheckAt: null, claimedUntil: null },
    lastError,
  );
  await recordAct(tx, viewer, { ...actOf('rejectPayout', payout, rejected), reason: lastError }, now);
  return rejected;
}

function actOf(action: 'approvePayout' | 'rejectPayout', before: Payout, after: Payout): AdminAct {
  const { id, userId, amount, currency } = after;
  return {
    action,
    targetId: id,
    before: { state: before.state },
    after: { state: after.state, userId, amount, currency },
  };
}

/** The owner first, as a request does, so that the two never wait for each other. */
export async function lockForReview(
  tx: Tx,
  { tenantId }: UserViewer,
  id: string,
): Promise<{ readonly payout: Payout; readonly isActive: boolean }> {
  const seen = isUuid(id) ? await tx.payout.findFirst({ where: { tenantId, id }, select: { userId: true } }) : null;
  if (!seen) throw notFound('payout', id);
  const { isActive } = await lockOwner(tx, { tenantId, userId: seen.userId });
  return { payout: await lockPayout(tx, tenantId, id), isActive };
}
