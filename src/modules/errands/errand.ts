import { isStaff, notFound, type Viewer } from '../../kernel/index.js';
import type {
  Errand as ErrandRow,
  ErrandCategory,
  ErrandState,
  HandoverPhase,
  Offer as OfferRow,
  OfferState,
  Proof as ProofRow,
  ProofKind,
} from '../../db/index.js';

export type Errand = Readonly<ErrandRow>;
export type Offer = Readonly<OfferRow>;
export type Proof = Readonly<ProofRow>;
export type { ErrandCategory, ErrandState, HandoverPhase, OfferState, ProofKind };

export const errandStates = [
  'DRAFT',
  'OPEN',
  'AWAITING_FUNDING',
  'ASSIGNED',
  'IN_PROGRESS',
  'DELIVERED',
  'DISPUTED',
  'COMPLETED',
  'CANCELLED',
  'EXPIRED',
] as const satisfies readonly ErrandState[];

export const errandCategories = [
  'DELIVERY',
  'SHOPPING',
  'PICKUP',
  'QUEUEING',
  'DOCUMENTS',
  'CLEANING',
  'REPAIRS',
  'OTHER',
] as const satisfies readonly ErrandCategory[];

export const offerStates = [
  'PENDING',
  'COUNTERED',
  'ACCEPTED',
  'REJECTED',
  'WITHDRAWN',
  'EXPIRED',
  'SUPERSEDED',
] as const satisfies readonly OfferState[];

export const proofKinds = ['PHOTO', 'RECEIPT', 'OTP', 'SIGNATURE', 'GEO'] as const satisfies readonly ProofKind[];

export const handoverPhases = ['PICKUP', 'DROPOFF'] as const satisfies readonly HandoverPhase[];

/** Offers that wait for an answer; a runner has one of them on an errand at most. */
export const liveOfferStates = ['PENDING', 'COUNTERED'] as const satisfies readonly OfferState[];

/** Runner and customer name prices in turn, the runner first; the customer's are counter-offers. */
export function isByCustomer({ round }: Pick<Offer, 'round'>): boolean {
  return round % 2 === 1;
}

/** 10,000,000.00 of a currency with two decimals: the most a budget, an offer or a charge may be, in minor units. */
export const amountMinorMax = 1_000_000_000n;

/** Characters of an area, without the spaces around it. */
export const areaLengthMin = 2;
export const areaLengthMax = 80;

type Parties = Pick<Errand, 'tenantId' | 'customerId' | 'runnerId'>;

type Seen = Parties & Pick<Errand, 'state' | 'publishedAt'>;

/** The market sees every errand that was published; a draft, discarded or not, is its customer's, and staff's to help with. */
export function canSee(viewer: Viewer, errand: Seen): boolean {
  if (viewer.tenantId !== errand.tenantId) return false;
  return !isDraft(errand) || isCustomer(viewer, errand) || isStaff(viewer);
}

/** @throws AppError NOT_FOUND, the same as for an errand that does not exist */
export function assertVisible(viewer: Viewer, errand: Seen & Pick<Errand, 'id'>): void {
  if (!canSee(viewer, errand)) throw notFound('errand', errand.id);
}

/** Addresses, exact points, proofs and money are for the customer, the assigned runner and staff. */
export function canSeePrivate(viewer: Viewer, errand: Parties): boolean {
  if (viewer.tenantId !== errand.tenantId) return false;
  return isCustomer(viewer, errand) || isAssignedRunner(viewer, errand) || isStaff(viewer);
}

export function isCustomer(viewer: Viewer, errand: Pick<Errand, 'customerId'>): boolean {
  return viewer.kind === 'user' && viewer.userId === errand.customerId;
}

export function isAssignedRunner(viewer: Viewer, errand: Pick<Errand, 'runnerId'>): boolean {
  return viewer.kind === 'user' && viewer.userId === errand.runnerId;
}

function isDraft({ state, publishedAt }: Pick<Errand, 'state' | 'publishedAt'>): boolean {
  return state === 'DRAFT' || (state === 'CANCELLED' && publishedAt === null);
}
