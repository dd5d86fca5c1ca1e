import {
  AppError,
  isStaff,
  isUuid,
  notFound,
  requireUser,
  uuidv7,
  type Clock,
  type Viewer,
} from '../../kernel/index.js';
import { isUniqueViolation, type Db, type Prisma, type Tx } from '../../db/index.js';
import { namePrice, type PriceNamed } from './counter.moves.js';
import { lockBidder } from './bidder.repo.js';
import { actorOf, decide, requireVersion } from './decide.js';
import { lockErrand, lockErrandOfOffer, saveTransition } from './errand.repo.js';
import {
  assertVisible,
  isByCustomer,
  isCustomer,
  liveOfferStates,
  type Errand,
  type Offer,
  type OfferState,
} from './errand.js';
import { refuse } from './faults.js';
import { offerFaults, type NewOffer } from './offer.input.js';
import { expireStaleOffers, newOfferRow, offerStateAt, readOffer, saveOffer } from './offer.repo.js';
import { offerTransitions } from './offer.transitions.js';
import { hasLiveOffer, illegal, type Refusal } from './refusals.js';

export interface OfferChange {
  readonly offer: Offer;
  readonly errand: Errand;
}

/** What runners would do errands for. Offers, and the prices that answer them, are seen by the errand's customer, by their runner and by staff. */
export interface OfferService {
  /** @throws AppError FORBIDDEN unless a runner who is not the customer, is verified and near as the market asks, and is not blocked, ALREADY_EXISTS beside a live offer of one's own (one past its time is no longer live), ILLEGAL_TRANSITION unless OPEN, VERSION_CONFLICT (the errand's version), BAD_INPUT */
  make(viewer: Viewer, errandId: string, input: NewOffer, expectedVersion?: number | null): Promise<OfferChange>;
  /**
   * Answers an offer with another price, as a new offer that takes its place: the customer a PENDING one, up to `countersMax`
   * times. It lasts as long as the other one, unless the input says otherwise.
   * @throws AppError NOT_FOUND, FORBIDDEN, VERSION_CONFLICT (the errand's version), ILLEGAL_TRANSITION, LIMIT_EXCEEDED, BAD_INPUT
   */
  counter(viewer: Viewer, price: PriceNamed): Promise<OfferChange>;
  /** As `counter`: the runner whom it is made to answers a COUNTERED one, which is then PENDING at the price they named. */
  answer(viewer: Viewer, price: PriceNamed): Promise<OfferChange>;
  /**
   * Takes a live price of one's own back; its runner also says no to a customer's with it.
   * @throws AppError NOT_FOUND, FORBIDDEN, VERSION_CONFLICT (the offer's), ILLEGAL_TRANSITION
   */
  withdraw(viewer: Viewer, offerId: string, expectedVersion?: number | null): Promise<OfferChange>;
  /**
   * Oldest first, 500 at most of what the viewer may see: for others than the customer and staff, their own. Live ones and the
   * accepted one come before those that have ended, of each the newest. An offer past its time shows as EXPIRED.
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

/** The states in the order of the database: PENDING, COUNTERED, ACCEPTED, then those that have ended. */
const liveFirst: Prisma.OfferOrderByWithRelationInput[] = [{ state: 'asc' }, { createdAt: 'desc' }, { id: 'desc' }];

export function createOfferService({ db, clock }: OfferServiceDeps): OfferService {
  return {
    make: (viewer, errandId, input, expectedVersion) =>
      db.write((tx) => make(tx, viewer, errandId, input, expectedVersion, clock)),
    counter: (viewer, price) => db.write((tx) => namePrice({ tx, viewer, clock }, 'counterOffer', price)),
    answer: (viewer, price) => db.write((tx) => namePrice({ tx, viewer, clock }, 'answerCounter', price)),
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
      const where = { tenantId, errandId, ...mine };
      const offers = await db.read.offer.findMany({ where, orderBy: liveFirst, take: listMax });
      const now = clock.now();
      return offers.toSorted(byAge).map((offer) => ({ ...offer, state: offerStateAt(offer, now) }));
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
  const facts = { errand, bidder, price: input.amountMinor, expectedVersion };
  const decision = decide('placeOffer', facts, actorOf(viewer, errand), now);
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
  const isRunner = offer.runnerId === userId;
  if (!isRunner && !(isCustomer(viewer, errand) && isByCustomer(offer)))
    throw new AppError(
      'FORBIDDEN',
      'Only the runner of an offer, or the customer who named its price, may withdraw it.',
    );
  requireVersion(offer, expectedVersion, 'offer');
  const now = clock.now();
  const refusal = withdrawalRefusal(offer, now, isRunner ? 'withdraw' : 'takeBack');
  if (refusal) throw new AppError(refusal.code, refusal.message);
  return { offer: await saveOffer(tx, offer, 'WITHDRAWN', now), errand };
}

/** Why its runner could not withdraw an offer now, or the customer take back a price. */
export function withdrawalRefusal(
  offer: Pick<Offer, 'state' | 'expiresAt'>,
  now: Date,
  move: 'withdraw' | 'takeBack',
): Refusal | undefined {
  const state = offerStateAt(offer, now);
  const from: readonly OfferState[] = offerTransitions[move].from;
  return from.includes(state)
    ? undefined
    : illegal(`The offer is ${state}; only a ${from.join(' or ')} one can be withdrawn.`);
}

function byAge(one: Offer, other: Offer): number {
  return one.createdAt.getTime() - other.createdAt.getTime() || one.round - other.round || (one.id < other.id ? -1 : 1);
}
