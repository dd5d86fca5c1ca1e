import { badInput, isUuid, notFound, uuidv7, type Clock, type Currency, type UserViewer } from '../../kernel/index.js';
import type { PayoutAccount as PayoutAccountRow, Tx } from '../../db/index.js';
import { amountFault, currencyOf, refuse } from '../errands/index.js';
import { accounts, balanceOfTotals, emptyTotals, openAndLock } from '../ledger/index.js';
import type { AccountCipher } from './account.cipher.js';
import { decidePayout, payoutActorOf, payoutSystem } from './payout.decide.js';
import { lockOwner, ownerFacts } from './payout.owner.js';
import type { Payout } from './payout.js';
import { recordPayout, savePayout } from './payout.repo.js';
import type { PayoutFacts, PayoutTerms } from './payout.rule.js';
import { firstLook, reviewTimesStandard, type ReviewTimes } from './review.times.js';
import { walletHolds } from './wallet.holds.js';

export interface NewPayout {
  readonly payoutAccountId: string;
  /** Minor units, above 0; the fee comes on top. */
  readonly amountMinor: bigint;
  /** The tenant's. */
  readonly currency: string;
}

/** What is let go without anybody looking, and what is not let go at all; minor units, undefined: no limit. */
export interface PayoutPolicy {
  /** More than this in one payout waits for FINANCE. */
  approvalAbove(currency: Currency): bigint;
  payoutMax(currency: Currency): bigint | undefined;
  /** Of one user in 24 hours. */
  dayMax(currency: Currency): bigint | undefined;
  /** Below this score of the name, in percent, a payout waits for FINANCE. */
  readonly nameMatchMin: number;
  /** How long money of charges stays in the wallet before it can be paid out; in milliseconds. Default 0. */
  readonly clearingMs?: number;
  /** Default as `reviewTimesStandard`. */
  readonly review?: ReviewTimes;
}

export interface RequestHand {
  readonly tx: Tx;
  readonly clock: Clock;
  readonly policy: PayoutPolicy;
  /** Undefined without a key: then everything waits for FINANCE. */
  readonly cipher: AccountCipher | undefined;
}

const dayMs = 24 * 60 * 60 * 1000;

/** P1, and P2 when the rule of small amounts lets it go: under the owner's lock, so that limits hold for calls at once. */
export async function requestPayout(
  { tx, clock, policy, cipher }: RequestHand,
  user: UserViewer,
  input: NewPayout,
): Promise<Payout> {
  const { isActive } = await lockOwner(tx, user);
  const currency = await currencyOf(tx, user.tenantId);
  const fault = amountFault('input.amount', { minor: input.amountMinor, currency: input.currency }, currency, 1n);
  refuse(fault ? [fault] : []);
  const account = await accountOf(tx, user, input.payoutAccountId);
  const now = clock.now();
  const review = policy.review ?? reviewTimesStandard;
  const row = await newRow(tx, user, account, input.amountMinor, { now, review });
  // The wallet is held from here on, so that what is owed is known before it is spent.
  const moved = [accounts.payoutTransit(row.id), accounts.wallet(user.userId)] as const;
  const totals = await openAndLock(tx, { tenantId: user.tenantId, currency, recordedAt: now }, moved);
  const terms: PayoutTerms = { ...row, state: null };
  const facts: PayoutFacts = {
    payout: terms,
    owner: await ownerFacts(tx, row, isActive),
    account: { isActive: account.status === 'ACTIVE', coolOffUntil: account.coolOffUntil },
    wallet: {
      balance: balanceOfTotals(moved[1], totals.get(moved[1].code) ?? emptyTotals),
      holds: await walletHolds(tx, user, currency, policy.clearingMs ?? 0, now),
    },
    limits: {
      payoutMax: policy.payoutMax(currency),
      dayMax: policy.dayMax(currency),
      askedInDay: await askedInDay(tx, user, now),
    },
  };
  const decision = decidePayout('request', facts, payoutActorOf(user, terms), now);
  const payout = await tx.payout.create({ data: row });
  await recordPayout(tx, payout, decision);
  if (!(await isLowRisk({ tx, policy, cipher }, payout, account))) return payout;
  const approval = decidePayout('approve', { ...facts, payout }, payoutSystem, now);
  return savePayout(tx, payout, approval, { nextCheckAt: now });
}

async function accountOf(tx: Tx, { tenantId, userId }: UserViewer, id: string): Promise<PayoutAccountRow> {
  const account = isUuid(id) ? await tx.payoutAccount.findFirst({ where: { tenantId, userId, id } }) : null;
  if (!account) throw notFound('payout account', id);
  return account;
}

async function newRow(
  tx: Tx,
  { tenantId }: UserViewer,
  account: PayoutAccountRow,
  amount: bigint,
  { now, review }: { readonly now: Date; readonly review: ReviewTimes },
): Promise<Payout> {
  const id = uuidv7(now.getTime());
  const orderBy = [{ createdAt: 'desc' as const }, { version: 'desc' as const }, { id: 'desc' as const }];
  const plan = await tx.feePlan.findFirst({ where: { tenantId }, orderBy, select: { payoutFee: true } });
  if (!plan) throw badInput('input', 'this market has no fee plan, so nothing is paid out.');
  return newPayoutRow(id, account, { amount, fee: plan.payoutFee }, now, review);
}

/** A payout as it is first written down; it waits for FINANCE. */
export function newPayoutRow(
  id: string,
  account: Pick<PayoutAccountRow, 'id' | 'tenantId' | 'userId' | 'currency'>,
  { amount, fee }: Pick<Payout, 'amount' | 'fee'>,
  now: Date,
  review: ReviewTimes = reviewTimesStandard,
): Payout {
  const { tenantId, userId } = account;
  return {
    id,
    tenantId,
    userId,
    payoutAccountId: account.id,
    currency: account.currency,
    amount,
    fee,
    state: 'REQUESTED',
    provider: null,
    clientRef: `po-${id}`,
    providerRef: null,
    providerFee: null,
    attempt: 0,
    lastError: null,
    approvedById: null,
    submittedAt: null,
    settledAt: null,
    nextCheckAt: firstLook(review, now),
    checks: 0,
    claimedUntil: null,
    claim: 0,
    notices: 0,
    doubtedAt: null,
    toldAmount: null,
    toldCurrency: null,
    toldFee: null,
    settleProposedById: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}

async function askedInDay(tx: Tx, { tenantId, userId }: UserViewer, now: Date): Promise<bigint> {
  const createdAt = { gt: new Date(now.getTime() - dayMs) };
  const where = { tenantId, userId, createdAt, state: { notIn: ['REJECTED' as const, 'FAILED' as const] } };
  const { _sum } = await tx.payout.aggregate({ where, _sum: { amount: true } });
  return _sum.amount ?? 0n;
}

/** Small, to somebody of the user's own name, and to an account that nobody else of the market is paid to. */
async function isLowRisk(
  { tx, policy, cipher }: Omit<RequestHand, 'clock'>,
  payout: Payout,
  account: PayoutAccountRow,
): Promise<boolean> {
  if (payout.amount > policy.approvalAbove(payout.currency as Currency)) return false;
  if (account.nameMatchScore < policy.nameMatchMin) return false;
  if (!cipher?.knows(account.keyId)) return false;
  const { tenantId, userId, bankId, keyId, numberSealed } = account;
  const number = cipher.open({ keyId, sealed: numberSealed }, { tenantId, userId, accountId: account.id });
  // Others may have added it under a key of before, or this one was.
  const hashes = [...cipher.hashesOf(bankId, number)];
  const others = { tenantId, numberHash: { in: hashes }, userId: { not: userId } };
  return (await tx.payoutAccount.count({ where: others })) === 0;
}
