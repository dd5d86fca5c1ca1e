import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  AcceptCounterDocument,
  AnswerCounterDocument,
  CounterOfferDocument,
  MakeOfferDocument,
  MyNotificationsDocument,
  OfferPricesDocument,
  WithdrawOfferDocument,
} from '../support/generated/graphql.js';
import { join, openMarket, post, type Person } from '../support/market.js';
import { subscribeByEvents, type Subscribed } from '../support/subscriber.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let customer: Person;
let runner: Person;
let rival: Person;

beforeAll(async () => {
  app = await startTestApp();
  await openMarket(app.app.db);
  [customer, runner, rival] = [
    await join(app.client, 'CUSTOMER'),
    await join(app.client, 'RUNNER'),
    await join(app.client, 'RUNNER'),
  ];
});
afterAll(() => app.close());

const isNoBid = (transition: unknown): boolean => transition !== 'placeOffer';
const price = (amountMinor: number, message?: string) => ({ amountMinor, ...(message && { message }) });

async function offerOf({ client }: Person, errandId: string, amountMinor: number): Promise<string> {
  return (await client.get(MakeOfferDocument, { errandId, input: price(amountMinor) })).makeOffer.offer.id;
}

async function countered(offerId: string, amountMinor: number): Promise<string> {
  const variables = { offerId, input: price(amountMinor, 'It is near.') };
  return (await customer.client.get(CounterOfferDocument, variables)).counterOffer.offer.id;
}

async function answered(offerId: string, amountMinor: number): Promise<string> {
  const variables = { offerId, input: price(amountMinor) };
  return (await runner.client.get(AnswerCounterDocument, variables)).answerCounter.offer.id;
}

/** Asked twice, so that the second answer is one that the cache holds, if it holds any. */
async function shown({ client }: Person, errandId: string) {
  await client.get(OfferPricesDocument, { errandId });
  const { data, cacheStatus } = await client.ask(OfferPricesDocument, { errandId });
  expect(cacheStatus).toContain('; hit');
  return data!.offers.map(({ amount, state, namedBy, allowedActions }) =>
    [Number(amount.minor), state, namedBy, ...allowedActions.map(({ name }) => name)].join(' '),
  );
}

describe('prices that are named in turn', () => {
  it('are shown to their two parties at once, past every cache, with what each can do about them, and to nobody else', async () => {
    const errandId = await post(customer);
    const first = await offerOf(runner, errandId, 300_000);
    await offerOf(rival, errandId, 500_000);
    const ofRival = '500000 PENDING RUNNER';
    expect(new Set(await shown(customer, errandId))).toEqual(
      new Set(['300000 PENDING RUNNER ACCEPT COUNTER', `${ofRival} ACCEPT COUNTER`]),
    );
    const second = await countered(first, 250_000);
    expect(new Set(await shown(customer, errandId))).toEqual(
      new Set(['300000 SUPERSEDED RUNNER', '250000 COUNTERED CUSTOMER TAKE_BACK', `${ofRival} ACCEPT COUNTER`]),
    );
    expect(await shown(runner, errandId)).toEqual([
      '300000 SUPERSEDED RUNNER',
      '250000 COUNTERED CUSTOMER AGREE ANSWER WITHDRAW',
    ]);
    const third = await answered(second, 280_000);
    const fourth = await countered(third, 270_000);
    expect(await shown(rival, errandId)).toEqual([`${ofRival} WITHDRAW`]);
    const { acceptCounter } = await runner.client.get(AcceptCounterDocument, { offerId: fourth });
    expect(acceptCounter).toMatchObject({
      escrow: { gross: { minor: 270_000 } },
      errand: { state: 'AWAITING_FUNDING' },
    });
    const { offers } = await runner.client.get(OfferPricesDocument, { errandId });
    expect(offers.map(({ id, round, counterOf, message }) => ({ id, round, counterOf, message }))).toEqual([
      { id: first, round: 0, counterOf: null, message: null },
      { id: second, round: 1, counterOf: first, message: 'It is near.' },
      { id: third, round: 2, counterOf: second, message: null },
      { id: fourth, round: 3, counterOf: third, message: 'It is near.' },
    ]);
    const stale = await customer.client.ask(CounterOfferDocument, { offerId: third, input: price(1) });
    expect(stale.errors).toMatchObject([{ extensions: { code: 'ILLEGAL_TRANSITION' } }]);
    const nobody = await rival.client.ask(AcceptCounterDocument, { offerId: fourth });
    expect(nobody.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });

  it('are told to the one whose turn it is, and to no other runner, by notification and by subscription', async () => {
    const errandId = await post(customer);
    const first = await offerOf(runner, errandId, 300_000);
    const query = 'subscription ($id: ID!) { errandTransitioned(id: $id) { transition } }';
    const follow = ({ client }: Person): Subscribed =>
      subscribeByEvents({ url: app.url, query, variables: { id: errandId }, headers: client.headers });
    const [own, others] = [follow(runner), follow(rival)];
    try {
      // Somebody else bids and takes it back until both streams have begun to tell.
      for (let bids = 0; bids < 200 && [own, others].some(({ seen }) => seen.length === 0); bids += 1)
        await rival.client.get(WithdrawOfferDocument, { offerId: await offerOf(rival, errandId, 1_000) });
      const second = await countered(first, 250_000);
      const third = await answered(second, 280_000);
      const fourth = await countered(third, 270_000);
      await runner.client.get(AcceptCounterDocument, { offerId: fourth });
      const heard = ({ seen }: Subscribed) => seen.map(({ transition }) => transition).filter(isNoBid);
      const patience = { timeout: 20_000, interval: 20 };
      await vi.waitFor(() => expect([own, others].flatMap(heard)).toHaveLength(5), patience);
      expect(heard(own)).toEqual(['counterOffer', 'answerCounter', 'counterOffer', 'acceptCounter']);
      expect(heard(others)).toEqual(['acceptCounter']);
    } finally {
      await Promise.all([own.stop(), others.stop()]);
    }
    await app.app.doRounds();
    const told = async ({ client }: Person) => {
      const { myNotifications } = await client.get(MyNotificationsDocument, { first: 100 });
      const about = myNotifications.edges.filter(({ node }) => node.errand?.id === errandId);
      return about
        .map(({ node }) => node.kind.replace('errand.', ''))
        .filter(isNoBid)
        .toReversed();
    };
    expect(await told(customer)).toEqual(['answerCounter', 'acceptCounter']);
    expect(await told(runner)).toEqual(['counterOffer', 'counterOffer']);
    expect(await told(rival)).toEqual([]);
  });
});
