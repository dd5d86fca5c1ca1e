import type { Prisma } from '../db/index.js';
import type { UserViewer } from '../kernel/index.js';
import type { Errand, NewErrand, Offer } from '../modules/errands/index.js';
import type { Escrow } from '../modules/escrows/index.js';
import type { Books } from './books.js';
import type { Cast } from './cast.js';

/** A market in memory. Every change goes through the rules and the ledger of the modules; nothing is set by hand. */
export interface World {
  readonly cast: Cast;
  readonly books: Books;
  readonly errands: ReadonlyMap<string, Errand>;
  readonly offers: ReadonlyMap<string, Offer>;
  /** By errand. */
  readonly escrows: ReadonlyMap<string, Escrow>;
  readonly proofs: readonly Prisma.ProofCreateManyInput[];
  readonly charges: readonly Prisma.ChargeCreateManyInput[];
  readonly events: readonly Prisma.ProcessEventCreateManyInput[];

  post(name: string, customer: UserViewer, input: NewErrand, at: Date): string;
  publish(errandId: string, at: Date): void;
  offer(errandId: string, runner: UserViewer, amount: bigint, message: string | null, at: Date): string;
  accept(errandId: string, offerId: string, at: Date): void;
  topUp(user: UserViewer, amount: bigint, at: Date): void;
  /** Tops the wallet up first when it holds too little, by whole `step`s. */
  fund(errandId: string, step: bigint, at: Date): void;
  start(errandId: string, at: Date): void;
  deliver(errandId: string, at: Date): void;
  confirm(errandId: string, goodsSpent: bigint, at: Date): void;
  autoRelease(errandId: string, at: Date): void;
  cancel(errandId: string, at: Date): void;
  expire(errandId: string, at: Date): void;
  noShow(errandId: string, at: Date): void;
}
