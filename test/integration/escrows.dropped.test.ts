import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accounts } from '../../src/modules/ledger/index.js';
import { proof, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeEach(async () => {
  market = await startMarket();
});
afterEach(async () => {
  await market.assertSound();
  await market.close();
});

const goods = { goodsBudget: { minor: 200_000n, currency: 'NGN' } };
const walletOf = async (who: 'customer' | 'runner' | 'rival'): Promise<bigint> =>
  (await market.wallets.wallet(market[who])).minor;

describe('an errand that its runner gives back', () => {
  it.each(['assigned', 'started'] as const)(
    'when %s brings everything back to the customer and takes offers again',
    async (chapter) => {
      const { customer, runner, escrows, errands, offers, tell, ledger, tenantId, db } = market;
      const story = await tell[chapter](goods, 450_000n);
      expect(await walletOf('customer')).toBe(0n);
      const { errand, escrow } = await escrows.drop(runner, story.errand.id, 'My bike broke down.');
      expect(errand).toMatchObject({ state: 'OPEN', runnerId: null, acceptedOfferId: null, fundBy: null });
      expect(escrow).toMatchObject({
        state: 'REFUNDED',
        refunded: 650_000n,
        released: 0n,
        retiredAt: expect.any(Date),
      });
      expect([await walletOf('customer'), await walletOf('runner')]).toEqual([650_000n, 0n]);
      for (const account of [accounts.escrowService(escrow.id), accounts.escrowGoods(escrow.id)])
        expect(await ledger.balance(tenantId, 'NGN', account)).toBe(0n);
      expect((await offers.listFor(customer, errand.id)).map(({ state }) => state)).toEqual(['WITHDRAWN']);
      const event = await db.read.processEvent.findFirst({ where: { errandId: errand.id }, orderBy: { seq: 'desc' } });
      expect(event).toMatchObject({
        transition: 'runnerDrop',
        reason: 'My bike broke down.',
        actorRole: 'assignedRunner',
      });
      expect(await escrows.byErrandIds(tenantId, [errand.id])).toEqual([]);
      expect((await errands.listMine(runner, { as: 'RUNNER' })).rows).toEqual([]);
    },
  );

  it('gets a second escrow of its own with the next runner, and the first keeps its story', async () => {
    const { customer, runner, rival, escrows, errands, offers, wallets, tell, tenantId } = market;
    const first = await tell.started({}, 450_000n);
    const dropped = await escrows.drop(runner, first.errand.id);
    const { offer } = await offers.make(rival, first.errand.id, { amountMinor: 400_000n });
    const { escrow: second } = await escrows.acceptOffer(customer, offer.id);
    expect(second).toMatchObject({ state: 'AWAITING_FUNDS', gross: 400_000n, runnerId: rival.userId });
    expect(second.id).not.toBe(first.escrow.id);
    await escrows.fund(customer, first.errand.id);
    await errands.start(rival, first.errand.id);
    await errands.submitProof(rival, first.errand.id, [proof]);
    await escrows.confirm(customer, first.errand.id);
    expect(await escrows.get(runner, first.escrow.id)).toEqual(dropped.escrow);
    expect(await escrows.get(rival, second.id)).toMatchObject({ state: 'RELEASED', released: 400_000n });
    expect((await escrows.byErrandIds(tenantId, [first.errand.id])).map(({ id }) => id)).toEqual([second.id]);
    // 12.5 % of 400,000 is 50,000, VAT on it 3,750.
    expect(await walletOf('rival')).toBe(346_250n);
    expect((await wallets.wallet(customer)).minor).toBe(50_000n);
    await expect(escrows.get(rival, first.escrow.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('may be taken by the same runner again, and given back again', async () => {
    const { customer, runner, escrows, offers, tell, db } = market;
    const { errand } = await tell.assigned();
    for (let round = 0; round < 2; round += 1) {
      await escrows.drop(runner, errand.id);
      const { offer } = await offers.make(runner, errand.id, { amountMinor: 450_000n });
      await escrows.acceptOffer(customer, offer.id);
      await escrows.fund(customer, errand.id);
    }
    const rows = await db.read.escrow.findMany({ where: { errandId: errand.id }, orderBy: { createdAt: 'asc' } });
    expect(rows.map(({ state, retiredAt }) => [state, retiredAt === null]).toSorted()).toEqual([
      ['FUNDED', true],
      ['REFUNDED', false],
      ['REFUNDED', false],
    ]);
  });

  it('can be taken from them by staff, by nobody else, and not once it is delivered or disputed', async () => {
    const { customer, rival, stranger, staff, runner, escrows, disputes, tell } = market;
    const { errand } = await tell.started();
    for (const who of [customer, rival, stranger])
      await expect(escrows.drop(who, errand.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const delivered = await tell.delivered();
    const { errand: disputed } = await tell.started();
    await disputes.open(customer, disputed.id, { reason: 'He went home.', claimMinor: 1n });
    for (const { id } of [delivered.errand, disputed])
      for (const who of [runner, staff])
        await expect(escrows.drop(who, id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect((await escrows.drop(staff, errand.id)).errand.state).toBe('OPEN');
  });

  it('is not given back once part of its money was released', async () => {
    const { customer, runner, errands, escrows, tell } = market;
    const { errand, escrow } = await tell.assigned();
    const steps = [escrow.gross - 1n, 1n].map((amountMinor) => ({ title: 'A step', amountMinor }));
    await escrows.agreeMilestones(customer, errand.id, steps);
    await errands.start(runner, errand.id);
    await escrows.releaseMilestone(customer, errand.id, 2);
    await expect(escrows.drop(runner, errand.id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });

  it('has one escrow that is not retired: the database takes no second', async () => {
    const { tell, db } = market;
    const { escrow } = await tell.assigned();
    const { id: _, ...row } = escrow;
    const second = db.write((tx) => tx.escrow.create({ data: { ...row, id: crypto.randomUUID() } }));
    await expect(second).rejects.toMatchObject({ code: 'P2002' });
  });
});
