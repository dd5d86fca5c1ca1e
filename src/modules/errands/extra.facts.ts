import type { Refusal } from './refusals.js';

/** Who gets a part of the service money, in minor units; together the part. */
export interface ServiceShare {
  readonly runner: bigint;
  readonly commission: bigint;
  readonly vat: bigint;
}

/** What is known of a handover code before it is given. */
export interface CodeFacts {
  /** Why none could be given now, if so. */
  readonly refusal: Refusal | undefined;
  /** When the one that waits ends; null while none does. */
  readonly expiresAt: Date | null;
}

/** What a transition needs to know of the milestone it is about. */
export interface MilestoneFacts {
  readonly seq: number;
  readonly isReleased: boolean;
  readonly share: ServiceShare;
}

/** Minor units on top of what an escrow holds for each part. */
export interface PartsAdded {
  readonly service: bigint;
  readonly goods: bigint;
}

export interface TipFacts {
  /** Minor units. */
  readonly amount: bigint;
  /** Given before, for the same errand and runner. */
  readonly earlier: bigint;
  /** All tips together are no more than this. */
  readonly most: bigint;
  /** Null while the errand is not completed. */
  readonly completedAt: Date | null;
  /** The runner has closed the account: nobody could take money out of the wallet. */
  readonly isRunnerGone?: boolean;
}

export interface ReceiptFacts {
  /** What the receipts say, in minor units. */
  readonly amount: bigint;
  /** What receipts said before. */
  readonly earlier: bigint;
  /** The goods part of the escrow, with what has gone out of it. */
  readonly most: bigint;
  /** How many the actor has shown with these. */
  readonly count: number;
}
