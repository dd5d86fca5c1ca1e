import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { AppError, silentLogger } from '../../src/kernel/index.js';
import { liveOfferStates } from '../../src/modules/errands/index.js';
import { createServices, hourMs, startMarket, type StoryMarket, type StoryServices } from '../support/stories.js';

/** Each rival has a server of its own: one pool, one connection, opened before the race starts. */
const rivalsMax = 10;
let market: StoryMarket;
let rivals: readonly StoryServices[];

beforeAll(async () => {
  market = await startMarket();
  rivals = Array.from({ length: rivalsMax }, () =>
    createServices(
      createDb({ url: market.database.url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 30_000 }),
      market.clock,
    ),
  );
  await Promise.all(rivals.map(({ db }) => db.read.tenant.count()));
});
afterAll(async () => {
  await Promise.all(rivals.map(({ db }) => db.close()));
  await market.close();
});

type Attempt = (one: StoryServices) => Promise<unknown>;

/** Lets everybody go at once. @returns the names of those who won; everybody else was told a code of `refused` */
async function race(attempts: readonly (readonly [string, Attempt])[], refused = ['ILLEGAL_TRANSITION']) {
  const results = await Promise.allSettled(attempts.map(([, attempt], index) => attempt(rivals[index]!)));
  return attempts.flatMap(([name], index) => {
    const result = results[index]!;
    if (result.status === 'fulfilled') return [name];
    if (result.reason instanceof AppError && refused.includes(result.reason.code)) return [];
    throw result.reason;
  });
}

const price = (amountMinor: bigint) => ({ amountMinor });
const rounds = 3;

/** What holds of an errand's offers however its race ended: one agreed price at most, one live one a runner, no gap in the story. */
async function expectSound(errandId: string): Promise<void> {
  const { db, assertSound } = market;
  const offers = await db.read.offer.findMany({ where: { errandId } });
  const errand = await db.read.errand.findUniqueOrThrow({ where: { id: errandId } });
  const accepted = offers.filter(({ state }) => state === 'ACCEPTED');
  expect(accepted.map(({ id, runnerId }) => [id, runnerId])).toEqual(
    errand.acceptedOfferId ? [[errand.acceptedOfferId, errand.runnerId]] : [],
  );
  const live = offers.filter(({ state }) => (liveOfferStates as readonly string[]).includes(state));
  expect(new Set(live.map(({ runnerId }) => runnerId)).size).toBe(live.length);
  const escrow = await db.read.escrow.findFirst({ where: { errandId, retiredAt: null } });
  expect(escrow?.state === 'VOID' ? undefined : escrow?.gross).toBe(accepted[0]?.amount);
  const events = await db.read.processEvent.findMany({ where: { errandId }, orderBy: { seq: 'asc' } });
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  const named = events.filter(({ transition }) => /^(placeOffer|counterOffer|answerCounter)$/.test(transition));
  expect(named.length).toBe(offers.length);
  await assertSound();
}

describe('a price that waits for the customer', () => {
  it('is accepted, countered or withdrawn, once, when all is tried at once', async () => {
    const { tell, customer, runner } = market;
    for (let round = 0; round < rounds; round += 1) {
      const { errand, offer } = await tell.offered();
      const counter: Attempt = ({ offers }) => offers.counter(customer, { offerId: offer.id, input: price(5n) });
      const won = await race([
        ['accept', ({ escrows }) => escrows.acceptOffer(customer, offer.id)],
        ['counter', counter],
        ['counter', counter],
        ['counter', counter],
        ['withdraw', ({ offers }) => offers.withdraw(runner, offer.id)],
      ]);
      expect(won).toHaveLength(1);
      await expectSound(errand.id);
    }
  });
});

describe('a price that waits for the runner', () => {
  it('is agreed to, answered, refused or taken back, once, while another offer is accepted or the errand called off', async () => {
    const { tell, offers, customer, runner, rival, db } = market;
    for (let round = 0; round < rounds; round += 1) {
      const { errand, offer: first } = await tell.offered();
      const { offer } = await offers.counter(customer, { offerId: first.id, input: price(400_000n) });
      const { offer: other } = await offers.make(rival, errand.id, price(7n));
      const agree: Attempt = ({ escrows }) => escrows.acceptCounter(runner, offer.id);
      const callOff: Attempt = ({ escrows }) => escrows.cancel(customer, errand.id);
      const isCalledOff = round === 0;
      const won = await race([
        ['agree', agree],
        ['agree', agree],
        ['answer', (one) => one.offers.answer(runner, { offerId: offer.id, input: price(5n) })],
        ['say no', (one) => one.offers.withdraw(runner, offer.id)],
        ['take back', (one) => one.offers.withdraw(customer, offer.id)],
        ['accept another', ({ escrows }) => escrows.acceptOffer(customer, other.id)],
        ...(isCalledOff ? [['call off', callOff] as const] : []),
      ]);
      const ofTheOffer = won.filter((name) => !['accept another', 'call off'].includes(name));
      expect(ofTheOffer.length).toBeLessThanOrEqual(1);
      expect(won.filter((name) => name === 'agree' || name === 'accept another').length).toBeLessThanOrEqual(1);
      expect(won).not.toEqual([]);
      const after = await db.read.offer.findUniqueOrThrow({ where: { id: offer.id } });
      // Calling off an errand that was agreed on ends the offer as well.
      const isAgreed = won.includes('agree') && !won.includes('call off');
      expect(after.state === 'ACCEPTED').toBe(isAgreed);
      await expectSound(errand.id);
    }
  });

  it('is agreed to or expires, not both, when its time comes while the runner says yes', async () => {
    const { tell, offers, timers, customer, runner, clock, db } = market;
    for (const isLate of [false, true]) {
      const { errand, offer: first } = await tell.offered();
      const expiresAt = new Date(clock.now().getTime() + hourMs);
      const input = { ...price(400_000n), expiresAt };
      const { offer } = await offers.counter(customer, { offerId: first.id, input });
      clock.forward(isLate ? hourMs : hourMs - 1);
      const agree: Attempt = ({ escrows }) => escrows.acceptCounter(runner, offer.id);
      const fire: Attempt = ({ timers }) => timers.fireDue();
      const won = await race([
        ['agree', agree],
        ['timer', fire],
        ['agree', agree],
        ['timer', fire],
      ]);
      expect(won.filter((name) => name === 'agree')).toHaveLength(isLate ? 0 : 1);
      // A timer leaves an errand that is held for another round.
      await timers.fireDue();
      const { state } = await db.read.offer.findUniqueOrThrow({ where: { id: offer.id } });
      expect(state).toBe(isLate ? 'EXPIRED' : 'ACCEPTED');
      await expectSound(errand.id);
    }
  });

  it('ends when another one is funded, whatever was tried with it meanwhile', async () => {
    const { tell, offers, escrows, wallets, customer, runner, rival, db } = market;
    for (let round = 0; round < rounds; round += 1) {
      const { errand, offer: first } = await tell.offered();
      const { offer } = await offers.counter(customer, { offerId: first.id, input: price(400_000n) });
      const { offer: other } = await offers.make(rival, errand.id, price(1_000n));
      await escrows.acceptOffer(customer, other.id);
      await wallets.topUp(customer, { amountMinor: 1_000n, currency: 'NGN' });
      const won = await race([
        ['agree', (one) => one.escrows.acceptCounter(runner, offer.id)],
        ['fund', (one) => one.escrows.fund(customer, errand.id)],
        ['answer', (one) => one.offers.answer(runner, { offerId: offer.id, input: price(5n) })],
        ['say no', (one) => one.offers.withdraw(runner, offer.id)],
        ['fund', (one) => one.escrows.fund(customer, errand.id)],
      ]);
      expect(won.filter((name) => name !== 'say no')).toEqual(['fund']);
      const { state } = await db.read.offer.findUniqueOrThrow({ where: { id: offer.id } });
      expect(state).toBe(won.includes('say no') ? 'WITHDRAWN' : 'SUPERSEDED');
      await expectSound(errand.id);
    }
  });
});
