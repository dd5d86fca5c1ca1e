/** Who gets a part of the service money, in minor units; together the part. */
export interface ServiceShare {
  readonly runner: bigint;
  readonly commission: bigint;
  readonly vat: bigint;
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
}

export interface ReceiptFacts {
  /** What the receipts say, in minor units. */
  readonly amount: bigint;
  /** What receipts said before. */
  readonly earlier: bigint;
  /** The goods part of the escrow, with what has gone out of it. */
  readonly most: bigint;
  /** How many there are with these. */
  readonly count: number;
}
