import type { Refusal } from '../errands/index.js';
import type { AccountLabel } from './account.label.js';

/** Something that a person could do now, or could if the reasons did not stand against it. */
export interface Action<Name extends string = string> {
  readonly name: Name;
  /** The mutation that does it. */
  readonly mutation: string;
  /** The mutation would succeed now, called with input in which nothing is wrong. */
  readonly enabled: boolean;
  /** What the mutation would be refused with; empty when enabled. */
  readonly reasons: readonly Refusal[];
  /** When the right runs out, if nothing else happens. Null: it lasts, or is not given in this state. */
  readonly deadline: Date | null;
  /** What would be booked, line by line. Null: not enabled, or what the caller says decides it. */
  readonly postings: readonly ActionPosting[] | null;
}

/** A debit of one account and a credit of another: money goes from the first to the second. */
export interface ActionPosting {
  readonly from: AccountLabel;
  readonly to: AccountLabel;
  /** Minor units, above 0. */
  readonly amount: bigint;
  readonly currency: string;
}
