import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrandPatch } from '../../src/modules/errands/index.js';
import { hourMs, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeAll(async () => {
  market = await startMarket();
});
afterAll(() => market.close());

const later = (ms: number): Date => new Date(market.clock.now().getTime() + ms);

/** Polls until a connection of the database waits for a lock. */
async function somebodyWaits(client: Client): Promise<void> {
  const deadline = Date.now() + 45_000;
  const waiting = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  for (;;) {
    const { rows } = await client.query<{ count: number }>(waiting);
    if (rows[0]!.count > 0) return;
    if (Date.now() > deadline) throw new Error('nobody waited for the lock');
  }
}

describe('changing an errand', () => {
  it('changes what is given, clears what is null, keeps the rest, and counts one version on', async () => {
    const { tell, errands, customer } = market;
    const errand = await tell.open({ startBy: later(hourMs), pickupPoint: { lat: 6.5, lng: 3.4 } });
    const after = await errands.update(
      customer,
      errand.id,
      { title: '  A better title ', startBy: null, pickupPoint: null },
      errand.version,
    );
    expect(after).toEqual({
      ...errand,
      title: 'A better title',
      startBy: null,
      pickupLat: null,
      pickupLng: null,
      version: errand.version + 1,
    });
  });

  const otherTerms: readonly [string, () => ErrandPatch][] = [
    ['title', () => ({ title: 'Bring two parcels to Yaba' })],
    ['description', () => ({ description: 'Thirty boxes, on the fifth floor.' })],
    ['category', () => ({ category: 'CLEANING' })],
    ['area', () => ({ area: 'Lekki' })],
    ['budget', () => ({ budget: { minor: 1n, currency: 'NGN' } })],
    ['goodsBudget', () => ({ goodsBudget: { minor: 1n, currency: 'NGN' } })],
    ['pickupAddress', () => ({ pickupAddress: 'another town' })],
    ['pickupPoint', () => ({ pickupPoint: { lat: 6.5, lng: 3.4 } })],
    ['dropoffAddress', () => ({ dropoffAddress: null })],
    ['dropoffPoint', () => ({ dropoffPoint: { lat: -1.3, lng: 36.8 } })],
    ['startBy', () => ({ startBy: null })],
    ['deliverBy', () => ({ deliverBy: later(3 * hourMs) })],
    ['expiresAt', () => ({ expiresAt: later(24 * hourMs) })],
  ];

  it.each(otherTerms)(
    'changes what was bid on: a new %s supersedes the offers that wait, and no other',
    async (_, patch) => {
      const { tell, errands, offers, escrows, customer, runner, rival } = market;
      const { errand, offer } = await tell.offered({ dropoffAddress: '1 Station Road', startBy: later(2 * hourMs) });
      const withdrawn = (await offers.make(rival, errand.id, { amountMinor: 1n })).offer;
      await offers.withdraw(rival, withdrawn.id);
      await errands.update(customer, errand.id, patch());
      const states = new Map((await offers.listFor(customer, errand.id)).map(({ id, state }) => [id, state]));
      expect([states.get(offer.id), states.get(withdrawn.id)]).toEqual(['SUPERSEDED', 'WITHDRAWN']);
      await expect(escrows.acceptOffer(customer, offer.id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
      expect((await offers.make(runner, errand.id, { amountMinor: 2n })).offer.state).toBe('PENDING');
    },
  );

  it('leaves the offers alone when the change says what the errand says already', async () => {
    const { tell, errands, offers, customer } = market;
    const { errand, offer } = await tell.offered({ startBy: later(2 * hourMs), pickupPoint: { lat: 6.5, lng: 3.4 } });
    const { title, area, budget, startBy, expiresAt } = errand;
    await errands.update(customer, errand.id, {
      title: ` ${title} `,
      area,
      budget: { minor: budget, currency: 'NGN' },
      pickupPoint: { lat: 6.5, lng: 3.4 },
      dropoffAddress: '',
      startBy: new Date(startBy!),
      expiresAt: new Date(expiresAt),
    });
    expect((await offers.listFor(customer, errand.id)).map(({ id, state }) => [id, state])).toEqual([
      [offer.id, 'PENDING'],
    ]);
  });

  it('refuses a stale version, another person, an empty change, and an errand that is taken', async () => {
    const { tell, errands, customer, rival, staff } = market;
    const errand = await tell.open();
    const change = { title: 'A better title' };
    await expect(errands.update(customer, errand.id, change, errand.version - 1)).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
    });
    await expect(errands.update(rival, errand.id, change)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(errands.update(staff, errand.id, change)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(errands.update(customer, errand.id, {})).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(errands.update(customer, errand.id, { title: null })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const taken = await tell.accepted();
    await expect(errands.update(customer, taken.errand.id, change)).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
  });

  it('takes the time once it has the errand to itself, not when it began to wait for it', async () => {
    const { tell, errands, customer, database, clock } = market;
    const errand = await tell.open();
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT id FROM errand WHERE id = $1 FOR UPDATE', [errand.id]);
      const change = Promise.allSettled([errands.update(customer, errand.id, { expiresAt: later(hourMs) })]);
      await somebodyWaits(holder);
      clock.forward(hourMs);
      await holder.query('COMMIT');
      const fault = { path: 'input.expiresAt', message: 'must be a time in the future.' };
      expect(await change).toMatchObject([{ status: 'rejected', reason: { fields: [fault] } }]);
    } finally {
      await holder.end();
    }
  });

  it('checks the new times against the ones that stay', async () => {
    const { tell, errands, customer } = market;
    const errand = await tell.open({ startBy: later(2 * hourMs) });
    await expect(errands.update(customer, errand.id, { deliverBy: later(hourMs) })).rejects.toMatchObject({
      fields: [{ path: 'input.deliverBy' }],
    });
  });
});
