import { describe, expect, it } from 'vitest';
import { bidderRefusal, noOfferRules, tierFor, type BidderFacts } from '../../src/modules/errands/index.js';
import { isBeyond, kmBetween } from '../../src/modules/errands/bidder.js';

const lagosIsland = { lat: 6.4541, lng: 3.3947 };
const ikeja = { lat: 6.6018, lng: 3.3515 };
const willing: BidderFacts = {
  isActive: true,
  isCustomerActive: true,
  isBlocked: false,
  kycTier: 0,
  home: null,
  rules: noOfferRules,
};

describe('the distance between two places', () => {
  it('is that along a great circle of the earth', () => {
    // One degree of a meridian, a quarter of the earth, and the way round the other side of the date line.
    expect(kmBetween({ lat: 0, lng: 0 }, { lat: 1, lng: 0 })).toBeCloseTo(111.195, 2);
    expect(kmBetween({ lat: 0, lng: 0 }, { lat: 90, lng: 0 })).toBeCloseTo(10_007.557, 2);
    expect(kmBetween({ lat: 0, lng: 179.5 }, { lat: 0, lng: -179.5 })).toBeCloseTo(111.195, 2);
    expect(kmBetween(lagosIsland, lagosIsland)).toBe(0);
    expect(kmBetween(lagosIsland, ikeja)).toBeCloseTo(kmBetween(ikeja, lagosIsland), 9);
  });

  it('keeps nobody away while one of the two is not known', () => {
    for (const [one, other] of [[null, ikeja] as const, [ikeja, null] as const])
      expect(isBeyond(one, other, 1)).toBe(false);
    expect([isBeyond(lagosIsland, ikeja, 18), isBeyond(lagosIsland, ikeja, 17)]).toEqual([false, true]);
  });

  it('tells somebody who moves about no more than the cell of a hundredth of a degree that a pick-up is in', () => {
    const here = { lat: 6.4512, lng: 3.3934 };
    const elsewhereInTheCell = { lat: 6.4489, lng: 3.3871 };
    const homes = Array.from({ length: 400 }, (_, step) => ({ lat: 6.4 + step * 0.0007, lng: 3.39 }));
    const answers = (pickup: typeof here) => homes.map((home) => isBeyond(pickup, home, 5));
    expect(answers(here)).toEqual(answers(elsewhereInTheCell));
    expect(new Set(answers(here))).toEqual(new Set([true, false]));
  });
});

describe('a runner', () => {
  const errand = { budget: 900n, goodsBudget: 100n, pickupLat: null, pickupLng: null };

  it('needs the verification that the market asks for, a higher one above a budget with its goods', () => {
    const rules = { ...noOfferRules, tierNeeded: 1, higherTierNeeded: 2, higherTierAbove: 999n };
    expect(tierFor(errand, rules)).toBe(2);
    expect(tierFor(errand, { ...rules, higherTierAbove: 1000n })).toBe(1);
    expect(bidderRefusal(errand, { ...willing, rules, kycTier: 2 })).toBeUndefined();
    expect(bidderRefusal(errand, { ...willing, rules, kycTier: 1 })).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('needs a runner of verification tier 2, yours is 1'),
    });
  });

  it('is refused alike who was blocked, who blocked, and where the customer is suspended', () => {
    const refusals = [{ isBlocked: true }, { isCustomerActive: false }].map((facts) =>
      bidderRefusal(errand, { ...willing, ...facts }),
    );
    expect(refusals[0]).toEqual({ code: 'FORBIDDEN', message: 'This errand takes no offers from you.' });
    expect(refusals[1]).toEqual(refusals[0]);
    expect(bidderRefusal(errand, { ...willing, isActive: false })).toMatchObject({ code: 'FORBIDDEN' });
    expect(bidderRefusal(errand, willing)).toBeUndefined();
  });
});
