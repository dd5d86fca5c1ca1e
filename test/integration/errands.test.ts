import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/kernel/index.js';
import { canSeePrivate } from '../../src/modules/errands/index.js';
import { hourMs, newErrand, proof, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeAll(async () => {
  market = await startMarket();
});
afterAll(() => market.close());

const later = (ms: number): Date => new Date(market.clock.now().getTime() + ms);

describe('writing an errand down', () => {
  it('keeps a draft from everybody but its customer and staff, as if it did not exist', async () => {
    const { errands, customer, rival, staff, stranger } = market;
    const draft = await errands.post(customer, newErrand({ publish: false }));
    expect(draft).toMatchObject({ state: 'DRAFT', version: 1, publishedAt: null });
    expect((await errands.get(customer, draft.id)).id).toBe(draft.id);
    expect((await errands.get(staff, draft.id)).id).toBe(draft.id);
    for (const viewer of [rival, stranger]) {
      await expect(errands.get(viewer, draft.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(errands.update(viewer, draft.id, { title: 'Mine now' })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    }
    const published = await errands.publish(customer, draft.id, 1);
    expect(published).toMatchObject({ state: 'OPEN', version: 2, publishedAt: market.clock.now() });
    expect((await errands.get(rival, draft.id)).state).toBe('OPEN');
  });

  it('expires in seven days unless told otherwise', async () => {
    const { expiresAt } = await market.tell.open();
    expect(expiresAt).toEqual(later(7 * 24 * hourMs));
  });

  it('names every fault of the input at once, by its path, and writes nothing', async () => {
    const { errands, customer, db } = market;
    const count = await db.read.errand.count();
    const faulty = newErrand({
      title: ' x ',
      description: '',
      category: 'JUGGLING' as 'OTHER',
      area: 'Y',
      budget: { minor: 0n, currency: 'NGN' },
      goodsBudget: { minor: 5n, currency: 'KES' },
      pickupAddress: 'x'.repeat(301),
      pickupPoint: { lat: 91, lng: -181 },
      dropoffPoint: { lat: Number.NaN, lng: 0 },
      startBy: later(2 * hourMs),
      deliverBy: later(hourMs),
      expiresAt: later(91 * 24 * hourMs),
    });
    const failure = await errands.post(customer, faulty).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'BAD_INPUT' });
    expect((failure as { fields: { path: string }[] }).fields.map(({ path }) => path)).toEqual([
      'input.title',
      'input.description',
      'input.area',
      'input.category',
      'input.budget.minor',
      'input.goodsBudget.currency',
      'input.pickupAddress',
      'input.pickupPoint.lat',
      'input.pickupPoint.lng',
      'input.dropoffPoint.lat',
      'input.expiresAt',
      'input.deliverBy',
    ]);
    expect(await db.read.errand.count()).toBe(count);
  });

  it('takes a budget of ten million naira and not a kobo more', async () => {
    const post = (minor: bigint) =>
      market.errands.post(market.customer, newErrand({ budget: { minor, currency: 'NGN' } }));
    expect((await post(1_000_000_000n)).budget).toBe(1_000_000_000n);
    await expect(post(1_000_000_001n)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});

describe('proof of delivery', () => {
  it('is kept with the errand, gives the customer three days to look, and leaves the escrow alone', async () => {
    const { tell, errands, runner, db, clock } = market;
    const { errand, escrow } = await tell.started();
    const after = await errands.submitProof(runner, errand.id, [
      proof,
      { ...proof, kind: 'RECEIPT', note: 'from the shop' },
    ]);
    const release = new Date(clock.now().getTime() + 72 * hourMs);
    expect(after).toMatchObject({ state: 'DELIVERED', autoReleaseAt: release });
    expect(await db.read.escrow.findUniqueOrThrow({ where: { id: escrow.id } })).toEqual(escrow);
    const proofs = await db.read.proof.findMany({ where: { errandId: errand.id } });
    expect(proofs.map(({ kind, sha256 }) => [kind, Buffer.from(sha256).toString('hex')]).toSorted()).toEqual([
      ['PHOTO', proof.sha256],
      ['RECEIPT', proof.sha256],
    ]);
  });

  it('is refused when it is none, or not what it should be', async () => {
    const { tell, errands, runner } = market;
    const { errand } = await tell.started();
    const submit = (...proofs: (typeof proof)[]) => errands.submitProof(runner, errand.id, proofs);
    await expect(submit()).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(submit({ ...proof, sha256: 'abc', takenAt: later(hourMs) })).rejects.toMatchObject({
      fields: [{ path: 'proofs.0.sha256' }, { path: 'proofs.0.takenAt' }],
    });
    await expect(submit(...Array.from({ length: 11 }, () => proof))).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});

describe('offers', () => {
  it('show all to the customer and staff, their own to runners, none to others', async () => {
    const { tell, offers, customer, runner, rival, staff, stranger } = market;
    const { errand, offer } = await tell.offered();
    const other = (await offers.make(rival, errand.id, { amountMinor: 5n, message: '  near by ' })).offer;
    expect(other).toMatchObject({ state: 'PENDING', message: 'near by', currency: 'NGN', expiresAt: errand.expiresAt });
    const seenBy = async (viewer: Viewer): Promise<string[]> =>
      (await offers.listFor(viewer, errand.id)).map(({ id }) => id).toSorted();
    expect(await seenBy(customer)).toEqual([offer.id, other.id].toSorted());
    expect(await seenBy(staff)).toEqual([offer.id, other.id].toSorted());
    expect(await seenBy(runner)).toEqual([offer.id]);
    expect(await seenBy(rival)).toEqual([other.id]);
    expect(await seenBy(stranger)).toEqual([]);
    expect([...(await offers.countsFor(errand.tenantId, [errand.id, offer.id]))]).toEqual([[errand.id, 2]]);
  });

  it('are one live offer a runner: another only once the first is withdrawn', async () => {
    const { tell, offers, customer, runner, rival } = market;
    const { errand, offer } = await tell.offered();
    await expect(offers.make(runner, errand.id, { amountMinor: 6n })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(offers.withdraw(customer, offer.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(offers.withdraw(rival, offer.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await offers.withdraw(runner, offer.id)).offer).toMatchObject({ state: 'WITHDRAWN', version: 2 });
    await expect(offers.withdraw(runner, offer.id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect((await offers.make(runner, errand.id, { amountMinor: 6n })).offer.amount).toBe(6n);
  });

  it('are refused for no money, too much, too long a message, or beyond the errand', async () => {
    const { tell, offers, runner } = market;
    const errand = await tell.open();
    const input = { amountMinor: 0n, message: 'x'.repeat(1001), expiresAt: new Date(errand.expiresAt.getTime() + 1) };
    await expect(offers.make(runner, errand.id, input)).rejects.toMatchObject({
      fields: [{ path: 'input.amountMinor' }, { path: 'input.message' }, { path: 'input.expiresAt' }],
    });
    await expect(offers.make(runner, errand.id, { amountMinor: 1_000_000_001n })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
  });

  it('leave the version of the errand alone, so a customer who edits is not disturbed by bidders', async () => {
    const { errand, offer } = await market.tell.offered();
    expect((await market.errands.get(market.customer, offer.errandId)).version).toBe(errand.version);
  });
});

describe('private parts', () => {
  it('are for the customer, the assigned runner and staff of the same tenant', async () => {
    const { tell, customer, runner, rival, staff, stranger, tenantId } = market;
    const { errand } = await tell.assigned();
    const anonymous: Viewer = { kind: 'anonymous', tenantId, roles: new Set() };
    const seers = [customer, runner, staff, rival, stranger, anonymous, { ...customer, tenantId: errand.id }];
    expect(seers.map((viewer) => canSeePrivate(viewer, errand))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
