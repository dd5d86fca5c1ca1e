import {
  AppError,
  formatMoney,
  isStaff,
  isUuid,
  notFound,
  parseCurrency,
  requireUser,
  uuidv7,
  type Clock,
  type FieldFault,
  type Viewer,
} from '../../kernel/index.js';
import { isUniqueViolation, type Db, type Prisma, type Tx } from '../../db/index.js';
import { lockBidder } from './bidder.repo.js';
import { actorOf, decide, requireVersion } from './decide.js';
import { lockErrand, lockErrandOfOffer, saveTransition } from './errand.repo.js';
import {
  amountMinorMax,
  assertVisible,
  isCustomer,
  liveOfferStates,
  type Errand,
  type Offer,
  type OfferState,
} from './errand.js';
import { refuse, textFaults } from './faults.js';
import { expireStaleOffers, offerStateAt, saveOffer } from './offer.repo.js';
import { offerTransitions } from './offer.transitions.js';
import { hasLiveOffer, illegal, type Refusal } from './refusals.js';

export interface NewOffer {
  /** Minor units of the errand's currency, above 0, up to `amountMinorMax`. */
  readonly amountMinor: bigint;
  /** Up to 1,000 characters. */
  readonly message?: string | null | undefined;
  /** Not after the errand's. Default: when the errand expires. */
  readonly expiresAt?: Date | null | undefined;
}

export interface OfferChange {
  readonly offer: Offer;
  readonly errand: Errand;
}

/** What runners would do errands for. Offers are seen by the errand's customer, by staff and by the runner who made them. */
export interface OfferService {
  /** @throws AppError FORBIDDEN unless a runner who is not the customer, is verified and near as the market asks, and is not blocked, ALREADY_EXISTS beside a live offer of one's own (one past its time is no longer live), ILLEGAL_TRANSITION unless OPEN, VERSION_CONFLICT (the errand's version), BAD_INPUT */
  make(viewer: Viewer, errandId: string, input: NewOffer, expectedVersion?: number | null): Promise<OfferChange>;
  /** Takes a live offer of one's own back. @throws AppError NOT_FOUND, FORBIDDEN, VERSION_CONFLICT (the offer's), ILLEGAL_TRANSITION */
  withdraw(viewer: Viewer, offerId: string, expectedVersion?: number | null): Promise<OfferChange>;
  /**
   * Oldest first, the first 500 of what the viewer may see: for others than the customer and staff, their own. An offer
   * past its time shows as EXPIRED.
   */
  listFor(viewer: Viewer, errandId: string): Promise<readonly Offer[]>;
  /** How many live offers each errand has, by the clock; an errand without any is left out. */
  countsFor(tenantId: string, errandIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export interface OfferServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
}

const listMax = 500;
const messageLengthMax = 1000;

export function createOfferService({ db, clock }: OfferServiceDeps): OfferService {
  return {
    make: (viewer, errandId, input, expectedVersion) =>
      db.write((tx) => make(tx, viewer, errandId, input, expectedVersion, clock)),
    withdraw: (viewer, offerId, expectedVersion) =>
      db.write((tx) => withdraw(tx, viewer, offerId, expectedVersion, clock)),
    async listFor(viewer, errandId) {
      const { tenantId } = viewer;
      const errand = isUuid(errandId) ? await db.read.errand.findFirst({ where: { tenantId, id: errandId } }) : null;
      if (!errand) throw notFound('errand', errandId);
      assertVisible(viewer, errand);
      const seesAll = isCustomer(viewer, errand) || isStaff(viewer);
      if (!seesAll && viewer.kind !== 'user') return [];
      const mine = viewer.kind === 'user' && !seesAll ? { runnerId: viewer.userId } : {};
      const orderBy: Prisma.OfferOrderByWithRelationInput[] = [{ createdAt: 'asc' }, { id: 'asc' }];
      const offers = await db.read.offer.findMany({ where: { tenantId, errandId, ...mine }, orderBy, take: listMax });
      const now = clock.now();
      return offers.map((offer) => ({ ...offer, state: offerStateAt(offer, now) }));
    },
    async countsFor(tenantId, errandIds) {
      const where = {
        tenantId,
        errandId: { in: errandIds.filter(isUuid) },
        state: { in: [...liveOfferStates] },
        expiresAt: { gt: clock.now() },
      };
      const groups = await db.read.offer.groupBy({ by: ['errandId'], where, _count: { _all: true } });
      return new Map(groups.map(({ errandId, _count }) => [errandId, _count._all]));
    },
  };
}

/** An offer as it is first written down. */
export function newOfferRow(
  errand: Errand,
  terms: Pick<Offer, 'id' | 'runnerId' | 'amount' | 'message' | 'expiresAt'>,
  now: Date,
): Offer {
  const { tenantId, id: errandId, currency } = errand;
  return {
    ...terms,
    tenantId,
    errandId,
    currency,
    state: 'PENDING',
    counterOf: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}

async function make(
  tx: Tx,
  viewer: Viewer,
  errandId: string,
  input: NewOffer,
  expectedVersion: number | null | undefined,
  clock: Clock,
): Promise<OfferChange> {
  const { tenantId, userId } = requireUser(viewer);
  const errand = await lockErrand(tx, tenantId, errandId);
  const bidder = await lockBidder(tx, errand, userId);
  const now = clock.now();
  const decision = decide('placeOffer', { errand, bidder, expectedVersion }, actorOf(viewer, errand), now);
  refuse(offerFaults(input, errand, now));
  const terms = {
    id: uuidv7(now.getTime()),
    runnerId: userId,
    amount: input.amountMinor,
    message: input.message?.trim() || null,
    expiresAt: input.expiresAt ?? errand.expiresAt,
  };
  await expireStaleOffers(tx, errand, now, userId);
  const offer = await insertOffer(tx, newOfferRow(errand, terms, now));
  return { offer, errand: await saveTransition(tx, errand, decision) };
}

async function insertOffer(tx: Tx, data: Offer): Promise<Offer> {
  try {
    return await tx.offer.create({ data });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError(hasLiveOffer.code, hasLiveOffer.message, { cause: error });
  }
}

async function withdraw(
  tx: Tx,
  viewer: Viewer,
  offerId: string,
  expectedVersion: number | null | undefined,
  clock: Clock,
): Promise<OfferChange> {
  const { tenantId, userId } = requireUser(viewer);
  const errand = await lockErrandOfOffer(tx, tenantId, offerId);
  const offer = await readOffer(tx, viewer, errand, offerId);
  if (offer.runnerId !== userId) throw new AppError('FORBIDDEN', 'Only the runner who made an offer may withdraw it.');
  requireVersion(offer, expectedVersion, 'offer');
  const now = clock.now();
  const refusal = withdrawalRefusal(offer, now);
  if (refusal) throw new AppError(refusal.code, refusal.message);
  return { offer: await saveOffer(tx, offer, 'WITHDRAWN', now), errand };
}

/** Why the runner who made an offer could not take it back now. */
export function withdrawalRefusal(offer: Pick<Offer, 'state' | 'expiresAt'>, now: Date): Refusal | undefined {
  const state = offerStateAt(offer, now);
  const from: readonly OfferState[] = offerTransitions.withdraw.from;
  return from.includes(state)
    ? undefined
    : illegal(`The offer is ${state}; only a ${from.join(' or ')} one can be withdrawn.`);
}

/** An offer of a locked errand. @throws AppError NOT_FOUND unless the viewer made it, is the errand's customer, or staff */
export async function readOffer(tx: Tx, viewer: Viewer, errand: Errand, offerId: string): Promise<Offer> {
  const offer = await tx.offer.findUnique({ where: { id: offerId } });
  const isOwn = viewer.kind === 'user' && viewer.userId === offer?.runnerId;
  if (!offer || !(isOwn || isCustomer(viewer, errand) || isStaff(viewer))) throw notFound('offer', offerId);
  return offer;
}

function offerFaults({ amountMinor, message, expiresAt }: NewOffer, errand: Errand, now: Date): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  if (amountMinor <= 0n || amountMinor > amountMinorMax) {
    const most = formatMoney({ minor: amountMinorMax, currency: parseCurrency(errand.currency) });
    faults.push({
      path: 'input.amountMinor',
      message: `must be from 1 to ${amountMinorMax} (${most}), got ${amountMinor}.`,
    });
  }
  faults.push(...textFaults('input.message', message, messageLengthMax));
  if (expiresAt && !(expiresAt > now && expiresAt <= errand.expiresAt)) {
    faults.push({
      path: 'input.expiresAt',
      message: `must be in the future and not after the errand expires, ${errand.expiresAt.toISOString()}.`,
    });
  }
  return faults;
}
