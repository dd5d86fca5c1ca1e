import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
const inAdvance = { ...goods, goodsInAdvance: true };
const service = 450_000n;
const net = deliverySettlement(storyFees, { service, goods: 0n }, 0n).runner;
const receipt = (amountMinor: bigint, paper = String(amountMinor)) => ({
  amountMinor,
  sha256: createHash('sha256').update(paper).digest('hex'),
});
/** What came into a wallet, or left it, since. */
const walletOf = async (who: 'customer' | 'runner'): Promise<bigint> =>
  (await market.wallets.wallet(market[who])).minor - had[who];
const refused = (code: string) => expect.objectContaining({ code });

describe('receipts', () => {
  it('are what the runner is paid for goods when nobody says otherwise; the change returns by itself', async () => {
    const { escrows, errands, customer, runner, tell, timers, clock } = market;
    const { errand } = await tell.started(goods, service);
    const { escrow } = await escrows.addReceipts(runner, errand.id, [receipt(100_000n), receipt(50_001n)]);
    expect(escrow).toMatchObject({ goodsReceipted: 150_001n, goodsAdvanced: 0n, state: 'FUNDED', released: 0n });
    expect(await walletOf('runner')).toBe(0n);
    await errands.submitProof(runner, errand.id, [proof]);
    clock.forward(73 * hourMs);
    expect(await timers.fireDue()).toMatchObject({ failed: 0 });
    expect([await walletOf('runner'), await walletOf('customer')]).toEqual([net + 150_001n, 49_999n]);
    const confirmed = await tell.started(goods, service);
    await escrows.addReceipts(runner, confirmed.errand.id, [receipt(1n)]);
    await errands.submitProof(runner, confirmed.errand.id, [proof]);
    expect((await escrows.confirm(customer, confirmed.errand.id)).escrow.refunded).toBe(199_999n);
  });

  it('bring an errand posted under the first rules its whole goods budget when there are none, and nothing since', async () => {
    const { errands, runner, tell, timers, clock, db } = market;
    const [old, young] = [await tell.started(goods, service), await tell.started(goods, service)];
    await db.write((tx) => tx.errand.update({ where: { id: old.errand.id }, data: { processVersion: 1 } }));
    for (const { errand } of [old, young]) await errands.submitProof(runner, errand.id, [proof]);
    clock.forward(73 * hourMs);
    expect(await timers.fireDue()).toMatchObject({ failed: 0 });
    const refunded = async ({ escrow: { id } }: typeof old) =>
      (await db.read.escrow.findUniqueOrThrow({ where: { id } })).refunded;
    expect([await refunded(old), await refunded(young)]).toEqual([0n, 200_000n]);
  });

  it('cannot be talked down by the customer without a dispute, and leave the rest to their word', async () => {
    const { escrows, errands, customer, runner, tell } = market;
    const { errand } = await tell.started(goods, service);
    await escrows.addReceipts(runner, errand.id, [receipt(150_000n)]);
    await errands.submitProof(runner, errand.id, [proof]);
    for (const goodsSpent of [149_999n, 200_001n])
      await expect(escrows.confirm(customer, errand.id, { goodsSpent })).rejects.toEqual(refused('BAD_INPUT'));
    await escrows.confirm(customer, errand.id, { goodsSpent: 160_000n });
    expect([await walletOf('runner'), await walletOf('customer')]).toEqual([net + 160_000n, 40_000n]);
  });

  it('are within the goods part, counted once, and the runner’s to show on the way', async () => {
    const { escrows, errands, customer, runner, tell, wallets } = market;
    const { errand } = await tell.assigned(goods, service);
    const add = (...receipts: ReturnType<typeof receipt>[]) => escrows.addReceipts(runner, errand.id, receipts);
    await expect(add(receipt(1n))).rejects.toEqual(refused('ILLEGAL_TRANSITION'));
    await errands.start(runner, errand.id);
    await add(receipt(150_000n));
    await expect(add(receipt(50_001n))).rejects.toEqual(refused('LIMIT_EXCEEDED'));
    await expect(add(receipt(150_000n, '150000'))).rejects.toEqual(refused('LIMIT_EXCEEDED'));
    await expect(add(receipt(1n, '150000'))).rejects.toEqual(refused('ALREADY_EXISTS'));
    await expect(add(receipt(1n), receipt(2n, '1'))).rejects.toEqual(refused('ALREADY_EXISTS'));
    for (const bad of [[], [receipt(0n)], [receipt(5n), receipt(-5n)], [{ amountMinor: 1n, sha256: 'x' }]])
      await expect(add(...bad)).rejects.toEqual(refused('BAD_INPUT'));
    await expect(escrows.addReceipts(customer, errand.id, [receipt(1n)])).rejects.toEqual(refused('FORBIDDEN'));
    await wallets.topUp(customer, { amountMinor: 1n, currency: 'NGN' });
    await escrows.topUp(customer, errand.id, { goodsMinor: 1n });
    expect((await add(receipt(50_001n))).escrow.goodsReceipted).toBe(200_001n);
  });

  it('decide what an undecided dispute of a delivery pays for goods', async () => {
    const { escrows, errands, disputes, customer, runner, tell, timers, clock, db } = market;
    const { errand, escrow } = await tell.started(goods, service);
    await escrows.addReceipts(runner, errand.id, [receipt(150_000n)]);
    await errands.submitProof(runner, errand.id, [proof]);
    const { dispute } = await disputes.open(customer, errand.id, { reason: 'The box was wet.', claimMinor: 1n });
    await disputes.respond(runner, dispute.id, { statement: 'It was dry.' });
    for (const hours of [73, 49]) {
      clock.forward(hours * hourMs);
      await timers.fireDue();
    }
    const after = await db.read.escrow.findUniqueOrThrow({ where: { id: escrow.id } });
    expect(after).toMatchObject({ state: 'SPLIT', released: 600_000n, refunded: 50_000n });
  });
});

describe('goods in advance', () => {
  it('are paid against each receipt at once, and never more than receipts say', async () => {
    const { escrows, errands, customer, runner, tell } = market;
    const { errand } = await tell.started(inAdvance, service);
    const first = await escrows.addReceipts(runner, errand.id, [receipt(100_000n)]);
    expect(first.escrow).toMatchObject({ state: 'PARTIALLY_RELEASED', released: 100_000n, goodsAdvanced: 100_000n });
    expect(await walletOf('runner')).toBe(100_000n);
    const stale = escrows.addReceipts(runner, errand.id, [receipt(2n)], errand.version);
    await expect(stale).rejects.toEqual(refused('VERSION_CONFLICT'));
    await escrows.addReceipts(runner, errand.id, [receipt(50_000n)]);
    await errands.submitProof(runner, errand.id, [proof]);
    const { escrow } = await escrows.confirm(customer, errand.id);
    expect(escrow).toMatchObject({ state: 'RELEASED', released: 600_000n, refunded: 50_000n });
    expect([await walletOf('runner'), await walletOf('customer')]).toEqual([net + 150_000n, 50_000n]);
  });

  it('bind the runner: who was paid for goods settles the rest by a dispute, which is about what is left', async () => {
    const { escrows, disputes, customer, runner, tell, timers, clock, db } = market;
    const { errand, escrow } = await tell.started(inAdvance, service);
    await escrows.addReceipts(runner, errand.id, [receipt(100_000n)]);
    await expect(escrows.drop(runner, errand.id)).rejects.toEqual(refused('ILLEGAL_TRANSITION'));
    const open = (claimMinor: bigint) =>
      disputes.open(customer, errand.id, { reason: 'Nobody ever came.', claimMinor });
    await expect(open(550_001n)).rejects.toEqual(refused('BAD_INPUT'));
    await open(550_000n);
    for (const hours of [49, 49]) {
      clock.forward(hours * hourMs);
      await timers.fireDue();
    }
    const after = await db.read.escrow.findUniqueOrThrow({ where: { id: escrow.id } });
    expect(after).toMatchObject({ state: 'SPLIT', released: 100_000n, refunded: 550_000n });
    expect([await walletOf('runner'), await walletOf('customer')]).toEqual([100_000n, 550_000n]);
  });
});
