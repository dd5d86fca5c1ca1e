import type { Currency } from '../../kernel/index.js';
import type { PayoutAccount as PayoutAccountRow, Tx } from '../../db/index.js';
import type { PaymentProvider, TransferRequest } from '../providers/index.js';
import { bankCodeFor } from './bank.code.js';
import { lockClaimed, type Claim } from './payout.claim.js';
import { decidePayout, payoutSystem } from './payout.decide.js';
import { nextCheck } from './payout.outcome.js';
import type { Payout } from './payout.js';
import { savePayout } from './payout.repo.js';
import { waitForFinance } from './payout.wait.js';
import type { PayoutHand, Prepared } from './payout.hand.js';

/**
 * P3 for what is queued: the provider and the time stand in the row before anything is sent. What another worker left
 * SUBMITTING may have been sent or not: it is UNKNOWN, and the provider is asked.
 */
export async function prepare(hand: PayoutHand, tx: Tx, claim: Claim): Promise<Prepared> {
  const payout = await lockClaimed(tx, claim);
  if (!payout) return { hasMoved: false, notices: 0 };
  if (payout.state === 'REQUESTED') return waitForFinance(hand, tx, payout);
  const provider = providerFor(hand, payout);
  if (!provider) return postpone(hand, tx, payout, `there is no provider ${payout.provider} on this server`);
  if (payout.state === 'QUEUED') return prepareSending(hand, tx, payout, provider, claim);
  const { notices, clientRef } = payout;
  const isLost = payout.state === 'SUBMITTING';
  if (isLost) await lose(hand, tx, payout, claim);
  return { hasMoved: isLost, notices, ask: () => provider.transferOf(clientRef) };
}

/** The one that was given the payout stays responsible for it, whoever is set up by now. */
function providerFor({ providers }: PayoutHand, { provider }: Payout): PaymentProvider | undefined {
  return provider === null ? providers[0] : providers.find(({ name }) => name === provider);
}

async function prepareSending(
  hand: PayoutHand,
  tx: Tx,
  payout: Payout,
  provider: PaymentProvider,
  claim: Claim,
): Promise<Prepared> {
  const { cipher, clock } = hand;
  if (!cipher) return postpone(hand, tx, payout, 'there is no key for account numbers on this server');
  if (!(await isOwnerActive(tx, payout))) return postpone(hand, tx, payout, 'its owner is suspended');
  const now = clock.now();
  const account = await tx.payoutAccount.findUniqueOrThrow({ where: { id: payout.payoutAccountId } });
  const bankCode = await bankCodeFor(tx, provider.name, account.bankId);
  if (bankCode === undefined) return failUnsent(tx, payout, `its bank cannot be paid through ${provider.name}`, now);
  if (!cipher.knows(account.keyId))
    return postpone(hand, tx, payout, `its account is encrypted with the key ${account.keyId}, which is not set`);
  const place = { tenantId: account.tenantId, userId: account.userId, accountId: account.id };
  const accountNumber = cipher.open({ keyId: account.keyId, sealed: account.numberSealed }, place);
  const request = requestOf(payout, account, bankCode, accountNumber);
  const handedOver = { provider: provider.name, attempt: payout.attempt + 1, submittedAt: now };
  const decision = decidePayout('submit', { payout }, payoutSystem, now);
  // Due when the lease is over: by then somebody has saved an answer, or nobody will.
  await savePayout(tx, payout, decision, { ...handedOver, nextCheckAt: claim.until });
  return { hasMoved: true, notices: payout.notices, ask: () => provider.sendTransfer(request) };
}

/** What was let go before its owner was suspended stays in transit until they are reinstated. */
async function isOwnerActive(tx: Tx, { userId }: Payout): Promise<boolean> {
  const owner = await tx.user.findUniqueOrThrow({ where: { id: userId }, select: { status: true } });
  return owner.status === 'ACTIVE';
}

function requestOf(
  { id, amount, currency, clientRef }: Payout,
  { accountName }: PayoutAccountRow,
  bankCode: string,
  accountNumber: string,
): TransferRequest {
  const money = { minor: amount, currency: currency as Currency };
  const narration = `RunAm payout ${id.slice(-12)}`;
  return { accountNumber, bankCode, currency, clientRef, amount: money, accountName, narration };
}

/** Nobody was ever asked to pay it, or had said for good that they never heard of it: it can be given back. */
async function failUnsent(tx: Tx, payout: Payout, reason: string, now: Date): Promise<Prepared> {
  const decision = decidePayout('fail', { payout, report: { kind: 'FAILED', reason } }, payoutSystem, now);
  const over = { lastError: reason, settledAt: now, nextCheckAt: null, claimedUntil: null };
  await savePayout(tx, payout, decision, over, reason);
  return { hasMoved: true, notices: payout.notices };
}

async function lose({ clock }: PayoutHand, tx: Tx, payout: Payout, claim: Claim): Promise<void> {
  const reason = 'whoever was sending it ended before the answer was saved';
  const decision = decidePayout('lose', { payout }, payoutSystem, clock.now());
  await savePayout(tx, payout, decision, { lastError: reason, nextCheckAt: claim.until }, reason);
}

/** Operators see it in the log and in the register; the money stays in transit. */
async function postpone({ clock, logger }: PayoutHand, tx: Tx, payout: Payout, reason: string): Promise<Prepared> {
  const { id, state, checks, settledAt, notices, doubtedAt } = payout;
  logger.error({ payoutId: id, state }, `a payout waits: ${reason}`);
  const nextCheckAt = nextCheck(state, checks + 1, clock.now(), {
    settledAt,
    isAnswered: false,
    isDoubted: doubtedAt !== null,
  });
  const waiting = { lastError: reason, checks: checks + 1, nextCheckAt, claimedUntil: null };
  await tx.payout.update({ where: { id }, data: waiting });
  return { hasMoved: false, notices };
}
