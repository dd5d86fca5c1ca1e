import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prisma } from '../../src/db/index.js';
import { AppError, uuidv7, type UserViewer } from '../../src/kernel/index.js';
import { countersMax, type Offer } from '../../src/modules/errands/index.js';
import { hourMs, proof, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeAll(async () => {
  market = await startMarket();
});
afterAll(() => market.close());

const price = (amountMinor: bigint) => ({ amountMinor });
const counter = (offer: Offer, amount: bigint, viewer: UserViewer = market.customer) =>
  market.offers.counter(viewer, { offerId: offer.id, input: price(amount) });
const answer = (offer: Offer, amount: bigint, viewer: UserViewer = market.runner) =>
  market.offers.answer(viewer, { offerId: offer.id, input: price(amount) });

async function countered(input: Parameters<StoryMarket['tell']['offered']>[0] = {}) {
  const { offer: first } = await market.tell.offered(input, 450_000n);
  return { first, ...(await counter(first, 400_000n)) };
}

const stateOf = async ({ id }: Offer) => (await market.db.read.offer.findUniqueOrThrow({ where: { id } })).state;

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** Every row that a price could touch. */
async function everyRow(): Promise<string> {
  const tables = ['errand', 'offer', 'escrow', 'process_event', 'outbox', 'journal'];
  const digests = tables.map(
    (table) =>
      Prisma.sql`SELECT ${table} AS name, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM ${Prisma.raw(table)} t`,
  );
  return JSON.stringify(await market.db.read.$queryRaw(Prisma.join(digests, ' UNION ALL ')));
}

describe('the offers of an errand', () => {
  it('show every live one, however many others were made and taken back', async () => {
    const { customer, rival, runner, tell, offers, db, clock } = market;
    const { errand, offer: first } = await tell.offered({}, 450_000n);
    clock.forward(1000);
    const { offer: second } = await offers.make(rival, errand.id, price(440_000n));
    const ended = Array.from({ length: 600 }, (_, nth) => {
      const at = new Date(clock.now().getTime() - 2000 - nth);
      return { ...second, id: uuidv7(), state: 'WITHDRAWN' as const, createdAt: at, updatedAt: at };
    });
    await db.write((tx) => tx.offer.createMany({ data: ended }));
    const shown = await offers.listFor(customer, errand.id);
    expect(shown).toHaveLength(500);
    expect(shown.slice(-2).map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(shown.map(({ createdAt }) => createdAt)).toEqual(
      shown.map(({ createdAt }) => createdAt).toSorted((a, b) => a.getTime() - b.getTime()),
    );
    expect(await offers.listFor(runner, errand.id)).toHaveLength(1);
  });
});

describe('customer and runner', () => {
  it('name prices in turn until one says yes to the other’s, and that price is what is paid', async () => {
    const { escrows, errands, wallets, customer, runner, db, clock } = market;
    const { first, offer: second } = await countered();
    clock.forward(1000);
    const { offer: third } = await answer(second, 430_000n);
    clock.forward(1000);
    const { offer: fourth } = await counter(third, 420_001n);
    const agreed = await escrows.acceptCounter(runner, fourth.id);
    expect([agreed.errand.state, agreed.errand.runnerId, agreed.errand.acceptedOfferId, agreed.escrow.gross]).toEqual([
      'AWAITING_FUNDING',
      runner.userId,
      fourth.id,
      420_001n,
    ]);
    const chain = await db.read.offer.findMany({ where: { errandId: agreed.errand.id }, orderBy: { round: 'asc' } });
    expect(chain.map(({ amount, state, counterOf, runnerId }) => [amount, state, counterOf, runnerId])).toEqual([
      [450_000n, 'SUPERSEDED', null, runner.userId],
      [400_000n, 'SUPERSEDED', first.id, runner.userId],
      [430_000n, 'SUPERSEDED', second.id, runner.userId],
      [420_001n, 'ACCEPTED', third.id, runner.userId],
    ]);
    await wallets.topUp(customer, { amountMinor: 420_001n, currency: 'NGN' });
    await escrows.fund(customer, agreed.errand.id);
    await errands.start(runner, agreed.errand.id);
    await errands.submitProof(runner, agreed.errand.id, [proof]);
    expect((await escrows.confirm(customer, agreed.errand.id)).escrow.released).toBe(420_001n);
    await market.assertSound();
  });

  it('are bound by no price but the last: every earlier one, and one that was taken back, is refused to both', async () => {
    const { escrows, offers, customer, runner } = market;
    const { first, offer: second } = await countered();
    const { offer: third } = await answer(second, 430_000n);
    const { offer: fourth } = await counter(third, 420_000n);
    await offers.withdraw(customer, fourth.id);
    const before = await everyRow();
    const outcomes = [];
    for (const { id } of [first, second, third, fourth]) {
      outcomes.push(await codeOf(escrows.acceptOffer(customer, id)), await codeOf(escrows.acceptCounter(runner, id)));
      outcomes.push(await codeOf(offers.counter(customer, { offerId: id, input: price(5n) })));
      outcomes.push(await codeOf(offers.answer(runner, { offerId: id, input: price(5n) })));
    }
    expect(new Set(outcomes)).toEqual(new Set(['ILLEGAL_TRANSITION']));
    expect(await everyRow()).toBe(before);
    expect((await offers.make(runner, fourth.errandId, price(425_000n))).offer).toMatchObject({
      round: 0,
      counterOf: null,
    });
  });

  it(`haggle over one offer until ${countersMax} prices were named to it; the last of the runner’s can be taken`, async () => {
    const { tell, escrows, customer } = market;
    let { offer } = await tell.offered();
    for (let named = 0; named < countersMax; named += 1) {
      ({ offer } = await counter(offer, 400_000n));
      ({ offer } = await answer(offer, 440_000n));
    }
    const before = await everyRow();
    await expect(counter(offer, 430_000n)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(await everyRow()).toBe(before);
    expect((await escrows.acceptOffer(customer, offer.id)).escrow.gross).toBe(440_000n);
  });

  it('have one live offer between them in every round', async () => {
    const { offers, runner, customer, rival } = market;
    const { errand, offer } = await countered();
    await offers.make(rival, errand.id, price(5n));
    expect((await offers.countsFor(market.tenantId, [errand.id])).get(errand.id)).toBe(2);
    await expect(offers.make(runner, errand.id, price(5n))).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await offers.withdraw(runner, offer.id);
    expect((await offers.countsFor(market.tenantId, [errand.id])).get(errand.id)).toBe(1);
    await expect(offers.withdraw(customer, offer.id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });
});

describe('nobody else', () => {
  it('is told of a counter-offer, or can answer one: a rival does not find it, others are forbidden, and no row changes', async () => {
    const { tell, offers, escrows, addPerson, tenantId, rival, staff, stranger, customer, runner } = market;
    const both = await addPerson(tenantId, 'SUPPORT', 'RUNNER');
    const { errand, offer: waiting } = await countered();
    const { offer: pending } = await offers.make(rival, errand.id, price(5n));
    const other = await tell.offered();
    const before = await everyRow();
    const outcome = async (viewer: UserViewer) =>
      Promise.all([
        codeOf(offers.counter(viewer, { offerId: pending.id, input: price(5n) })),
        codeOf(offers.answer(viewer, { offerId: waiting.id, input: price(5n) })),
        codeOf(escrows.acceptCounter(viewer, waiting.id)),
      ]);
    expect(await outcome(stranger)).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
    expect(await outcome(rival)).toEqual(['FORBIDDEN', 'NOT_FOUND', 'NOT_FOUND']);
    expect(await outcome(staff)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
    expect(await outcome(both)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
    expect(await codeOf(answer(waiting, 5n, customer))).toBe('FORBIDDEN');
    expect(await codeOf(escrows.acceptCounter(customer, waiting.id))).toBe('FORBIDDEN');
    expect(await codeOf(counter(pending, 5n, runner))).toBe('NOT_FOUND');
    expect(await codeOf(counter(waiting, 5n, runner))).toBe('FORBIDDEN');
    expect(await codeOf(offers.withdraw(customer, other.offer.id))).toBe('FORBIDDEN');
    expect(await codeOf(offers.withdraw(staff, waiting.id))).toBe('FORBIDDEN');
    const elsewhere = await addPerson(await market.addTenant('elsewhere', 'NGN'), 'CUSTOMER', 'RUNNER', 'ADMIN');
    expect(await outcome(elsewhere)).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
    expect(await everyRow()).toBe(before);
    const seen = async (viewer: UserViewer) =>
      new Set((await offers.listFor(viewer, errand.id)).map(({ amount }) => amount));
    expect([await seen(customer), await seen(runner), await seen(rival), await seen(stranger)]).toEqual([
      new Set([450_000n, 400_000n, 5n]),
      new Set([450_000n, 400_000n]),
      new Set([5n]),
      new Set(),
    ]);
  });

  it('hears that there is one: its news names the runner whom it is made to, and the customer hears of the answer', async () => {
    const { db, runner, customer } = market;
    const { errand, offer } = await countered();
    await answer(offer, 430_000n);
    const news = await db.read.outbox.findMany({
      where: { aggregateId: errand.id },
      orderBy: { seq: 'desc' },
      take: 2,
    });
    expect(news.map(({ payload }) => payload)).toMatchObject([
      { transition: 'answerCounter', actorId: runner.userId, customerId: customer.userId },
      { transition: 'counterOffer', actorId: customer.userId, runnerId: runner.userId },
    ]);
  });
});

describe('a counter-offer', () => {
  it('that asks for what cannot be is refused with every fault, and changes nothing', async () => {
    const { first, errand } = await countered();
    const { offer } = await market.offers.make(market.rival, errand.id, price(5n));
    const before = await everyRow();
    const bad = { amountMinor: 0n, message: 'x'.repeat(1001), expiresAt: market.clock.now() };
    await expect(market.offers.counter(market.customer, { offerId: offer.id, input: bad })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      fields: [{ path: 'input.amountMinor' }, { path: 'input.message' }, { path: 'input.expiresAt' }],
    });
    const stale = { offerId: offer.id, input: price(5n), expectedVersion: errand.version + 1 };
    await expect(market.offers.counter(market.customer, stale)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await expect(market.escrows.acceptCounter(market.runner, first.errandId)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await everyRow()).toBe(before);
  });

  it('lasts as long as the offer it answers, or as it says, and then ends: by the clock at once, by the timer on paper', async () => {
    const { offers, escrows, timers, clock, runner, customer, rival, tell } = market;
    const inHours = (hours: number) => new Date(clock.now().getTime() + hours * hourMs);
    const { errand } = await tell.offered();
    const { offer: brief } = await offers.make(rival, errand.id, { ...price(5n), expiresAt: inHours(2) });
    const { offer: inherited } = await counter(brief, 4n);
    expect(inherited.expiresAt).toEqual(brief.expiresAt);
    const input = { ...price(4n), expiresAt: inHours(1) };
    const [own] = await offers.listFor(runner, errand.id);
    const { offer: named } = await offers.counter(customer, { offerId: own!.id, input });
    clock.forward(hourMs);
    await expect(escrows.acceptCounter(runner, named.id)).rejects.toMatchObject({ message: 'The offer has expired.' });
    await expect(answer(named, 5n)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect((await offers.listFor(runner, errand.id)).map(({ state }) => state)).toEqual(['SUPERSEDED', 'EXPIRED']);
    expect(await stateOf(named)).toBe('COUNTERED');
    await timers.fireDue();
    expect([await stateOf(named), await stateOf(inherited)]).toEqual(['EXPIRED', 'COUNTERED']);
  });

  it('ends with its errand, and when that is changed or given to somebody else', async () => {
    const { errands, escrows, offers, wallets, timers, clock, customer, rival } = market;
    const edited = await countered();
    await errands.update(customer, edited.errand.id, { title: 'Another errand' });
    const called = await countered();
    await escrows.cancel(customer, called.errand.id);
    const lost = await countered();
    const { offer } = await offers.make(rival, lost.errand.id, price(1_000n));
    const { escrow } = await escrows.acceptOffer(customer, offer.id);
    expect(await stateOf(lost.offer)).toBe('COUNTERED');
    await expect(escrows.acceptCounter(market.runner, lost.offer.id)).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
    await wallets.topUp(customer, { amountMinor: escrow.gross, currency: 'NGN' });
    await escrows.fund(customer, lost.errand.id);
    const over = await countered({ expiresAt: new Date(clock.now().getTime() + hourMs) });
    clock.forward(hourMs);
    await timers.fireDue();
    const ends = await Promise.all([edited, called, lost, over].map((one) => stateOf(one.offer)));
    expect(ends).toEqual(['SUPERSEDED', 'REJECTED', 'SUPERSEDED', 'EXPIRED']);
    await market.assertSound();
  });

  it('waits while another offer is accepted, and can be agreed to when that one was not funded', async () => {
    const { escrows, offers, timers, clock, customer, runner, rival } = market;
    const { errand, offer } = await countered();
    const { offer: other } = await offers.make(rival, errand.id, price(1_000n));
    await escrows.acceptOffer(customer, other.id);
    clock.forward(25 * hourMs);
    await timers.fireDue();
    const agreed = await escrows.acceptCounter(runner, offer.id);
    expect([agreed.errand.runnerId, agreed.escrow.gross]).toEqual([runner.userId, 400_000n]);
  });
});

describe('the database', () => {
  it.each([
    ['a first price that waits for its own runner', { state: 'COUNTERED', round: 0, counterOf: null }],
    ['a customer’s price that waits for the customer', { state: 'PENDING', round: 1 }],
    ['a round without the price it answers', { state: 'REJECTED', round: 2, counterOf: null }],
    ['a second answer to one price', { state: 'REJECTED', round: 1 }],
  ] as const)('refuses %s', async (_what, data) => {
    const { first, offer } = await countered();
    const { id: _, ...row } = await market.db.read.offer.findUniqueOrThrow({ where: { id: offer.id } });
    const made = { ...row, runnerId: market.rival.userId, id: first.id.replace(/.{4}$/, 'ffff'), ...data };
    await expect(market.db.write((tx) => tx.offer.create({ data: made }))).rejects.toThrow(
      /offer_round|offer_turn|counter_of/,
    );
  });
});
