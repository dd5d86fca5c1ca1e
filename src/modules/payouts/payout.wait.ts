import type { Tx } from '../../db/index.js';
import { decidePayout, payoutSystem } from './payout.decide.js';
import type { PayoutHand, Prepared } from './payout.hand.js';
import type { Payout } from './payout.js';
import { savePayout } from './payout.repo.js';

/** P2 by the clock: FINANCE is told once, and when nobody decides, everything is back in the wallet. */
export async function waitForFinance(hand: PayoutHand, tx: Tx, payout: Payout): Promise<Prepared> {
  const { notices, createdAt } = payout;
  const { remindAfterMs, giveBackAfterMs } = hand.review;
  const now = hand.clock.now();
  const givenBackAt = new Date(createdAt.getTime() + giveBackAfterMs);
  if (now >= givenBackAt) {
    const decision = decidePayout('expire', { payout, givenBackAt }, payoutSystem, now);
    const over = { lastError: reason, settledAt: now, nextCheckAt: null, claimedUntil: null };
    await savePayout(tx, payout, decision, over, reason);
    return { hasMoved: true, notices };
  }
  const waits = { nextCheckAt: givenBackAt, claimedUntil: null };
  const isReminded = (await tx.payoutEvent.count({ where: { payoutId: payout.id, transition: 'remind' } })) > 0;
  const remindAt = new Date(createdAt.getTime() + remindAfterMs);
  if (isReminded || remindAt >= givenBackAt) return postponed(tx, payout, waits);
  if (now < remindAt) return postponed(tx, payout, { ...waits, nextCheckAt: remindAt });
  await savePayout(tx, payout, decidePayout('remind', { payout }, payoutSystem, now), waits);
  return { hasMoved: true, notices };
}

const reason = 'nobody of FINANCE decided about it in time';

async function postponed(
  tx: Tx,
  { id, notices }: Payout,
  data: { readonly nextCheckAt: Date; readonly claimedUntil: null },
): Promise<Prepared> {
  await tx.payout.update({ where: { id }, data });
  return { hasMoved: false, notices };
}
