import type { Posting } from '../ledger/index.js';
import type { TransferReport } from '../providers/index.js';
import type { Refusal } from '../errands/index.js';
import type { Payout, PayoutState } from './payout.js';

/** Who may fire a transition of a payout. `system` is the rule of small amounts, and the worker. An owner is never `finance`. */
export const payoutActorKinds = ['owner', 'finance', 'stranger', 'system'] as const;
export type PayoutActorKind = (typeof payoutActorKinds)[number];

/** What a payout is about; the state is null before there is one. */
export type PayoutTerms = Pick<
  Payout,
  'id' | 'tenantId' | 'userId' | 'currency' | 'amount' | 'fee' | 'version' | 'provider'
> & {
  readonly state: PayoutState | null;
} & Partial<Pick<Payout, 'doubtedAt' | 'toldAmount' | 'toldCurrency' | 'toldFee'>>;

/** What is known when a transition is decided: everything a guard or a posting may look at. */
export interface PayoutFacts {
  readonly payout: PayoutTerms;
  /** How its owner stands. */
  readonly owner?: { readonly isActive: boolean; readonly owesMinor: bigint };
  readonly account?: { readonly isActive: boolean; readonly coolOffUntil: Date };
  readonly limits?: PayoutLimits;
  /** What of its owner's wallet can be paid out. */
  readonly wallet?: WalletFacts;
  /** The rule of small amounts lets it through. */
  readonly isLowRisk?: boolean;
  /** What the provider says. */
  readonly report?: TransferReport;
  /** From then on nobody of FINANCE is waited for any more. */
  readonly givenBackAt?: Date;
  /** How somebody of FINANCE wants to settle what is in doubt. */
  readonly settlement?: SettlementFacts;
  /** From then on "not found" is final. */
  readonly notFoundFinalAt?: Date;
  /** The version the caller decided on. */
  readonly expectedVersion?: number | null | undefined;
}

export interface PayoutLimits {
  /** Minor units; undefined: no limit. */
  readonly payoutMax: bigint | undefined;
  readonly dayMax: bigint | undefined;
  /** What the user asked for in the 24 hours before, without what was rejected or failed. */
  readonly askedInDay: bigint;
}

/** Minor units. */
export interface WalletFacts {
  readonly balance: bigint;
  /** What came in by charges lately, soonest free first. */
  readonly holds: readonly WalletHold[];
}

/** Money that stays until then: it can be spent, and not be paid out. */
export interface WalletHold {
  /** Minor units, above 0. */
  readonly minor: bigint;
  readonly until: Date;
}

export interface SettlementFacts {
  /** Minor units that are to be booked as paid. */
  readonly paid: { readonly minor: bigint; readonly currency: string };
  /** It takes two of FINANCE, and this one would be the first. */
  readonly needsAnother: boolean;
}

export interface PayoutTransitionRule {
  /** `null`: there is no payout yet. */
  readonly from: readonly (PayoutState | null)[];
  readonly to: PayoutState;
  readonly actor: PayoutActorKind | readonly PayoutActorKind[];
  readonly guard: (facts: PayoutFacts, now: Date) => Refusal | undefined;
  /** The money that moves with it, in the same database transaction. */
  readonly postings: (facts: PayoutFacts) => readonly Posting[];
  readonly description: string;
}
