import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OfferState } from '../../src/db/index.js';
import { canSeePrivate } from '../../src/modules/errands/index.js';
import { hourMs, minuteMs, newErrand, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeAll(async () => {
  market = await startMarket();
});
afterAll(() => market.close());

const offerOf = async (id: string): Promise<{ state: OfferState; version: number }> =>
  market.db.read.offer.findUniqueOrThrow({ where: { id }, select: { state: true, version: true } });

describe('an errand called off before it was funded', () => {
  it('forgets its runner, who then sees no address, and rejects the offer that was accepted', async () => {
    const { tell, escrows, customer, runner } = market;
    const { errand, offer } = await tell.accepted({ pickupAddress: '3 Allen Avenue' });
    expect(canSeePrivate(runner, errand)).toBe(true);
    const { errand: after, escrow } = await escrows.cancel(customer, errand.id);
    expect(after).toMatchObject({ state: 'CANCELLED', runnerId: null, acceptedOfferId: null, fundBy: null });
    expect(canSeePrivate(runner, after)).toBe(false);
    expect(await offerOf(offer.id)).toEqual({ state: 'REJECTED', version: offer.version + 1 });
    expect(escrow).toMatchObject({ state: 'VOID', version: 2 });
  });

  it('leaves an escrow that is void already exactly as it was', async () => {
    const { tell, escrows, timers, customer, clock } = market;
    const { errand, escrow } = await tell.accepted();
    clock.forward(24 * hourMs);
    await timers.fireDue();
    const before = await escrows.get(customer, escrow.id);
    expect(before).toMatchObject({ state: 'VOID', version: 2 });
    clock.forward(minuteMs);
    expect((await escrows.cancel(customer, errand.id)).escrow).toEqual(before);
    expect(await escrows.get(customer, escrow.id)).toEqual(before);
  });
});

describe('an errand called off once it was funded', () => {
  it('keeps its runner and rejects the offer that was accepted', async () => {
    const { tell, escrows, customer, runner } = market;
    const { errand, offer } = await tell.assigned();
    const { errand: after } = await escrows.cancel(customer, errand.id);
    expect(after).toMatchObject({ state: 'CANCELLED', runnerId: runner.userId, acceptedOfferId: offer.id });
    expect(await offerOf(offer.id)).toEqual({ state: 'REJECTED', version: offer.version + 1 });
  });

  it('by the clock, because nobody started, keeps its runner and expires the offer', async () => {
    const { tell, errands, timers, customer, runner, clock } = market;
    const startBy = new Date(clock.now().getTime() + hourMs);
    const { errand, offer } = await tell.assigned({ startBy });
    clock.forward(2 * hourMs);
    await timers.fireDue();
    expect(await errands.get(customer, errand.id)).toMatchObject({ state: 'EXPIRED', runnerId: runner.userId });
    expect(await offerOf(offer.id)).toEqual({ state: 'EXPIRED', version: offer.version + 1 });
  });
});

describe('a draft', () => {
  it('can be discarded by its customer, and by nobody else', async () => {
    const { errands, escrows, customer, rival, staff } = market;
    const draft = await errands.post(customer, newErrand({ publish: false }));
    await expect(escrows.cancel(rival, draft.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(escrows.cancel(staff, draft.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const { errand, escrow } = await escrows.cancel(customer, draft.id);
    expect([errand.state, errand.version, escrow]).toEqual(['CANCELLED', draft.version + 1, null]);
  });

  it('stays private when it is discarded: the market lists cancelled errands without it', async () => {
    const { errands, offers, escrows, tell, customer, rival, staff } = market;
    const draft = await errands.post(customer, newErrand({ publish: false }));
    await escrows.cancel(customer, draft.id);
    const published = (await escrows.cancel(customer, (await tell.open()).id)).errand;
    for (const filter of [{}, { states: ['CANCELLED'] as const }, { text: 'parcel' }]) {
      const ids = new Set((await errands.list(rival, { filter, first: 100 })).rows.map(({ id }) => id));
      expect([ids.has(draft.id), ids.has(published.id)]).toEqual([false, true]);
    }
    await expect(errands.get(rival, draft.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(offers.listFor(rival, draft.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await errands.get(customer, draft.id)).state).toBe('CANCELLED');
    expect((await errands.get(staff, draft.id)).state).toBe('CANCELLED');
    expect((await errands.listMine(customer, { first: 100 })).rows.map(({ id }) => id)).toContain(draft.id);
  });
});

describe('a fee plan', () => {
  it('is refused by the database when commission and VAT on it take more than the whole service', async () => {
    const { db, tenantId, clock } = market;
    const plan = (name: string, commissionBps: number, vatBps: number) => {
      const rates = { commissionBps, vatBps, cancellationBps: 0, freeCancelMinutes: 0 };
      const data = { id: crypto.randomUUID(), tenantId, name, version: 1, createdAt: clock.now(), ...rates };
      return db.write((tx) => tx.feePlan.create({ data }));
    };
    await expect(plan('greedy', 10_000, 1)).rejects.toThrow('fee_plan_payable');
    await expect(plan('by a hair', 8_001, 2_500)).rejects.toThrow('fee_plan_payable');
    expect((await plan('all of it', 8_000, 2_500)).commissionBps).toBe(8_000);
    expect((await plan('no VAT', 10_000, 0)).commissionBps).toBe(10_000);
  });
});
