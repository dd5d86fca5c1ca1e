import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accounts } from '../../src/modules/ledger/index.js';
import { deliverySettlement } from '../../src/modules/escrows/index.js';
import { hourMs, proof, startMarket, storyFees, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
/** What the two had when the test began. */
let had: Record<'customer' | 'runner', bigint>;
beforeAll(async () => {
  market = await startMarket();
});
beforeEach(async () => {
  had = { customer: 0n, runner: 0n };
  had = { customer: await walletOf('customer'), runner: await walletOf('runner') };
});
afterEach(() => market.assertSound());
afterAll(() => market.close());

const goods = { goodsBudget: { minor: 200_000n, currency: 'NGN' } };
/** What came into a wallet, or left it, since. */
const walletOf = async (who: 'customer' | 'runner'): Promise<bigint> =>
  (await market.wallets.wallet(market[who])).minor - had[who];
const pay = (amountMinor: bigint) => market.wallets.topUp(market.customer, { amountMinor, currency: 'NGN' });
const refused = (code: string) => expect.objectContaining({ code });

describe('topping an escrow up', () => {
  it('takes more from the wallet for work and purchases, and settles it as if it had been agreed at once', async () => {
    const { escrows, errands, customer, runner, tell, ledger, tenantId } = market;
    const { errand, escrow } = await tell.assigned(goods, 450_000n);
    await pay(60_001n);
    const topped = await escrows.topUp(customer, errand.id, { serviceMinor: 10_001n, goodsMinor: 20_000n });
    expect(topped.escrow).toMatchObject({ gross: 680_001n, funded: 680_001n, goods: 220_000n, state: 'FUNDED' });
    expect(topped.errand.version).toBe(errand.version + 1);
    expect(await ledger.balance(tenantId, 'NGN', accounts.escrowGoods(escrow.id))).toBe(220_000n);
    await errands.start(runner, errand.id);
    await escrows.topUp(customer, errand.id, { serviceMinor: 10_000n });
    await errands.submitProof(runner, errand.id, [proof]);
    await escrows.topUp(customer, errand.id, { goodsMinor: 20_000n });
    await escrows.confirm(customer, errand.id, { goodsSpent: 240_000n });
    const whole = deliverySettlement(storyFees, { service: 470_001n, goods: 240_000n }, 240_000n);
    expect([await walletOf('runner'), await walletOf('customer')]).toEqual([whole.runner, 0n]);
  });

  it('is once for a version, for its customer, for money that is there, and of a sensible amount', async () => {
    const { escrows, customer, runner, tell } = market;
    const { errand } = await tell.started(goods, 450_000n);
    const topUp = (serviceMinor: bigint, version?: number) =>
      escrows.topUp(customer, errand.id, { serviceMinor }, version);
    await expect(topUp(900_000_000n)).rejects.toEqual(refused('INSUFFICIENT_FUNDS'));
    await pay(10n);
    await topUp(1n, errand.version);
    await expect(topUp(1n, errand.version)).rejects.toEqual(refused('VERSION_CONFLICT'));
    await expect(topUp(0n)).rejects.toEqual(refused('BAD_INPUT'));
    await expect(topUp(-1n)).rejects.toEqual(refused('BAD_INPUT'));
    await expect(escrows.topUp(customer, errand.id, { serviceMinor: 2n, goodsMinor: -1n })).rejects.toEqual(
      refused('BAD_INPUT'),
    );
    await expect(topUp(1_000_000_000n)).rejects.toEqual(refused('LIMIT_EXCEEDED'));
    await expect(topUp(2n ** 70n)).rejects.toEqual(refused('LIMIT_EXCEEDED'));
    await expect(escrows.topUp(runner, errand.id, { serviceMinor: 1n })).rejects.toEqual(refused('FORBIDDEN'));
    expect(await walletOf('customer')).toBe(9n);
  });

  it('is refused while a dispute holds the escrow, and when it is over', async () => {
    const { escrows, disputes, customer, tell } = market;
    const { errand } = await tell.delivered(goods, 450_000n);
    await pay(10n);
    const topUp = () => escrows.topUp(customer, errand.id, { serviceMinor: 1n });
    const { dispute } = await disputes.open(customer, errand.id, { reason: 'The box was wet.', claimMinor: 1n });
    await expect(topUp()).rejects.toEqual(refused('ILLEGAL_TRANSITION'));
    await disputes.withdraw(customer, dispute.id);
    await topUp();
    await escrows.confirm(customer, errand.id);
    await expect(topUp()).rejects.toEqual(refused('ILLEGAL_TRANSITION'));
  });

  it('goes back with the rest when the errand is called off or given back', async () => {
    const { escrows, customer, runner, tell } = market;
    const called = await tell.assigned(goods, 450_000n);
    await pay(100_000n);
    await escrows.topUp(customer, called.errand.id, { serviceMinor: 50_000n });
    await escrows.cancel(customer, called.errand.id);
    expect(await walletOf('customer')).toBe(750_000n);
    const given = await tell.started(goods, 450_000n);
    await escrows.topUp(customer, given.errand.id, { goodsMinor: 50_000n });
    const { escrow } = await escrows.drop(runner, given.errand.id);
    expect(escrow).toMatchObject({ state: 'REFUNDED', refunded: 700_000n });
    expect(await walletOf('customer')).toBe(1_400_000n);
  });
});

describe('a tip', () => {
  it('goes from wallet to wallet without commission, while the errand is under way and for 30 days after', async () => {
    const { escrows, errands, customer, runner, tell, clock, ledger, tenantId } = market;
    const { errand } = await tell.started({}, 1_000n);
    await pay(1_000n);
    await escrows.tip(customer, errand.id, 100n);
    await errands.submitProof(runner, errand.id, [proof]);
    await escrows.tip(customer, errand.id, 100n);
    await escrows.confirm(customer, errand.id);
    const net = (await walletOf('runner')) - 200n;
    const commission = await ledger.balance(tenantId, 'NGN', accounts.commission());
    clock.forward(30 * 24 * hourMs - 1);
    const { escrow, errand: after } = await escrows.tip(customer, errand.id, 300n);
    expect(escrow).toMatchObject({ tips: 500n, state: 'RELEASED', released: 1_000n });
    expect(after.state).toBe('COMPLETED');
    clock.forward(1);
    await expect(escrows.tip(customer, errand.id, 1n)).rejects.toEqual(refused('ILLEGAL_TRANSITION'));
    expect([await walletOf('runner'), await walletOf('customer')]).toEqual([net + 500n, 500n]);
    expect(await ledger.balance(tenantId, 'NGN', accounts.commission())).toBe(commission);
  });

  it('is no more than the service in all, above nothing, the customer’s to give, and not of a disputed errand', async () => {
    const { escrows, disputes, customer, runner, tell } = market;
    const { errand } = await tell.delivered(goods, 1_000n);
    await pay(5_000n);
    await escrows.tip(customer, errand.id, 600n);
    await expect(escrows.tip(customer, errand.id, 401n)).rejects.toEqual(refused('LIMIT_EXCEEDED'));
    for (const amount of [0n, -1n])
      await expect(escrows.tip(customer, errand.id, amount)).rejects.toEqual(refused('BAD_INPUT'));
    await expect(escrows.tip(runner, errand.id, 1n)).rejects.toEqual(refused('FORBIDDEN'));
    await escrows.tip(customer, errand.id, 400n);
    await disputes.open(customer, errand.id, { reason: 'The box was wet.', claimMinor: 1n });
    await expect(escrows.tip(customer, errand.id, 1n)).rejects.toEqual(refused('ILLEGAL_TRANSITION'));
    const early = await tell.assigned({}, 1_000n);
    await expect(escrows.tip(customer, early.errand.id, 1n)).rejects.toEqual(refused('ILLEGAL_TRANSITION'));
  });
});
