import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accounts, type AccountRef } from '../../src/modules/ledger/index.js';
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

const service = 450_001n;
const goods = { goodsBudget: { minor: 200_000n, currency: 'NGN' } };
const steps = [150_000n, 200_000n, 100_001n].map((amountMinor, index) => ({ title: `Step ${index + 1}`, amountMinor }));
/** What came into a wallet, or left it, since. */
const walletOf = async (who: 'customer' | 'runner'): Promise<bigint> =>
  (await market.wallets.wallet(market[who])).minor - had[who];
const booked = (account: AccountRef) => market.ledger.balance(market.tenantId, 'NGN', account);

/** An errand that was agreed in three steps, and whose runner is on the way. */
async function onTheWay(): Promise<{ errandId: string; escrowId: string }> {
  const { tell, escrows, errands, customer, runner } = market;
  const { errand, escrow } = await tell.assigned(goods, service);
  await escrows.agreeMilestones(customer, errand.id, steps);
  await errands.start(runner, errand.id);
  return { errandId: errand.id, escrowId: escrow.id };
}

describe('milestones', () => {
  it('pay the runner step by step, and in the end all what one settlement of the whole would have paid', async () => {
    const { escrows, errands, customer, runner, db } = market;
    const before = [await booked(accounts.commission()), await booked(accounts.vat())] as const;
    const { errandId, escrowId } = await onTheWay();
    const first = await escrows.releaseMilestone(customer, errandId, 2);
    expect(first.escrow).toMatchObject({ state: 'PARTIALLY_RELEASED', released: 200_000n, serviceReleased: 200_000n });
    expect(await walletOf('runner')).toBe(200_000n - first.escrow.commissionReleased - first.escrow.vatReleased);
    await escrows.releaseMilestone(customer, errandId, 1);
    await errands.submitProof(runner, errandId, [proof]);
    await escrows.releaseMilestone(customer, errandId, 3);
    const { escrow, errand } = await escrows.confirm(customer, errandId, { goodsSpent: 150_000n });
    const whole = deliverySettlement(storyFees, { service, goods: 200_000n }, 150_000n);
    expect([errand.state, escrow.state, escrow.released, escrow.refunded]).toEqual([
      'COMPLETED',
      'RELEASED',
      600_001n,
      50_000n,
    ]);
    expect([await walletOf('runner'), await walletOf('customer')]).toEqual([whole.runner, whole.customer]);
    expect([await booked(accounts.commission() as never), await booked(accounts.vat() as never)]).toEqual([
      before[0] + whole.commission,
      before[1] + whole.vat,
    ]);
    const milestones = await db.read.milestone.findMany({ where: { escrowId }, orderBy: { seq: 'asc' } });
    expect(milestones.map(({ seq, state, amount }) => [seq, state, amount])).toEqual([
      [1, 'RELEASED', 150_000n],
      [2, 'RELEASED', 200_000n],
      [3, 'RELEASED', 100_001n],
    ]);
    expect(milestones.reduce((sum, { commission }) => sum + commission!, 0n)).toBe(whole.commission);
  });

  it('leave the rest to the confirmation, to automatic release, and to nobody twice', async () => {
    const { escrows, errands, customer, runner, timers, clock } = market;
    const whole = deliverySettlement(storyFees, { service, goods: 0n }, 0n);
    const { errandId } = await onTheWay();
    await escrows.releaseMilestone(customer, errandId, 1);
    await expect(escrows.releaseMilestone(customer, errandId, 1)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await errands.submitProof(runner, errandId, [proof]);
    clock.forward(73 * hourMs);
    expect(await timers.fireDue()).toMatchObject({ failed: 0 });
    expect(await walletOf('runner')).toBe(whole.runner);
    expect(await walletOf('customer')).toBe(200_000n);
  });

  it('that paid all there was leave a confirmation that moves nothing', async () => {
    const { tell, escrows, errands, customer, runner, disputes, db } = market;
    const { errand } = await tell.assigned({}, 300n);
    await escrows.agreeMilestones(customer, errand.id, [{ title: 'All of it', amountMinor: 300n }]);
    await errands.start(runner, errand.id);
    await escrows.releaseMilestone(customer, errand.id, 1);
    await errands.submitProof(runner, errand.id, [proof]);
    const claim = { reason: 'The box was wet.', claimMinor: 1n };
    await expect(disputes.open(customer, errand.id, claim)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    const { escrow, errand: done } = await escrows.confirm(customer, errand.id);
    expect([done.state, escrow.state, escrow.released]).toEqual(['COMPLETED', 'RELEASED', 300n]);
    expect(await db.read.journal.count({ where: { businessRef: `errand:${errand.id}`, kind: 'errand.confirm' } })).toBe(
      0,
    );
  });

  it('sum to the service part, and are 1 to 20 steps above nothing with a title', async () => {
    const { tell, escrows, customer, db } = market;
    const { errand, escrow } = await tell.accepted(goods, 300n);
    const agree = (...amounts: bigint[]) =>
      escrows.agreeMilestones(
        customer,
        errand.id,
        amounts.map((amountMinor) => ({ title: 'A step', amountMinor })),
      );
    const refused = { code: 'BAD_INPUT', message: /milestones/ };
    await expect(agree(100n, 199n)).rejects.toMatchObject(refused);
    await expect(agree(100n, 201n)).rejects.toMatchObject(refused);
    await expect(agree(-1n, 301n)).rejects.toMatchObject(refused);
    await expect(agree(...Array.from({ length: 21 }, () => 1n))).rejects.toMatchObject(refused);
    const untitled = [{ title: ' ', amountMinor: 300n }];
    await expect(escrows.agreeMilestones(customer, errand.id, untitled)).rejects.toMatchObject(refused);
    await agree(100n, 200n);
    const { errand: after } = await agree(300n);
    expect(after.version).toBe(errand.version + 2);
    expect(await db.read.milestone.count({ where: { escrowId: escrow.id } })).toBe(1);
    await agree();
    expect(await db.read.milestone.count({ where: { escrowId: escrow.id } })).toBe(0);
  });

  it('are agreed before the runner starts, and are the customer’s to agree and to release', async () => {
    const { escrows, errands, customer, runner, stranger, tell } = market;
    const { errandId } = await onTheWay();
    const late = escrows.agreeMilestones(customer, errandId, steps);
    await expect(late).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    for (const who of [runner, stranger])
      await expect(escrows.releaseMilestone(who, errandId, 1)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    for (const seq of [0, 4, 1.5, 1e9])
      await expect(escrows.releaseMilestone(customer, errandId, seq)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const plain = await tell.started({}, 300n);
    const none = escrows.releaseMilestone(customer, plain.errand.id, 1);
    await expect(none).rejects.toMatchObject({ code: 'BAD_INPUT', message: /no milestones/ });
    await escrows.releaseMilestone(customer, errandId, 1, (await errands.find(market.tenantId, errandId)).version);
    const stale = escrows.releaseMilestone(customer, errandId, 2, 1);
    await expect(stale).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  });

  it('go with the offer they were agreed with', async () => {
    const { tell, escrows, offers, customer, rival, clock, timers, db } = market;
    const { errand, escrow } = await tell.accepted({}, 300n);
    await escrows.agreeMilestones(customer, errand.id, [{ title: 'All of it', amountMinor: 300n }]);
    clock.forward(25 * hourMs);
    await timers.fireDue();
    const { offer } = await offers.make(rival, errand.id, { amountMinor: 400n });
    const again = await escrows.acceptOffer(customer, offer.id);
    expect(again.escrow).toMatchObject({ id: escrow.id, state: 'AWAITING_FUNDS', gross: 400n });
    expect(await db.read.milestone.count({ where: { escrowId: escrow.id } })).toBe(0);
  });

  it('that were paid keep the runner from giving the errand back, and a dispute to what is still held', async () => {
    const { escrows, customer, runner, disputes, clock, timers, db, tenantId, addPerson } = market;
    const arbiter = await addPerson(tenantId, 'ARBITER');
    const earlier = (await booked(accounts.commission())) + (await booked(accounts.vat()));
    const { errandId, escrowId } = await onTheWay();
    const { escrow: before } = await escrows.releaseMilestone(customer, errandId, 1);
    await expect(escrows.drop(runner, errandId)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    const open = (claimMinor: bigint) =>
      disputes.open(customer, errandId, { reason: 'The rest never came.', claimMinor });
    await expect(open(500_002n)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const { dispute } = await open(500_001n);
    await expect(escrows.releaseMilestone(customer, errandId, 2)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await disputes.respond(runner, dispute.id, { statement: 'It did come.' });
    const reason = 'Half of it came.';
    await disputes.propose(arbiter, dispute.id, { outcome: 'SPLIT', customerAmountMinor: 250_001n, reason });
    clock.forward(49 * hourMs);
    await timers.fireDue();
    const escrow = await db.read.escrow.findUniqueOrThrow({ where: { id: escrowId } });
    expect(escrow).toMatchObject({ state: 'SPLIT', released: 400_000n, refunded: 250_001n });
    const fees = (await booked(accounts.commission())) + (await booked(accounts.vat())) - earlier;
    expect(await walletOf('runner')).toBe(400_000n - fees);
    expect(await walletOf('customer')).toBe(250_001n);
    expect(fees).toBeGreaterThan(before.commissionReleased + before.vatReleased);
  });

  it('that were paid are changed by nobody, in the database either', async () => {
    const { escrows, customer, db } = market;
    const { errandId, escrowId } = await onTheWay();
    await escrows.releaseMilestone(customer, errandId, 1);
    for (const [sql, refusal] of [
      ['DELETE FROM milestone WHERE escrow_id = $1::uuid', 'append-only'],
      ['UPDATE milestone SET amount = 1 WHERE escrow_id = $1::uuid AND seq = 1', 'append-only'],
      ['UPDATE escrow SET released = released + 1 WHERE id = $1::uuid', 'escrow_released_in_part'],
      ['UPDATE escrow SET service_released = gross WHERE id = $1::uuid', 'escrow_'],
    ] as const)
      await expect(db.write((tx) => tx.$executeRawUnsafe(sql, escrowId))).rejects.toThrow(refusal);
  });
});
