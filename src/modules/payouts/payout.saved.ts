import { AppError, invariant, storable } from '../../kernel/index.js';
import type { Prisma, Tx } from '../../db/index.js';
import type { TransferReport } from '../providers/index.js';
import { lockClaimed, type Claim } from './payout.claim.js';
import { decidePayout, payoutSystem, type PayoutDecision } from './payout.decide.js';
import { hasOtherAmount, isFeeSound } from './payout.guards.js';
import { complaintOf, nextCheck, transitionsFor } from './payout.outcome.js';
import type { Payout } from './payout.js';
import { savePayout } from './payout.repo.js';
import type { PayoutFacts, PayoutTerms } from './payout.rule.js';
import type { PayoutTransitionName } from './payout.transitions.js';
import type { PayoutHand } from './payout.hand.js';

/**
 * P4 to P10: what the provider said moves state and money in one transaction, or nothing when it is no news. A worker that
 * was overtaken saves nothing: whoever has the payout now asks for itself.
 * @param notices hints of the provider that had come before it was asked: a later one has it asked again at once
 * @returns whether the payout moved
 */
export async function saveReport(
  hand: PayoutHand,
  tx: Tx,
  claim: Claim,
  report: TransferReport,
  notices: number,
): Promise<boolean> {
  const payout = await lockClaimed(tx, claim);
  if (!payout) return false;
  const now = hand.clock.now();
  const after = await takeReport(hand, tx, payout, readable(report), now);
  const hasMoved = after.version !== payout.version;
  const checks = hasMoved ? 0 : payout.checks + 1;
  const wasHinted = payout.notices !== notices;
  const isAnswered = report.kind !== 'UNKNOWN';
  const { state, settledAt } = after;
  const isDoubted = after.doubtedAt !== null;
  const facts = { settledAt, isAnswered, isDoubted };
  const next = state === 'QUEUED' || wasHinted ? now : nextCheck(state, checks, now, facts);
  const isOver = nextCheck(state, checks, now, { ...facts, settledAt: null }) === null;
  await tx.payout.update({
    where: { id: after.id },
    data: { checks, claimedUntil: null, nextCheckAt: isOver ? null : next },
  });
  return hasMoved;
}

const reasonLengthMax = 500;
const providerRefLengthMax = 200;

/** Whatever the provider writes can be kept: what cannot be saved would be asked for again for ever. */
function readable(report: TransferReport): TransferReport {
  if ('reason' in report)
    return { ...report, reason: storable(report.reason, reasonLengthMax) || 'no reason was given' };
  if (!('providerRef' in report) || report.providerRef === undefined) return report;
  return { ...report, providerRef: storable(report.providerRef, providerRefLengthMax) };
}

async function takeReport(
  hand: PayoutHand,
  tx: Tx,
  payout: Payout,
  report: TransferReport,
  now: Date,
): Promise<Payout> {
  const complaint = complaintOf(payout.state, report);
  const facts = { report, notFoundFinalAt: notFoundFinalAt(hand, payout) };
  const names = transitionsFor(payout, report, facts.notFoundFinalAt <= now);
  if (names.length === 0 && complaint !== undefined && complaint !== payout.lastError)
    return tx.payout.update({ where: { id: payout.id }, data: { lastError: complaint } });
  let after = payout;
  for (const name of names) {
    const decided = decideOrDoubt(hand, name, { ...facts, payout: after }, now);
    if (!decided) return after;
    const { decision, doubt } = decided;
    if (doubt) return savePayout(tx, after, decision, doubtPatch(after, report, doubt, now), doubt);
    after = await savePayout(tx, after, decision, reportedPatch(decision, report, now), complaint);
  }
  return after;
}

interface Decided {
  readonly decision: PayoutDecision;
  /** Why nothing moves: the report does not fit. */
  readonly doubt?: string;
}

/**
 * A report that fits no payout of ours, such as of another amount, moves no money: the payout is UNKNOWN then, and a person
 * has to look. Told again it is no news.
 */
function decideOrDoubt(
  { logger }: PayoutHand,
  name: PayoutTransitionName,
  facts: PayoutFacts,
  now: Date,
): Decided | undefined {
  const { payout } = facts;
  const decisionOf = (transition: PayoutTransitionName) => decidePayout(transition, facts, payoutSystem, now);
  try {
    return { decision: decisionOf(name) };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ILLEGAL_TRANSITION') throw error;
    const { id, state } = payout;
    logger.error({ err: error, payoutId: id, state }, 'a provider says of a payout what cannot be');
    if (state !== 'PAID' && hasOtherAmount(facts))
      return wasTold(payout, facts.report) ? undefined : { decision: decisionOf('doubt'), doubt: error.message };
    return state === 'SUBMITTING' ? { decision: decisionOf('lose') } : undefined;
  }
}

type Told = Extract<TransferReport, { readonly kind: 'PAID' | 'REVERSED' }>;

function isTold(report: TransferReport | undefined): report is Told {
  return report?.kind === 'PAID' || report?.kind === 'REVERSED';
}

function wasTold(
  { doubtedAt, toldAmount, toldCurrency, toldFee }: PayoutTerms,
  report: TransferReport | undefined,
): boolean {
  if (!isTold(report) || !doubtedAt) return false;
  const { amount } = report;
  return toldAmount === amount.minor && toldCurrency === amount.currency && toldFee === feeTold(report);
}

/** Null: it makes no sense, and whoever settles it books none. */
function feeTold(report: Told): bigint | null {
  return isFeeSound(report) ? report.fee.minor : null;
}

/** What somebody had proposed was about what was told before. */
function doubtPatch(
  { doubtedAt }: Payout,
  report: TransferReport,
  doubt: string,
  now: Date,
): Prisma.PayoutUncheckedUpdateInput {
  invariant(isTold(report), 'a doubt is about what a provider has told');
  const { minor: toldAmount, currency: toldCurrency } = report.amount;
  const named = 'providerRef' in report ? { providerRef: report.providerRef } : {};
  const told = { toldAmount, toldCurrency, toldFee: feeTold(report) };
  return { ...named, ...told, doubtedAt: doubtedAt ?? now, settleProposedById: null, lastError: doubt };
}

/** "Not found" counts from when the last call could have begun. */
function notFoundFinalAt({ providers, leaseMs }: PayoutHand, { provider, submittedAt }: Payout): Date {
  const horizonMs = providers.find(({ name }) => name === provider)?.notFoundHorizonMs ?? Number.POSITIVE_INFINITY;
  return new Date((submittedAt?.getTime() ?? Number.POSITIVE_INFINITY) + leaseMs + horizonMs);
}

/** What a provider's report writes into the payout beside its state. */
export function reportedPatch(
  { transition, to }: Pick<PayoutDecision, 'transition' | 'to'>,
  report: TransferReport,
  now: Date,
): Partial<Payout> {
  const reason = 'reason' in report ? { lastError: report.reason } : {};
  const providerRef = 'providerRef' in report && report.providerRef !== undefined ? report.providerRef : undefined;
  const named = providerRef === undefined ? {} : { providerRef };
  if (transition === 'pay') {
    const providerFee = 'fee' in report ? report.fee.minor : 0n;
    return { ...named, providerFee, settledAt: now, lastError: null };
  }
  if (transition === 'fail') return { ...reason, settledAt: now, nextCheckAt: null };
  if (transition === 'reverse') return { ...reason, nextCheckAt: null };
  return to === 'UNKNOWN' ? { lastError: complaintOf('SUBMITTING', report) ?? null } : { ...named, ...reason };
}
