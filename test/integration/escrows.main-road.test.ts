import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts } from '../../src/modules/ledger/index.js';
import { hourMs, minuteMs, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeAll(async () => {
  market = await startMarket();
});
afterAll(() => market.close());

const goods = { goodsBudget: { minor: 200_001n, currency: 'NGN' } };

describe('the main road', () => {
  it('moves every kobo of a delivery from the provider to runner, commission, VAT and back, and nothing else', async () => {
    const { customer, runner, escrows, wallets, tell, tenantId, ledger } = market;
    const { errand, escrow } = await tell.delivered(goods, 450_001n);
    expect([errand.state, escrow.state, escrow.gross, escrow.funded]).toEqual([
      'DELIVERED',
      'FUNDED',
      650_002n,
      650_002n,
    ]);
    expect((await wallets.wallet(customer)).minor).toBe(0n);

    const done = await escrows.confirm(customer, errand.id, { goodsSpent: 150_000n });

    // 12.5 % of 450,001 is 56,250.125; 7.5 % of that is 4,218.76; the runner's 389,532.12 is left: 389,532 + 56,250 + 4,219.
    expect(done.errand).toMatchObject({ state: 'COMPLETED', version: errand.version + 1 });
    expect(done.escrow).toMatchObject({
      state: 'RELEASED',
      released: 600_001n,
      refunded: 50_001n,
      funded: 650_002n,
    });
    const held = (account: Parameters<typeof ledger.balance>[2]) => ledger.balance(tenantId, 'NGN', account);
    expect(await held(accounts.wallet(runner.userId))).toBe(389_532n + 150_000n);
    expect(await held(accounts.wallet(customer.userId))).toBe(50_001n);
    expect(await held(accounts.commission())).toBe(56_250n);
    expect(await held(accounts.vat())).toBe(4_219n);
    expect(await held(accounts.pspClearing('sandbox'))).toBe(650_002n);
    expect(await held(accounts.escrowService(escrow.id))).toBe(0n);
    expect(await held(accounts.escrowGoods(escrow.id))).toBe(0n);
    expect(await ledger.health(tenantId)).toMatchObject({
      ok: true,
      journals: 3,
      imbalance: [{ currency: 'NGN', minor: 0n }],
    });
  });

  it('tells the whole road in process events without gaps, each with its news in the outbox', async () => {
    const { customer, escrows, tell, db } = market;
    const { errand } = await tell.delivered();
    await escrows.confirm(customer, errand.id);
    const events = await db.read.processEvent.findMany({ where: { errandId: errand.id }, orderBy: { seq: 'asc' } });
    expect(
      events.map(({ seq, transition, from, to, actorRole }) => `${seq} ${transition} ${from} ${to} ${actorRole}`),
    ).toEqual([
      '1 post null DRAFT customer',
      '2 publish DRAFT OPEN customer',
      '3 placeOffer OPEN OPEN runner',
      '4 acceptOffer OPEN AWAITING_FUNDING customer',
      '5 fundFromWallet AWAITING_FUNDING ASSIGNED customer',
      '6 start ASSIGNED IN_PROGRESS assignedRunner',
      '7 submitProof IN_PROGRESS DELIVERED assignedRunner',
      '8 confirm DELIVERED COMPLETED customer',
    ]);
    const news = await db.read.outbox.findMany({ where: { aggregateId: errand.id }, orderBy: { seq: 'asc' } });
    expect(news.map(({ payload }) => (payload as { transition: string }).transition)).toEqual(
      events.map(({ transition }) => transition),
    );
  });

  it('gives the customer everything back when an assigned errand is called off within the free minutes', async () => {
    const { customer, escrows, wallets, tell, clock } = market;
    const before = (await wallets.wallet(customer)).minor;
    const { errand, escrow } = await tell.assigned(goods);
    clock.forward(15 * minuteMs);
    const { escrow: after } = await escrows.cancel(customer, errand.id, 'changed my mind');
    expect(after).toMatchObject({ state: 'REFUNDED', released: 0n, refunded: escrow.gross });
    expect((await wallets.wallet(customer)).minor).toBe(before + escrow.gross);
  });

  it('compensates the runner out of the cancellation fee once the free minutes are over', async () => {
    const { customer, runner, escrows, wallets, tell, clock, ledger, tenantId } = market;
    const runnerHad = (await wallets.wallet(runner)).minor;
    const customerHad = (await wallets.wallet(customer)).minor;
    const { errand } = await tell.assigned({}, 333_333n);
    clock.forward(15 * minuteMs + 1);
    const { escrow, errand: after } = await escrows.cancel(customer, errand.id);
    // 10 % of 333,333 rounded down is 33,333; RunAm's 12.5 % of that rounded down is 4,166.
    expect(after.state).toBe('CANCELLED');
    expect(escrow).toMatchObject({ state: 'SPLIT', released: 33_333n, refunded: 300_000n });
    expect((await wallets.wallet(runner)).minor - runnerHad).toBe(29_167n);
    expect((await wallets.wallet(customer)).minor - customerHad).toBe(300_000n);
    expect(await ledger.balance(tenantId, 'NGN', accounts.cancellation())).toBe(4_166n);
    expect((await ledger.health('all')).ok).toBe(true);
  });

  it('calls an unfunded errand off without moving money: offers are rejected and the escrow is void', async () => {
    const { customer, rival, escrows, offers, tell, db } = market;
    const { errand, offer } = await tell.offered();
    await offers.make(rival, errand.id, { amountMinor: 1n });
    await escrows.acceptOffer(customer, offer.id);
    const journals = await db.read.journal.count();
    const { errand: after, escrow } = await escrows.cancel(customer, errand.id);
    expect([after.state, escrow?.state]).toEqual(['CANCELLED', 'VOID']);
    const states = (await offers.listFor(customer, errand.id)).map(({ state }) => state);
    expect(states).toEqual(['REJECTED', 'REJECTED']);
    expect(await db.read.journal.count()).toBe(journals);
  });

  it('supersedes the other offers when the accepted one is funded, not before', async () => {
    const { customer, rival, escrows, offers, wallets, tell } = market;
    const { errand, offer } = await tell.offered();
    const other = await offers.make(rival, errand.id, { amountMinor: 1n });
    const { escrow } = await escrows.acceptOffer(customer, offer.id);
    const stateOfOther = async () => (await offers.listFor(rival, errand.id)).map(({ id, state }) => [id, state]);
    expect(await stateOfOther()).toEqual([[other.offer.id, 'PENDING']]);
    await wallets.topUp(customer, { amountMinor: escrow.gross, currency: 'NGN' });
    await escrows.fund(customer, errand.id);
    expect(await stateOfOther()).toEqual([[other.offer.id, 'SUPERSEDED']]);
  });

  it('refuses to accept an offer that has expired', async () => {
    const { customer, runner, escrows, offers, tell, clock } = market;
    const errand = await tell.open();
    const { offer } = await offers.make(runner, errand.id, {
      amountMinor: 5n,
      expiresAt: new Date(clock.now().getTime() + hourMs),
    });
    clock.forward(hourMs);
    await expect(escrows.acceptOffer(customer, offer.id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });

  it('takes over the void escrow of an errand that opened again', async () => {
    const { customer, rival, escrows, offers, tell, timers, clock } = market;
    const first = await tell.accepted();
    clock.forward(24 * hourMs);
    expect((await timers.fireDue()).failed).toBe(0);
    const { offer } = await offers.make(rival, first.errand.id, { amountMinor: 77n });
    const { escrow } = await escrows.acceptOffer(customer, offer.id);
    expect(escrow).toMatchObject({
      id: first.escrow.id,
      state: 'AWAITING_FUNDS',
      gross: 77n,
      runnerId: rival.userId,
      version: 3,
    });
  });
});

describe('statements', () => {
  const counted = async (work: () => Promise<unknown>): Promise<number> => {
    market.statements.length = 0;
    await work();
    return market.statements.filter((sql) => !/^(BEGIN|COMMIT)/.test(sql) && !sql.includes('row_change')).length;
  };

  it('books a journal in three and confirms a delivery in seven', async () => {
    const { customer, escrows, tell, statements } = market;
    const { errand } = await tell.delivered();
    const total = await counted(() => escrows.confirm(customer, errand.id));
    const ledger = statements.filter((sql) => /journal|ledger_account/.test(sql)).length;
    expect([ledger, total]).toEqual([3, 7]);
  });

  it('lists a page of the market, with any filter, in one', async () => {
    const { customer, errands } = market;
    const filter = {
      states: ['OPEN', 'COMPLETED'],
      categories: ['DELIVERY'],
      area: 'yaba',
      budgetMin: 1n,
      text: 'parcel',
    } as const;
    expect(await counted(() => errands.list(customer, { filter, first: 5 }))).toBe(1);
  });
});
