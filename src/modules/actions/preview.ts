import type { UserViewer } from '../../kernel/index.js';
import {
  actorOf,
  codeFactsOf,
  deadlineOf,
  isFor,
  preview,
  termsOf,
  transitionNames,
  type Actor,
  type Facts,
  type Offer,
  type Refusal,
  type TransitionName,
} from '../errands/index.js';
import { factsOf, milestoneShare, partsOf, settleOf } from '../escrows/index.js';
import { bookedByDecision, disputeFactsOf, isArbiter } from '../disputes/index.js';
import type { Posting } from '../ledger/index.js';
import type { Situation } from './situation.js';

/** One transition as its viewer would fire it. The floors of the accounts have not been looked at yet. */
export interface Previewed {
  readonly name: TransitionName;
  readonly mutation: string;
  readonly refusal: Refusal | undefined;
  readonly deadline: Date | null;
  /** What its call would book; the least of it when `isOpen`. Empty when refused. */
  readonly postings: readonly Posting[];
  /** What is booked depends on what the caller says. */
  readonly isOpen: boolean;
}

export interface PreviewOptions {
  /** Minor units; of an escrow that holds more, two decide a dispute. */
  readonly fourEyesAbove: bigint;
  readonly now: Date;
}

/** Every transition that has a mutation and is for somebody such as the viewer, in the order of the table. Pure. */
export function previewAll(
  situation: Situation,
  viewer: UserViewer,
  { fourEyesAbove, now }: PreviewOptions,
): readonly Previewed[] {
  const actor = actorOf(viewer, situation.held.errand);
  return transitionNames.flatMap((name) => {
    const { mutation, isForArbiters = false, postingsDependOnInput = false } = termsOf(name);
    if (mutation === undefined || !isFor(name, actor) || (isForArbiters && !isArbiter(viewer))) return [];
    const facts = factsFor(name, situation, actor, viewer, now);
    const { refusal, decision } = preview(name, facts, actor, now);
    const { openCase } = situation;
    const decided = decision && openCase ? bookedByDecision(name, openCase, fourEyesAbove, now) : [];
    const isOpen = postingsDependOnInput || decided === null;
    const postings = [...(decision?.postings ?? []), ...(decided ?? [])];
    return [{ name, mutation, refusal, deadline: deadlineOf(name, facts), postings, isOpen }];
  });
}

/** What is known of the errand, and of what the caller would say, as in a call in which nothing is wrong. */
function factsFor(name: TransitionName, situation: Situation, actor: Actor, viewer: UserViewer, now: Date): Facts {
  const { held, openCase, ownOffer, bidder, disputesOpened, codesIssued, evidenceShown } = situation;
  const { byCustomer, byRunner } = disputesOpened;
  const { code, asks } = termsOf(name);
  const offer = offerAbout(name, situation);
  return {
    ...factsOf(held, settleOf(name, held.errand, now)),
    ...(offer && { offer }),
    hasOffer: ownOffer !== undefined,
    ...(openCase && { dispute: disputeFactsOf(openCase, actor, viewer) }),
    ...(bidder && { bidder }),
    codesIssued,
    evidenceShown,
    disputesOpened: actor.kind === 'customer' ? byCustomer : byRunner,
    ...stepFacts(situation),
    ...(code && { code: codeFactsOf(situation.codes.get(code), code, now) }),
    ...asks,
  };
}

/** The offer that a transition would be about: of several, one that it can be about for longest. */
function offerAbout(name: TransitionName, { offer, toCounter, ownOffer }: Situation): Offer | undefined {
  if (name === 'counterOffer') return toCounter;
  return name === 'answerCounter' || name === 'acceptCounter' ? ownOffer : offer;
}

/** The least that can be said: the next milestone, a tip and a receipt of one minor unit. */
function stepFacts({
  held: { money },
  milestone: next,
  receipts,
  completedAt,
  isRunnerGone,
}: Situation): Partial<Facts> {
  if (!money) return {};
  const { escrow, feePlan } = money;
  const { tips, gross, goods, goodsReceipted } = escrow;
  const share = next && milestoneShare(feePlan, partsOf(escrow), next.amount);
  return {
    ...(next && share && { milestone: { seq: next.seq, isReleased: false, share } }),
    tip: { amount: 1n, earlier: tips, most: gross - goods, completedAt, isRunnerGone },
    receipts: { amount: 1n, earlier: goodsReceipted, most: goods, count: receipts + 1 },
  };
}
