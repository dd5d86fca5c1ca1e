import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TopUp } from '../../src/modules/payments/index.js';
import { each, hostile } from '../support/hostile.js';
import { startMarket, type StoryErrand, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let delivered: StoryErrand;
beforeAll(async () => {
  market = await startMarket();
  delivered = await market.tell.delivered({ goodsBudget: { minor: 5n, currency: 'NGN' } });
});
afterAll(() => market.close());

const beyondGoods = { ...hostile.amounts, 'one too many': 6n };

it.each(each(beyondGoods))('a delivery is not confirmed with %s spent of the goods budget', async (_, goodsSpent) => {
  const { escrows, customer } = market;
  const confirming = escrows.confirm(customer, delivered.errand.id, { goodsSpent });
  await expect(confirming).rejects.toMatchObject({ code: 'BAD_INPUT', fields: [{ path: 'goodsSpent' }] });
  expect(await escrows.get(customer, delivered.escrow.id)).toEqual(await escrowRow());
});

it.each(each({ ...hostile.texts, 'too much': 'x'.repeat(501) }))(
  'an errand is not called off for a reason with %s',
  async (_, reason) => {
    const { escrows, customer, tell } = market;
    const { errand } = await tell.offered();
    const cancelling = escrows.cancel(customer, errand.id, reason);
    await expect(cancelling).rejects.toMatchObject({ code: 'BAD_INPUT', fields: [{ path: 'reason' }] });
    expect((await market.errands.get(customer, errand.id)).state).toBe('OPEN');
  },
);

const topUps: readonly (readonly [string, string, Partial<TopUp>])[] = [
  ...each({ ...hostile.texts, nothing: '', 'too much': 'x'.repeat(101) }).map(
    ([what, reference]) => ['input.reference', what, { reference }] as const,
  ),
  ...each({ ...hostile.amounts, nothing: 0n }).map(
    ([what, amountMinor]) => ['input.amount.minor', what, { amountMinor }] as const,
  ),
  ['input.amount.currency', 'of another market', { currency: 'KES' }],
];

it.each(topUps)('a wallet is not topped up with %s being %s', async (path, _, input) => {
  const { wallets, customer, db } = market;
  const charges = await db.read.charge.count();
  const topUp = wallets.topUp(customer, { amountMinor: 5n, currency: 'NGN', ...input });
  await expect(topUp).rejects.toMatchObject({ code: 'BAD_INPUT', fields: [{ path }] });
  expect(await db.read.charge.count()).toBe(charges);
});

describe('what is given as null', () => {
  it('is as if it were not given', async () => {
    const { escrows, errands, offers, customer, runner, tell, wallets } = market;
    const { errand, offer } = await tell.offered();
    await escrows.acceptOffer(customer, offer.id, null);
    expect((await escrows.cancel(customer, errand.id, null)).errand.state).toBe('CANCELLED');
    const done = await escrows.confirm(customer, delivered.errand.id, { goodsSpent: null, expectedVersion: null });
    expect(done.escrow.refunded).toBe(0n);
    const open = await tell.open();
    const changed = await errands.update(customer, open.id, { title: 'Another title', pickupPoint: null }, null);
    expect(changed.title).toBe('Another title');
    const made = await offers.make(runner, open.id, { amountMinor: 5n, message: null, expiresAt: null });
    expect(made.offer).toMatchObject({ message: null, expiresAt: open.expiresAt });
    await wallets.topUp(customer, { amountMinor: 5n, currency: 'NGN', reference: null });
    const [all, asked] = [
      await errands.list(customer, {}),
      await errands.list(customer, { filter: null, orderBy: null, first: null, after: null }),
    ];
    expect(asked).toEqual(all);
    expect(await errands.listMine(customer, { as: null, states: null, first: null, after: null })).toEqual(
      await errands.listMine(customer, {}),
    );
    expect(await escrows.list(customer, { state: null, first: null, after: null })).toEqual(
      await escrows.list(customer, {}),
    );
  });
});

async function escrowRow() {
  return market.db.read.escrow.findUniqueOrThrow({ where: { id: delivered.escrow.id } });
}
