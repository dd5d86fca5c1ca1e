import type { Person } from './world.js';

/** Money that somebody has paid in through the provider, or has begun to. */
export interface Charge {
  readonly name: string;
  readonly person: Person;
  readonly providerRef: string;
  /** What came in, or is to come. */
  readonly amount: bigint;
  readonly backs: Chargeback[];
  /** Its payer has still to pay at the provider. */
  isPending: boolean;
  isReversed: boolean;
}

export interface Chargeback {
  readonly name: string;
  readonly eventId: string;
  readonly journalId: string;
  readonly amount: bigint;
  /** From the wallet; the rest is owed. Nothing when the house bears it. */
  readonly taken: bigint;
  readonly byHouse: boolean;
  /** By the provider itself, which has it in its book. */
  readonly isTold: boolean;
  isReversed: boolean;
}
