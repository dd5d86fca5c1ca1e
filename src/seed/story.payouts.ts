import { uuidOf, type UserViewer } from '../kernel/index.js';
import { newAuditRow } from '../modules/audit/index.js';
import {
  complaintOf,
  decidePayout,
  nameMatchScore,
  newPayoutRow,
  nextCheck,
  payoutActorOf,
  payoutJournal,
  payoutSystem,
  reportedPatch,
  transitionsFor,
  type AccountCipher,
  type Payout,
  type PayoutDecision,
} from '../modules/payouts/index.js';
import type { TransferReport } from '../modules/providers/index.js';
import { known, type Stage } from './stage.js';

/** What payouts need that the stories cannot make up. */
export interface PayoutMeans {
  /** Encrypts the account numbers. */
  readonly cipher: AccountCipher;
  /** Of the bank directory, by currency. */
  readonly bankIds: ReadonlyMap<string, readonly string[]>;
  /** The sandbox provider knows what the stories tell of it, so that some may be under way. */
  readonly hasBook: boolean;
}

export interface PayoutStories {
  /** Undefined: nothing is paid out. */
  readonly means: PayoutMeans | undefined;
  addPayoutAccount(user: UserViewer, accountNumber: string, at: Date): void;
  hasPayoutAccount(user: UserViewer): boolean;
  /** @returns its id; undefined, and nothing happens, when the wallet does not hold the amount and the fee */
  requestPayout(user: UserViewer, amount: bigint, at: Date): string | undefined;
  /** @param by undefined: the rule of small amounts */
  approvePayout(id: string, by: UserViewer | undefined, at: Date): void;
  rejectPayout(id: string, by: UserViewer, reason: string, at: Date): void;
  submitPayout(id: string, at: Date): void;
  /** What the provider says of it. */
  hearOfPayout(id: string, said: 'PENDING' | 'NEEDS_OTP' | 'UNKNOWN' | 'PAID' | 'FAILED' | 'REVERSED', at: Date): void;
  /** Says when a worker looks at each of them next, seen from the present. */
  restPayouts(at: Date): void;
}

const dayMs = 24 * 60 * 60 * 1000;
/** What the sandbox takes of a transfer. */
const transferFee = 1_000n;
/** Looks without news at what is still under way. */
const looks = 12;

export function createPayoutStories(stage: Stage, means: PayoutMeans | undefined): PayoutStories {
  const { cast, books, rows } = stage;
  const { payouts, payoutAccounts } = rows;
  const { currency } = cast;
  const payoutOf = (id: string): Payout => known(payouts.get(id), `payout ${id}`);
  const accountOf = ({ userId }: UserViewer) => payoutAccounts.find((account) => account.userId === userId);
  const asked = new Map<string, number>();
  const inBook = new Set<string>();
  const eventCounts = new Map<string, number>();

  function keep(payout: Payout, decision: PayoutDecision, patch: Partial<Payout>, reason?: string): Payout {
    const { transition, from, to, actor, postings, at } = decision;
    const version = from === null ? payout.version : payout.version + 1;
    const after: Payout = { ...payout, ...patch, state: to, checks: 0, version, updatedAt: at };
    payouts.set(payout.id, after);
    const seq = (eventCounts.get(payout.id) ?? 0) + 1;
    eventCounts.set(payout.id, seq);
    const who = { actorId: actor.userId, actorRole: actor.kind };
    const { id: payoutId, tenantId } = payout;
    rows.payoutEvents.push({ payoutId, seq, tenantId, transition, from, to, ...who, reason: reason ?? null, at });
    if (postings.length > 0) books.post(payoutJournal(payout, decision));
    return after;
  }

  function review(
    action: 'approvePayout' | 'rejectPayout',
    before: Payout,
    by: UserViewer,
    reason: string | undefined,
    at: Date,
  ): void {
    const { id, userId, amount, state } = payoutOf(before.id);
    const after = { state, userId, amount, currency };
    const act = {
      action,
      targetId: id,
      before: { state: before.state },
      after,
      ...(reason !== undefined && { reason }),
    };
    rows.auditEntries.push(newAuditRow(uuidOf(`demo:audit:${action}:${id}`), by, act, at));
  }

  function reportOf({ amount, clientRef }: Payout, said: Parameters<PayoutStories['hearOfPayout']>[1]): TransferReport {
    const providerRef = clientRef;
    const paid = { amount: { minor: amount, currency }, fee: { minor: transferFee, currency } };
    if (said === 'PAID') return { kind: said, ...paid, providerRef };
    if (said === 'REVERSED') return { kind: said, ...paid, reason: 'the bank sent the money back' };
    if (said === 'FAILED') return { kind: said, reason: 'the bank refused the account' };
    return said === 'UNKNOWN' ? { kind: said, reason: 'no answer within 10 seconds' } : { kind: said, providerRef };
  }

  /** The provider had it as soon as it was sent, whatever was heard of it. */
  function writeInBook({ clientRef: reference, amount }: Payout, said: TransferReport['kind'], at: Date): void {
    const line = (kind: string) => ({ id: uuidOf(`${reference}:${kind}`), at: at.toISOString(), reference });
    const sent = { minor: String(amount), currency, needsOtp: said === 'NEEDS_OTP', steps: [] };
    if (!inBook.has(reference)) rows.bookLines.push({ ...line('created'), type: 'transfer.created', ...sent });
    inBook.add(reference);
    if (said === 'PAID' || said === 'UNKNOWN')
      rows.bookLines.push({ ...line('paid'), type: 'transfer.paid', fee: String(transferFee) });
    if (said === 'FAILED') rows.bookLines.push({ ...line('failed'), type: 'transfer.failed', reason: 'refused' });
    if (said === 'REVERSED') rows.bookLines.push({ ...line('back'), type: 'transfer.reversed', reason: 'sent back' });
  }

  return {
    means,
    hasPayoutAccount: (user) => accountOf(user) !== undefined,
    addPayoutAccount(user, accountNumber, at) {
      const banks = means?.bankIds.get(currency) ?? [];
      const bankId = banks[payoutAccounts.length % banks.length];
      if (!means || bankId === undefined) return;
      const { tenantId, userId } = user;
      const id = uuidOf(`demo:payout-account:${userId}`);
      const { keyId, sealed } = means.cipher.seal(accountNumber, { tenantId, userId, accountId: id });
      const displayName = known(
        cast.rows.profiles.find((profile) => profile.userId === userId),
        `profile of ${userId}`,
      ).displayName;
      const accountName = displayName.toUpperCase();
      payoutAccounts.push({
        id,
        tenantId,
        userId,
        bankId,
        currency,
        numberSealed: sealed,
        keyId,
        numberHash: means.cipher.hashesOf(bankId, accountNumber)[0],
        last4: accountNumber.slice(-4),
        accountName,
        nameMatchScore: nameMatchScore(accountName, displayName),
        resolvedAt: at,
        status: 'ACTIVE',
        coolOffUntil: at,
        version: 1,
        createdAt: at,
        updatedAt: at,
      });
    },
    requestPayout(user, amount, at) {
      const account = accountOf(user);
      const fee = cast.feePlan.payoutFee;
      if (!account || amount <= 0n || books.walletOf(user.userId) < amount + fee) return undefined;
      const ownCount = (asked.get(user.userId) ?? 0) + 1;
      asked.set(user.userId, ownCount);
      const id = uuidOf(`demo:payout:${user.userId}:${ownCount}`);
      const clientRef = `po-${uuidOf(`${cast.loadedAs}:${id}`)}`;
      const payout = { ...newPayoutRow(id, account, { amount, fee }, at), clientRef };
      const terms = { ...payout, state: null };
      const facts = {
        payout: terms,
        owner: { isActive: true, owesMinor: 0n },
        account: { isActive: true, coolOffUntil: new Date(account.coolOffUntil) },
      };
      keep(payout, decidePayout('request', facts, payoutActorOf(user, terms), at), {});
      return id;
    },
    approvePayout(id, by, at) {
      const payout = payoutOf(id);
      const facts = { payout, owner: { isActive: true, owesMinor: 0n } };
      const decision = decidePayout('approve', facts, by ? payoutActorOf(by, payout) : payoutSystem, at);
      keep(payout, decision, { approvedById: by?.userId ?? null, nextCheckAt: at });
      if (by) review('approvePayout', payout, by, undefined, at);
    },
    rejectPayout(id, by, reason, at) {
      const payout = payoutOf(id);
      const decision = decidePayout('reject', { payout }, payoutActorOf(by, payout), at);
      keep(payout, decision, { lastError: reason, settledAt: at, nextCheckAt: null }, reason);
      review('rejectPayout', payout, by, reason, at);
    },
    submitPayout(id, at) {
      const payout = payoutOf(id);
      const sent = { provider: 'sandbox', attempt: payout.attempt + 1, submittedAt: at, nextCheckAt: at };
      keep(payout, decidePayout('submit', { payout }, payoutSystem, at), sent);
    },
    hearOfPayout(id, said, at) {
      const report = reportOf(payoutOf(id), said);
      writeInBook(payoutOf(id), report.kind, at);
      const reason = complaintOf(payoutOf(id).state, report);
      for (const name of transitionsFor(payoutOf(id), report, false)) {
        const payout = payoutOf(id);
        const decision = decidePayout(name, { payout, report }, payoutSystem, at);
        const after = keep(payout, decision, reportedPatch(decision, report, at), reason);
        payouts.set(id, {
          ...after,
          nextCheckAt: nextCheck(after.state, 0, at, { settledAt: after.settledAt, isAnswered: true }),
        });
      }
    },
    restPayouts(at) {
      for (const payout of payouts.values()) {
        const { id, state, settledAt, nextCheckAt } = payout;
        if (nextCheckAt === null || state === 'REQUESTED') continue;
        const next = nextCheck(state, looks, at, { settledAt, isAnswered: true });
        if (state !== 'PAID') payouts.set(id, { ...payout, checks: looks, nextCheckAt: next });
        else
          payouts.set(id, { ...payout, nextCheckAt: means?.hasBook && next ? daysAfter(settledAt ?? at, at) : null });
      }
    },
  };
}

/** The first moment behind `at` that is whole days after `from`. */
function daysAfter(from: Date, at: Date): Date {
  const days = Math.floor((at.getTime() - from.getTime()) / dayMs) + 1;
  return new Date(from.getTime() + days * dayMs);
}
