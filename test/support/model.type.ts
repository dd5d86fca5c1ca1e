import type { Paid } from './model.money.js';

export const people = ['ada', 'bola', 'kofi', 'femi', 'staff'] as const;
export type Who = (typeof people)[number];

export type State =
  | 'DRAFT'
  | 'OPEN'
  | 'AWAITING_FUNDING'
  | 'ASSIGNED'
  | 'IN_PROGRESS'
  | 'DELIVERED'
  | 'DISPUTED'
  | 'COMPLETED'
  | 'CANCELLED'
  | 'EXPIRED';
export type Kind = 'customer' | 'assignedRunner' | 'runner' | 'staff' | 'stranger';

export interface ModelOffer {
  readonly amount: bigint;
  /** How many prices were named before; odd ones are the customer's. */
  readonly round: number;
  state: 'PENDING' | 'COUNTERED' | 'ACCEPTED' | 'CLOSED';
}
export interface ModelEscrow {
  service: bigint;
  goods: bigint;
  /** What is or was held of goods in all. */
  goodsTotal: bigint;
  funded: bigint;
  released: bigint;
  refunded: bigint;
  fundedAt: number;
  receipted: bigint;
  advanced: bigint;
  tips: bigint;
  paid: Paid;
  steps: { readonly amount: bigint; isReleased: boolean }[];
  disputes: Record<'customer' | 'assignedRunner', number>;
}
export interface ModelDispute {
  readonly byCustomer: boolean;
  readonly claim: bigint;
  readonly openedFrom: State;
  readonly openedAt: number;
  state: 'AWAITING_RESPONSE' | 'UNDER_REVIEW' | 'RESOLVED' | 'FINAL' | 'WITHDRAWN';
  dueAt: number;
  customerAmount: bigint;
}
export interface ModelErrand {
  readonly number: number;
  readonly customer: Who;
  readonly goodsBudget: bigint;
  readonly inAdvance: boolean;
  readonly startBy: number | null;
  readonly expiresAt: number;
  /** A draft shows itself to its customer and staff, also when it was discarded. */
  isPublished: boolean;
  state: State;
  runner: Who | null;
  fundBy: number;
  autoReleaseAt: number;
  completedAt: number;
  readonly offers: Map<Who, ModelOffer>;
  escrow: ModelEscrow | null;
  dispute: ModelDispute | null;
}

const runners: ReadonlySet<Who> = new Set(['kofi', 'femi']);

export function kindOf({ customer, runner }: ModelErrand, who: Who): Kind {
  if (who === customer) return 'customer';
  if (who === runner) return 'assignedRunner';
  if (who === 'staff') return 'staff';
  return runners.has(who) ? 'runner' : 'stranger';
}

/** The model says no, with the code that the program is to say no with. */
export class Refused extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

export function refuse(code: string): never {
  throw new Refused(code);
}
