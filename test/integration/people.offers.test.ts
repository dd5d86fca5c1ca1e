import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UserViewer } from '../../src/kernel/index.js';
import type { Offer, OfferRules } from '../../src/modules/errands/index.js';
import { createBlockService, createOfferRulesService, createStandingService } from '../../src/modules/people/index.js';
import { newErrand, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let admin: UserViewer;
let runner: UserViewer;
let owner: UserViewer;
beforeAll(async () => {
  market = await startMarket();
  admin = await market.addPerson(market.tenantId, 'ADMIN');
});
afterAll(() => market.close());
beforeEach(async () => {
  runner = await market.addPerson(market.tenantId, 'RUNNER');
  owner = await market.addPerson(market.tenantId, 'CUSTOMER');
  await ask({});
});

const reason = 'The passport was not theirs.';
const standing = () => createStandingService(market);
const ask = (rules: Parameters<ReturnType<typeof createOfferRulesService>['set']>[1]): Promise<OfferRules> =>
  createOfferRulesService(market).set(admin, rules);
const price = (amountMinor: bigint) => ({ amountMinor });

async function offered(budget = 500_000n, amountMinor = 450_000n): Promise<Offer> {
  const errand = await market.errands.post(owner, newErrand({ budget: { minor: budget, currency: 'NGN' } }));
  return (await market.offers.make(runner, errand.id, price(amountMinor))).offer;
}

async function countered(amountMinor = 400_000n): Promise<Offer> {
  const { id: offerId } = await offered();
  return (await market.offers.counter(owner, { offerId, input: price(amountMinor) })).offer;
}

const stateOf = async ({ id }: Offer) => (await market.db.read.offer.findUniqueOrThrow({ where: { id } })).state;

/** What the runner is told beforehand, of the offer and of the errand, and when they do it. */
async function outcomes({ id, errandId }: Offer) {
  const { actions, escrows, offers } = market;
  const ofOffer = (await actions.forOffers(runner, [id])).get(id)!;
  const ofErrand = (await actions.forErrands(runner, [errandId])).get(errandId)!;
  const told = (all: readonly { readonly name: string; readonly reasons: readonly unknown[] }[], name: string) =>
    all.find((one) => one.name === name)!.reasons;
  const answering = offers.answer(runner, { offerId: id, input: price(420_000n) });
  const answer = await refusalOf(answering);
  const agreed = await refusalOf(escrows.acceptCounter(runner, id));
  expect([told(ofOffer, 'answer'), told(ofErrand, 'answerCounter')]).toEqual([answer, answer]);
  expect([told(ofOffer, 'agree'), told(ofErrand, 'acceptCounter')]).toEqual([agreed, agreed]);
  return { answer, agreed };
}

async function refusalOf(work: Promise<unknown>): Promise<readonly { code: string; message: string }[]> {
  const error = await work.then(() => undefined).catch((caught: unknown) => caught);
  if (error === undefined) return [];
  const { code, message } = error as { code: string; message: string };
  return [{ code, message }];
}

describe("a runner with the customer's price in hand", () => {
  it('neither takes it nor answers it while the customer is suspended, who could not pay', async () => {
    const offer = await countered();
    await standing().suspend(admin, owner.userId, reason);
    const refused = [{ code: 'FORBIDDEN', message: 'This errand takes no offers from you.' }];
    expect(await outcomes(offer)).toEqual({ answer: refused, agreed: refused });
    await standing().reinstate(admin, owner.userId, reason);
    expect((await market.escrows.acceptCounter(runner, offer.id)).errand.state).toBe('AWAITING_FUNDING');
  });

  it('has to be verified, and near enough, as the market asks by then', async () => {
    const offer = await countered();
    await ask({ tierNeeded: 2 });
    const refused = [{ code: 'FORBIDDEN', message: expect.stringContaining('tier 2, yours is 1') }];
    expect(await outcomes(offer)).toEqual({ answer: refused, agreed: refused });
    await standing().verify(admin, runner.userId, 2, 'Saw the passport.');
    expect((await market.escrows.acceptCounter(runner, offer.id)).errand.state).toBe('AWAITING_FUNDING');
  });

  it('has lost it when they are suspended, or one of the two blocked the other', async () => {
    const ends = [
      () => standing().suspend(admin, runner.userId, reason),
      () => createBlockService(market).block(owner, runner.userId),
      () => createBlockService(market).block(runner, owner.userId),
    ];
    for (const end of ends) {
      [runner, owner] = [
        await market.addPerson(market.tenantId, 'RUNNER'),
        await market.addPerson(market.tenantId, 'CUSTOMER'),
      ];
      const offer = await countered();
      await end();
      await expect(market.escrows.acceptCounter(runner, offer.id)).rejects.toMatchObject({
        code: 'ILLEGAL_TRANSITION',
      });
      await expect(market.escrows.acceptOffer(owner, offer.id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    }
  });
});

describe('the verification that a price asks for', () => {
  it('is not got round by a low budget: a bid, an answer and a yes above the line need the higher tier', async () => {
    await ask({ higherTierNeeded: 2, higherTierAboveMinor: 500_000n });
    const { errands, offers, escrows } = market;
    const { id } = await errands.post(owner, newErrand());
    const refused = { code: 'FORBIDDEN', message: expect.stringContaining('tier 2, yours is 1') };
    await expect(offers.make(runner, id, price(500_001n))).rejects.toMatchObject(refused);
    const { offer: bid } = await offers.make(runner, id, price(500_000n));
    const { offer: high } = await offers.counter(owner, { offerId: bid.id, input: price(500_001n) });
    await expect(escrows.acceptCounter(runner, high.id)).rejects.toMatchObject(refused);
    const agree = (await market.actions.forOffers(runner, [high.id]))
      .get(high.id)!
      .find(({ name }) => name === 'agree');
    expect(agree).toMatchObject({ enabled: false, reasons: [refused] });
    const answering = (amount: bigint) => offers.answer(runner, { offerId: high.id, input: price(amount) });
    await expect(answering(500_001n)).rejects.toMatchObject(refused);
    expect((await answering(500_000n)).offer.state).toBe('PENDING');
  });

  it('is that of who bids still: a tier that is taken back takes the offers along that need it, and no others', async () => {
    await ask({ tierNeeded: 1, higherTierNeeded: 2, higherTierAboveMinor: 500_000n });
    await standing().verify(admin, runner.userId, 2, 'Saw the passport.');
    const [small, dear, countering] = [await offered(), await offered(1_000n, 500_001n), await countered()];
    await standing().verify(admin, runner.userId, 1, reason);
    expect([await stateOf(small), await stateOf(dear), await stateOf(countering)]).toEqual([
      'PENDING',
      'WITHDRAWN',
      'COUNTERED',
    ]);
    await standing().verify(admin, runner.userId, 0, reason);
    expect([await stateOf(small), await stateOf(countering)]).toEqual(['WITHDRAWN', 'WITHDRAWN']);
    await expect(market.escrows.acceptOffer(owner, small.id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });
});

describe('an errand that waits for its money', () => {
  it('is not paid for while its runner is suspended, as its customer is told, and is when they are back', async () => {
    const { escrows, wallets, actions, assertSound } = market;
    const { id, errandId } = await offered();
    await escrows.acceptOffer(owner, id);
    await wallets.topUp(owner, { amountMinor: 450_000n, currency: 'NGN' });
    const funding = async () =>
      (await actions.forErrands(owner, [errandId])).get(errandId)!.find(({ name }) => name === 'fundFromWallet')!;
    await standing().suspend(admin, runner.userId, reason);
    const refusal = { code: 'ILLEGAL_TRANSITION', message: expect.stringContaining('The runner is suspended') };
    expect(await funding()).toMatchObject({ enabled: false, reasons: [refusal] });
    await expect(escrows.fund(owner, errandId)).rejects.toMatchObject(refusal);
    expect((await wallets.wallet(owner)).minor).toBe(450_000n);
    await standing().reinstate(admin, runner.userId, reason);
    expect(await funding()).toMatchObject({ enabled: true });
    expect((await escrows.fund(owner, errandId)).errand.state).toBe('ASSIGNED');
    await assertSound();
  });
});
