import { firstOf, type Refusal } from './refusals.js';
import type { Errand } from './errand.js';

/** What a market asks of those who bid. */
export interface OfferRules {
  /** Counted up with each change; 0 while nothing was ever asked for. */
  readonly version: number;
  /** The verification that a runner needs, 0 to 3. */
  readonly tierNeeded: number;
  /** What is needed instead for budgets, goods included, of more than `higherTierAbove`; null: nothing else. */
  readonly higherTierNeeded: number | null;
  /** Minor units. */
  readonly higherTierAbove: bigint | null;
  /** How far a runner's home may be from the pick-up; null: anywhere. */
  readonly withinKm: number | null;
}

export const noOfferRules = {
  version: 0,
  tierNeeded: 0,
  higherTierNeeded: null,
  higherTierAbove: null,
  withinKm: null,
} as const satisfies OfferRules;

export interface Point {
  /** Degrees, WGS 84. */
  readonly lat: number;
  readonly lng: number;
}

/** Somebody who would do an errand, and how they stand with its market and its customer. */
export interface BidderFacts {
  readonly isActive: boolean;
  readonly isCustomerActive: boolean;
  /** One of the two has blocked the other. */
  readonly isBlocked: boolean;
  readonly kycTier: number;
  readonly home: Point | null;
  readonly rules: OfferRules;
}

/** What of an errand decides who may bid on it. */
type Wanted = Pick<Errand, 'budget' | 'goodsBudget' | 'pickupLat' | 'pickupLng'>;

/**
 * Why this one may not bid, if so. Which of two people blocked the other is told to neither.
 * @param price what they name or take, minor units; default: no more than the budget
 */
export function bidderRefusal(errand: Wanted, bidder: BidderFacts, price?: bigint): Refusal | undefined {
  const { isActive, isCustomerActive, isBlocked, kycTier, home, rules } = bidder;
  const tier = tierFor(errand, rules, price);
  const isTooFar = rules.withinKm !== null && isBeyond(pickupOf(errand), home, rules.withinKm);
  return firstOf([
    !isActive && forbidden('Your account is suspended or closed: it makes no offers.'),
    (isBlocked || !isCustomerActive) && forbidden('This errand takes no offers from you.'),
    kycTier < tier &&
      forbidden(`This errand needs a runner of verification tier ${tier}, yours is ${kycTier}: ask support for it.`),
    isTooFar &&
      forbidden(
        `The pick-up is further from your home than the ${rules.withinKm} km that this market allows; set your home point in your profile.`,
      ),
  ]);
}

/** The verification that an errand asks for at that price: one above the budget counts, so that a low budget is no way around it. */
export function tierFor(
  { budget, goodsBudget }: Pick<Errand, 'budget' | 'goodsBudget'>,
  rules: OfferRules,
  price = budget,
): number {
  const { tierNeeded, higherTierNeeded, higherTierAbove } = rules;
  const service = price > budget ? price : budget;
  const isHigher = higherTierAbove !== null && service + goodsBudget > higherTierAbove;
  return isHigher ? (higherTierNeeded ?? tierNeeded) : tierNeeded;
}

/**
 * Whether two points are further apart than that; not when one of them is not known. Both are put on a grid of hundredths of a
 * degree first, about a kilometre: who moves their home about learns no more of a private pick-up than its cell.
 */
export function isBeyond(one: Point | null, other: Point | null, km: number): boolean {
  return one !== null && other !== null && kmBetween(onGrid(one), onGrid(other)) > km;
}

const earthRadiusKm = 6371.0088;

/** Along a great circle, by the haversine formula on a sphere of the earth's mean radius. */
export function kmBetween(one: Point, other: Point): number {
  const [lat1, lat2] = [radians(one.lat), radians(other.lat)];
  const halfLat = Math.sin((lat2 - lat1) / 2);
  const halfLng = Math.sin(radians(other.lng - one.lng) / 2);
  const square = halfLat ** 2 + Math.cos(lat1) * Math.cos(lat2) * halfLng ** 2;
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(square)));
}

function pickupOf({ pickupLat: lat, pickupLng: lng }: Wanted): Point | null {
  return lat === null || lng === null ? null : { lat, lng };
}

function onGrid({ lat, lng }: Point): Point {
  return { lat: Math.round(lat * 100) / 100, lng: Math.round(lng * 100) / 100 };
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

function forbidden(message: string): Refusal {
  return { code: 'FORBIDDEN', message };
}
