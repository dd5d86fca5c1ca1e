import type { Role } from '../../../src/kernel/index.js';
import type { Charge } from './charge.js';

/** What the simulation believes of a market, from nothing but the answers it got and the rules it knows by itself. */
export interface World {
  readonly markets: readonly Market[];
  readonly people: readonly Person[];
  readonly errands: Errand[];
  readonly charges: Charge[];
}

export interface Market {
  readonly slug: string;
  readonly tenantId: string;
  readonly currency: string;
  readonly people: Person[];
  /** What stands on the accounts of the house, in minor units. */
  readonly house: House;
}

export interface House {
  commission: bigint;
  vat: bigint;
  cancellation: bigint;
  chargebacks: bigint;
  /** Came in from providers, less what they took back. */
  received: bigint;
}

export interface Person {
  /** `runner 2 of lagos`. */
  readonly name: string;
  readonly market: Market;
  readonly role: Role;
  readonly id: string;
  readonly email: string;
  readonly session: SessionInHand;
  /** Whom they block. */
  readonly blocked: Set<Person>;
  wallet: bigint;
  owed: bigint;
}

export interface SessionInHand {
  accessToken: string;
  refreshToken: string;
  accessUntilMs: number;
  /** When they signed in: a session does not last for ever, however often it is refreshed. */
  signedInAtMs: number;
  /** Spent refresh tokens and access tokens of the past. */
  old: OldTokens | undefined;
}

export interface OldTokens {
  readonly accessToken: string;
  readonly accessUntilMs: number;
  readonly refreshToken: string;
}

export interface Errand {
  /** `E12`: by its place, because ids differ from run to run. */
  readonly name: string;
  readonly id: string;
  readonly market: Market;
  readonly customer: Person;
  readonly budget: bigint;
  readonly goods: bigint;
  /** Goods are paid receipt by receipt, before the delivery is settled. */
  readonly goodsInAdvance: boolean;
  readonly startByMs: number | undefined;
  readonly expiresAtMs: number;
  readonly offers: Offer[];
  readonly retired: Escrow[];
  state: ErrandState;
  version: number;
  wasPublished: boolean;
  runner: Person | undefined;
  fundByMs: number | undefined;
  autoReleaseAtMs: number | undefined;
  completedAtMs: number | undefined;
  /** Of all its runners. */
  receipts: number;
  /** At which doors a code is asked for. */
  readonly requires: readonly Phase[];
  /** The last that was issued for each door. */
  codes: { PICKUP?: Code; DROPOFF?: Code };
  readonly codesIssuedAtMs: number[];
  /** What each side says of the other. */
  readonly reviews: { customer?: ReviewGiven; runner?: ReviewGiven };
  escrow: Escrow | undefined;
  dispute: Dispute | undefined;
}

export interface ReviewGiven {
  version: number;
  visibleAtMs: number;
}

export type Phase = 'PICKUP' | 'DROPOFF';

/** What is told at a door. Chance of its own: no line of the story may name it. */
export interface Code {
  readonly text: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  guesses: number;
  isUsed: boolean;
}

export type ErrandState =
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

export interface Offer {
  readonly name: string;
  readonly id: string;
  readonly runner: Person;
  readonly amount: bigint;
  readonly expiresAtMs: number;
  /** How many prices were named before; odd ones are the customer's. */
  readonly round: number;
  state: 'PENDING' | 'COUNTERED' | 'ACCEPTED' | 'REJECTED' | 'WITHDRAWN' | 'EXPIRED' | 'SUPERSEDED';
  version: number;
}

export interface Escrow {
  readonly id: string;
  readonly runner: Person;
  readonly disputesOpened: { customer: number; runner: number };
  /** Its two parts with what was put on top of them, whatever has gone out. */
  service: bigint;
  goods: bigint;
  /** What milestones have paid of the service part. */
  readonly paid: PaidService;
  milestones: Milestone[];
  /** What receipts say was spent, and what of it was paid in advance. */
  receipted: bigint;
  advanced: bigint;
  tips: bigint;
  state: 'AWAITING_FUNDS' | 'FUNDED' | 'PARTIALLY_RELEASED' | 'RELEASED' | 'REFUNDED' | 'SPLIT' | 'VOID';
  fundedAtMs: number | undefined;
  held: bigint;
  released: bigint;
  refunded: bigint;
}

export interface PaidService {
  service: bigint;
  commission: bigint;
  vat: bigint;
}

export interface Milestone {
  readonly amount: bigint;
  isReleased: boolean;
}

export interface Dispute {
  readonly name: string;
  readonly id: string;
  /** Of the escrow it is about; the errand may have another one since. */
  readonly runner: Person;
  readonly openedByCustomer: boolean;
  readonly openedFrom: 'IN_PROGRESS' | 'DELIVERED';
  readonly openedAtMs: number;
  readonly claim: bigint;
  readonly evidence: { customer: number; runner: number };
  readonly decisions: Decision[];
  state: 'AWAITING_RESPONSE' | 'UNDER_REVIEW' | 'RESOLVED' | 'APPEALED' | 'FINAL' | 'WITHDRAWN';
  version: number;
  dueAtMs: number | undefined;
}

export interface Decision {
  readonly id: string;
  /** Undefined for a published rule. */
  readonly by: Person | undefined;
  readonly customerAmount: bigint;
  approvedBy: Person | undefined;
  isDecided: boolean;
}

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** As the fee plan that the simulation puts into its markets. */
export const fees = { commissionBps: 1250, vatBps: 750, cancellationBps: 1000, freeCancelMinutes: 15 } as const;

/** The most an amount may be, and what an escrow may hold before two have to decide about it; in minor units. */
export const amountMax = 1_000_000_000n;
export const milestonesMax = 20;
export const receiptsMax = 50;
export const tipWindowMs = 30 * dayMs;
export const fourEyesAbove = 10_000_000n;

export const endStates: readonly ErrandState[] = ['COMPLETED', 'CANCELLED', 'EXPIRED'];

export function isStaff({ role }: Person): boolean {
  return role === 'SUPPORT' || role === 'ARBITER' || role === 'FINANCE' || role === 'ADMIN';
}

export function isArbiter({ role }: Person): boolean {
  return role === 'ARBITER' || role === 'ADMIN';
}

/** Neither of the two bids on an errand of the other, whoever of them wants that. */
export function isBlockedBetween(one: Person, other: Person): boolean {
  return one.blocked.has(other) || other.blocked.has(one);
}

/** An offer that waits ends at its time, however late it is written down. */
export function isLive({ state, expiresAtMs }: Offer, nowMs: number): boolean {
  return (state === 'PENDING' || state === 'COUNTERED') && expiresAtMs > nowMs;
}

/** What an escrow still holds of each part. */
export function partsOf({ service, goods, paid, advanced }: Escrow): {
  readonly service: bigint;
  readonly goods: bigint;
} {
  return { service: service - paid.service, goods: goods - advanced };
}

/** Some of it has gone to the runner, a step or a receipt. */
export function hasReleased({ paid, advanced }: Escrow): boolean {
  return paid.service + advanced > 0n;
}

export function isTooLateToStart({ startByMs }: Errand, nowMs: number): boolean {
  return startByMs !== undefined && startByMs + hourMs <= nowMs;
}
