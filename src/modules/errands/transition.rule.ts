import type { Posting } from '../ledger/index.js';
import type { BidderFacts } from './bidder.js';
import type { DisputeFacts } from './dispute.facts.js';
import type { Errand, ErrandState, HandoverPhase, Offer } from './errand.js';
import type { CodeFacts, MilestoneFacts, PartsAdded, ReceiptFacts, TipFacts } from './extra.facts.js';
import type { Refusal } from './refusals.js';
import type { MoneyFacts } from './settlement.js';

/** Who may fire a transition. `system` is a timer. A customer of the errand is never its runner. */
export const actorKinds = ['customer', 'runner', 'assignedRunner', 'staff', 'stranger', 'system'] as const;
export type ActorKind = (typeof actorKinds)[number];

/** What is known when a transition is decided: everything a guard or a posting may look at. */
export interface Facts {
  readonly errand: Errand;
  readonly offer?: Pick<Offer, 'state' | 'expiresAt' | 'round'> & Partial<Pick<Offer, 'amount'>>;
  /** What the actor names, minor units. */
  readonly price?: bigint;
  /** The actor has a live offer on the errand. Looked up where it is asked for beforehand; a unique index knows it anyway. */
  readonly hasOffer?: boolean;
  /** How the actor stands with the market and the customer. */
  readonly bidder?: BidderFacts;
  /** The runner whose offer was accepted is suspended by now. Default false. */
  readonly isRunnerSuspended?: boolean;
  readonly proofsCount?: number;
  readonly money?: MoneyFacts;
  readonly dispute?: DisputeFacts;
  readonly milestone?: MilestoneFacts;
  readonly topUp?: PartsAdded;
  readonly tip?: TipFacts;
  readonly receipts?: ReceiptFacts;
  /** What a handover code is asked for, or given at. */
  readonly handover?: HandoverPhase;
  /** When handover codes were issued for it in the last hour, in any order. */
  readonly codesIssued?: readonly Date[];
  /** A code was given; whether it is the right one is looked at when nothing else refuses. */
  readonly hasCode?: boolean;
  /** The code that would have to be given. As with `hasOffer`: `useCode` knows it anyway. */
  readonly code?: CodeFacts;
  /** How many disputes the actor has opened about this escrow. */
  readonly disputesOpened?: number;
  /** How many pieces of evidence the actor has shown in this dispute. As with `hasOffer`. */
  readonly evidenceShown?: number;
  /** The version the caller decided on. */
  readonly expectedVersion?: number | null | undefined;
}

export interface TransitionRule {
  readonly from: readonly ErrandState[];
  /** `asBeforeDispute`: the state the dispute was opened from. */
  readonly to: ErrandState | 'same' | 'asBeforeDispute';
  readonly actor: ActorKind | readonly ActorKind[];
  readonly guard: (facts: Facts, now: Date) => Refusal | undefined;
  /** The money that moves with it, in the same database transaction. */
  readonly postings: (facts: Facts) => readonly Posting[];
  readonly description: string;
}
