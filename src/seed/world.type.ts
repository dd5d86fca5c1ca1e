import type { UserViewer } from '../kernel/index.js';
import type { Errand, NewErrand } from '../modules/errands/index.js';
import type { Escrow } from '../modules/escrows/index.js';
import type { Books } from './books.js';
import type { Cast } from './cast.js';
import type { Rows } from './rows.js';
import type { DisputeStories } from './story.disputes.js';
import type { MoneyStories } from './story.money.js';
import type { PayoutStories } from './story.payouts.js';
import type { ReviewStories } from './story.reviews.js';
import type { StepStories } from './story.steps.js';

/** A market in memory. Every change goes through the rules and the ledger of the modules; nothing is set by hand. */
export interface World extends ErrandStories, MoneyStories, StepStories, DisputeStories, PayoutStories, ReviewStories {
  readonly cast: Cast;
  readonly books: Books;
  readonly rows: Rows;
  errandOf(id: string): Errand;
  escrowOf(errandId: string): Escrow;
}

/** The way of an errand from a draft to its end. */
export interface ErrandStories {
  post(name: string, customer: UserViewer, input: NewErrand, at: Date): string;
  publish(errandId: string, at: Date): void;
  offer(errandId: string, runner: UserViewer, amount: bigint, message: string | null, at: Date): string;
  accept(errandId: string, offerId: string, at: Date): void;
  start(errandId: string, at: Date): void;
  deliver(errandId: string, at: Date): void;
  /** @param goodsSpent minor units where there are no receipts, which say it themselves */
  confirm(errandId: string, goodsSpent: bigint, at: Date): void;
  autoRelease(errandId: string, at: Date): void;
  cancel(errandId: string, at: Date): void;
  fundingTimeout(errandId: string, at: Date): void;
  expire(errandId: string, at: Date): void;
  noShow(errandId: string, at: Date): void;
}
