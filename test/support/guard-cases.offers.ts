import { noOfferRules, type BidderFacts, type Errand, type OfferRules } from '../../src/modules/errands/index.js';
import { countered, errandIn, hours, now, pending } from './errand-facts.js';
import type { GuardCase } from './guard-cases.js';

const msAfter = 1 / 3_600_000;
const moves = [
  ['counterOffer', 'customer', pending, countered, 'OPEN'],
  ['answerCounter', 'runner', countered, pending, 'OPEN'],
  ['acceptCounter', 'runner', countered, pending, 'AWAITING_FUNDING'],
] as const;

/** What prices named in turn need, and what lies just beside it. */
const counterCases = moves.flatMap(([name, kind, offer, other, to]): GuardCase[] => [
  [name, 'OPEN', kind, { offer: undefined as never }, 'ILLEGAL_TRANSITION'],
  [name, 'OPEN', kind, { offer: other }, 'ILLEGAL_TRANSITION'],
  [name, 'OPEN', kind, { offer: { ...offer, state: 'WITHDRAWN' } }, 'ILLEGAL_TRANSITION'],
  [name, 'OPEN', kind, { offer: { ...offer, expiresAt: now } }, 'ILLEGAL_TRANSITION'],
  [name, 'OPEN', kind, { offer: { ...offer, expiresAt: hours(msAfter) } }, to],
  [name, 'OPEN', kind, { errand: errandIn('OPEN', { startBy: hours(-1) }) }, 'ILLEGAL_TRANSITION'],
  [name, 'OPEN', kind, { errand: errandIn('OPEN', { startBy: hours(-1 + msAfter) }) }, to],
  // Five prices of the customer and five answers, and no sixth.
  [name, 'OPEN', kind, { offer: { ...offer, round: 9 } }, to],
  [name, 'OPEN', kind, { offer: { ...offer, round: 10 } }, name === 'counterOffer' ? 'LIMIT_EXCEEDED' : to],
]);

const island = { pickupLat: 6.4541, pickupLng: 3.3947 };
/** Seventeen kilometres and something from the island. */
const ikeja = { lat: 6.6018, lng: 3.3515 };
const higher = { tierNeeded: 1, higherTierNeeded: 2 };

function bid(outcome: 'OPEN' | 'FORBIDDEN', of: Partial<BidderFacts>, rules: Partial<OfferRules> = {}): GuardCase {
  return bidOn({}, outcome, of, rules);
}

function bidOn(
  errand: Partial<Errand>,
  outcome: 'OPEN' | 'FORBIDDEN',
  of: Partial<BidderFacts>,
  rules: Partial<OfferRules> = {},
): GuardCase {
  const willing = { isActive: true, isCustomerActive: true, isBlocked: false, kycTier: 0, home: null };
  const bidder = { ...willing, ...of, rules: { ...noOfferRules, ...rules } };
  return ['placeOffer', 'OPEN', 'runner', { errand: errandIn('OPEN', errand), bidder }, outcome];
}

/** Who may bid on an errand whose budget is 520,000 with its goods. */
const bidderCases: readonly GuardCase[] = [
  bid('OPEN', {}),
  bid('FORBIDDEN', { isActive: false }),
  bid('FORBIDDEN', { isBlocked: true }),
  bid('FORBIDDEN', { isCustomerActive: false }),
  bid('FORBIDDEN', {}, { tierNeeded: 1 }),
  bid('OPEN', { kycTier: 1 }, { tierNeeded: 1 }),
  bid('FORBIDDEN', { kycTier: 1 }, { ...higher, higherTierAbove: 519_999n }),
  bid('OPEN', { kycTier: 2 }, { ...higher, higherTierAbove: 519_999n }),
  bid('OPEN', { kycTier: 1 }, { ...higher, higherTierAbove: 520_000n }),
  bid('OPEN', { kycTier: 1 }, { ...higher, higherTierAbove: null }),
  bid('FORBIDDEN', {}, { tierNeeded: 1, higherTierNeeded: null, higherTierAbove: 1n }),
  bidOn(island, 'FORBIDDEN', { home: ikeja }, { withinKm: 17 }),
  bidOn(island, 'OPEN', { home: ikeja }, { withinKm: 18 }),
  bidOn(island, 'OPEN', { home: ikeja }, { withinKm: null }),
  bidOn(island, 'OPEN', { home: null }, { withinKm: 17 }),
  bidOn(island, 'OPEN', { home: { lat: island.pickupLat, lng: island.pickupLng } }, { withinKm: 0 }),
  bidOn({ ...island, pickupLat: null }, 'OPEN', { home: ikeja }, { withinKm: 17 }),
  bidOn({ ...island, pickupLng: null }, 'OPEN', { home: ikeja }, { withinKm: 17 }),
];

const answers = [
  ['answerCounter', 'OPEN', (price: bigint) => ({ price })],
  ['acceptCounter', 'AWAITING_FUNDING', (amount: bigint) => ({ offer: { ...countered, amount } })],
] as const;

/** Who names a price or takes one has to be able to bid, and at that price. */
const unfitCases = answers.flatMap(([name, to, at]): GuardCase[] => {
  const bidder = { isActive: true, isCustomerActive: true, isBlocked: false, kycTier: 1, home: null };
  const asked = (price: bigint, higherTierAbove: bigint, outcome: string, of: Partial<BidderFacts> = {}): GuardCase => {
    const rules = { ...noOfferRules, ...higher, higherTierAbove };
    return [name, 'OPEN', 'runner', { ...at(price), bidder: { ...bidder, rules, ...of } }, outcome];
  };
  return [
    asked(500_001n, 520_001n, to),
    asked(500_002n, 520_001n, 'FORBIDDEN'),
    asked(1n, 519_999n, 'FORBIDDEN'),
    asked(1n, 520_000n, to),
    asked(1n, 520_000n, 'FORBIDDEN', { isBlocked: true }),
  ];
});

/** What the guards of offers look for beside the others. */
export const offerGuardCases: readonly GuardCase[] = [...counterCases, ...bidderCases, ...unfitCases];
