import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  CancelErrandDocument,
  ConfirmDeliveryDocument,
  MakeOfferDocument,
  OpenDisputeDocument,
  RespondToDisputeDocument,
  StartErrandDocument,
  SubmitProofDocument,
  WithdrawDisputeDocument,
  WithdrawOfferDocument,
} from '../support/generated/graphql.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { startCuttableLink, type CuttableLink } from '../support/cuttable-link.js';
import { agree, fund, join, openMarket, post, type Person } from '../support/market.js';
import { joinAs } from '../support/staff.js';
import {
  subscribeByEvents,
  subscribeByWebsocket,
  type Subscribed,
  type SubscribeOptions,
} from '../support/subscriber.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const env = { CACHE_ENABLED: 'false', SUBSCRIPTION_VIEWER_CHECK_MS: '50' };
const patience = { timeout: 45_000, interval: 20 };
const proofs = [{ kind: 'PHOTO' as const, sha256: 'ab'.repeat(32) }];
const transitioned =
  'subscription ($id: ID!) { errandTransitioned(id: $id) { seq transition version errand { version state } } }';

/** Two servers on one database; the second one's way there can be cut. */
let app: TestApp;
let twin: TestApp;
let link: CuttableLink;
let tenantId: string;
let customer: Person;
let runner: Person;
let rival: Person;
const running: Subscribed[] = [];

beforeAll(async () => {
  app = await startTestApp({ env });
  const url = new URL(app.database.url);
  link = await startCuttableLink(Number(url.port));
  url.hostname = '127.0.0.1';
  url.port = String(link.port);
  twin = await startTestApp({ env, database: { url: url.href, drop: async () => {} } });
  tenantId = await openMarket(app.app.db);
  [customer, runner, rival] = [
    await join(app.client, 'CUSTOMER'),
    await join(app.client, 'RUNNER'),
    await join(app.client, 'RUNNER'),
  ];
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});
afterAll(async () => {
  await twin.close();
  await link.close();
  await app.close();
});

type Way = (options: SubscribeOptions) => Subscribed;

function subscribe(way: Way, server: TestApp, client: GraphqlClient, query: string, variables = {}): Subscribed {
  const subscribed = way({ url: server.url, query, variables, headers: client.headers });
  running.push(subscribed);
  return subscribed;
}

const at = (person: Person, server: TestApp): Person => ({ ...person, client: person.client.at(server.url) });

/** Somebody bids and takes it back until every stream has begun to tell. */
async function bait(errandId: string, streams: readonly Subscribed[]): Promise<void> {
  for (let rounds = 0; rounds < 200 && streams.some(({ seen }) => seen.length === 0); rounds += 1) {
    const { makeOffer } = await rival.client.get(MakeOfferDocument, { errandId, input: { amountMinor: 100_000 } });
    await rival.client.get(WithdrawOfferDocument, { offerId: makeOffer.offer.id });
  }
  for (const stream of streams) await stream.sees(1);
}

const newsOf = async (errandId: string) =>
  (await app.app.db.read.outbox.findMany({ where: { aggregateId: errandId }, orderBy: { seq: 'asc' } })).map(
    ({ seq, payload }) => ({ seq: Number(seq), transition: (payload as { transition: string }).transition }),
  );

/** All of it was seen once and in order, from the first that was seen on. */
async function expectWhole(errandId: string, { seen, sees }: Subscribed): Promise<void> {
  const news = await newsOf(errandId);
  const expected = news.slice(news.findIndex(({ seq }) => seq === seen[0]!['seq']));
  await sees(expected.length);
  expect(seen.map(({ seq, transition }) => ({ seq, transition }))).toEqual(expected);
}

describe('a subscription to an errand', () => {
  it('tells each transition once and in order, by either way, on whichever server it was made', async () => {
    const errandId = await post(customer);
    const streams = [
      subscribe(subscribeByWebsocket, app, app.client, transitioned, { id: errandId }),
      subscribe(subscribeByEvents, app, customer.client, transitioned, { id: errandId }),
      subscribe(subscribeByWebsocket, twin, runner.client, transitioned, { id: errandId }),
      subscribe(subscribeByEvents, twin, twin.client, transitioned, { id: errandId }),
    ];
    await bait(errandId, streams);
    await agree(at(customer, twin), at(runner, app), errandId);
    await fund(at(customer, app), errandId);
    await at(runner, twin).client.get(StartErrandDocument, { id: errandId });
    await at(runner, app).client.get(SubmitProofDocument, { id: errandId, proofs });
    await at(customer, twin).client.get(ConfirmDeliveryDocument, { errandId });
    for (const stream of streams) {
      await expectWhole(errandId, stream);
      expect(stream.seen.at(-1)).toMatchObject({ transition: 'confirm', errand: { state: 'COMPLETED' } });
      for (const { version, errand } of stream.seen)
        expect((errand as { version: number }).version, 'never older').toBeGreaterThanOrEqual(version as number);
      expect(stream.errors).toEqual([]);
    }
  });

  it('misses nothing while its server cannot reach the database', async () => {
    const errandId = await post(customer);
    const stream = subscribe(subscribeByWebsocket, twin, customer.client, transitioned, { id: errandId });
    await bait(errandId, [stream]);
    link.cut();
    await agree(customer, runner, errandId);
    await fund(customer, errandId);
    link.mend();
    await runner.client.get(StartErrandDocument, { id: errandId });
    await expectWhole(errandId, stream);
    expect(stream.errors).toEqual([]);
  });

  it('shows the errand itself to those who only want that', async () => {
    const errandId = await post(customer);
    const query = 'subscription ($id: ID!) { errandChanged(id: $id) { id state version } }';
    const stream = subscribe(subscribeByEvents, app, app.client, query, { id: errandId });
    await bait(errandId, [stream]);
    const count = stream.seen.length;
    await customer.client.get(CancelErrandDocument, { id: errandId });
    await stream.sees(count + 1);
    expect(stream.seen.at(-1)).toMatchObject({ id: errandId, state: 'CANCELLED' });
  });
});

describe('who may not see something', () => {
  it('is refused at the door, by either way, as by the query', async () => {
    const draft = await post(customer, { publish: false });
    const errandId = await post(customer);
    const escrowId = await agree(customer, runner, errandId);
    const escrow = 'subscription ($id: ID!) { escrowChanged(id: $id) { id } }';
    for (const way of [subscribeByWebsocket, subscribeByEvents]) {
      for (const [client, query, id, code] of [
        [rival.client, transitioned, draft, 'NOT_FOUND'],
        [rival.client, escrow, escrowId, 'NOT_FOUND'],
        [app.client, escrow, escrowId, 'UNAUTHENTICATED'],
        [app.client, transitioned, 'x', 'BAD_INPUT'],
      ] as const) {
        const stream = subscribe(way, app, client, query, { id });
        await stream.ends();
        expect(stream.errors).toMatchObject([{ extensions: { code } }]);
        expect(stream.seen).toEqual([]);
      }
    }
  });

  it('is not told of what two parties do in a dispute; staff is, until they are staff no more', async () => {
    const support = await joinAs(app.app.db, app.client, tenantId, 'SUPPORT');
    const errandId = await post(customer);
    const streams = [rival, runner, support].map(({ client }) =>
      subscribe(subscribeByWebsocket, app, client, transitioned, { id: errandId }),
    );
    await bait(errandId, streams);
    await agree(customer, runner, errandId);
    await fund(customer, errandId);
    await runner.client.get(StartErrandDocument, { id: errandId });
    await quarrel(errandId);
    await streams[2]!.sees((await newsOf(errandId)).length - (await before(errandId, streams[2]!)));
    await app.app.db.write((tx) => tx.roleGrant.deleteMany({ where: { userId: support.id, role: 'SUPPORT' } }));
    await quarrel(errandId);
    const sequences = streams.map(async (stream) => {
      const all = (await newsOf(errandId)).length - (await before(errandId, stream));
      const hidden = { 0: 2, 1: 0, 2: 1 }[streams.indexOf(stream)]!;
      await stream.sees(all - hidden);
      return stream.seen.filter(({ transition }) => transition === 'respondToDispute').length;
    });
    expect(await Promise.all(sequences)).toEqual([0, 2, 1]);
  });

  /** How much had happened before this stream began. */
  async function before(errandId: string, { seen }: Subscribed): Promise<number> {
    return (await newsOf(errandId)).findIndex(({ seq }) => seq === seen[0]!['seq']);
  }

  async function quarrel(errandId: string): Promise<void> {
    const disputeId = await openDispute(errandId);
    await runner.client.get(RespondToDisputeDocument, { disputeId, input: { statement: 'It did.' } });
    await customer.client.get(WithdrawDisputeDocument, { disputeId });
  }

  async function openDispute(errandId: string): Promise<string> {
    const input = { reason: 'It never came to my door.', claimMinor: 1 };
    return (await customer.client.get(OpenDisputeDocument, { errandId, input })).openDispute.dispute.id;
  }
});

describe('a subscription', () => {
  it('to what is posted tells what its filter fits, and says at once what is wrong with that', async () => {
    const query = 'subscription ($filter: ErrandFilter) { errandPosted(filter: $filter) { id area } }';
    const all = subscribe(subscribeByWebsocket, twin, app.client, query);
    const some = subscribe(subscribeByEvents, app, app.client, query, {
      filter: { area: 'Ikeja', budgetMax: 350_000 },
    });
    for (let rounds = 0; rounds < 100 && (!all.seen.length || !some.seen.length); rounds += 1)
      await post(customer, { area: 'Ikeja' });
    const from = some.seen.length;
    await post(customer, { area: 'Yaba' });
    await post(customer, { area: 'Ikeja', publish: false });
    await post(customer, { area: 'Ikeja', budget: { minor: 350_001, currency: 'NGN' } });
    const last = await post(customer, { area: 'ikeja' });
    await expectLast(some, last);
    await expectLast(all, last);
    expect(some.seen.slice(from).filter(({ area }) => area !== 'Ikeja')).toEqual([{ id: last, area: 'ikeja' }]);
    const wrong = subscribe(subscribeByWebsocket, app, app.client, query, { filter: { states: ['DRAFT'] } });
    await wrong.ends();
    expect(wrong.errors).toMatchObject([{ extensions: { code: 'BAD_INPUT', fields: [{ path: 'filter.states' }] } }]);
  });

  it('to escrows, disputes and notifications tells each party its own', async () => {
    const escrows = 'subscription { escrowChanged { id state } }';
    const told = 'subscription { notificationReceived { kind errand { id } } }';
    const [mine, theirs] = [customer, rival].map(({ client }) => subscribe(subscribeByEvents, twin, client, escrows));
    const notified = subscribe(subscribeByWebsocket, app, customer.client, told);
    const disputes = subscribe(
      subscribeByWebsocket,
      app,
      customer.client,
      'subscription { disputeChanged { id state } }',
    );
    for (let rounds = 0; rounds < 100 && (!mine!.seen.length || !notified.seen.length); rounds += 1) {
      await agree(customer, runner, await post(customer));
      await app.app.doRounds();
    }
    const errandId = await post(customer);
    const escrowId = await agree(customer, runner, errandId);
    await fund(customer, errandId);
    await expectLast(mine!, escrowId, 'FUNDED');
    await runner.client.get(StartErrandDocument, { id: errandId });
    const input = { reason: 'It never came to my door.', claimMinor: 1 };
    const { openDispute } = await customer.client.get(OpenDisputeDocument, { errandId, input });
    await expectLast(disputes, openDispute.dispute.id, 'AWAITING_RESPONSE');
    await app.app.doRounds();
    await vi.waitFor(
      () => expect(notified.seen).toContainEqual({ kind: 'errand.start', errand: { id: errandId } }),
      patience,
    );
    expect(notified.seen).not.toContainEqual({ kind: 'errand.fundFromWallet', errand: { id: errandId } });
    expect(theirs!.seen).toEqual([]);
  });

  async function expectLast({ seen }: Subscribed, id: string, state?: string): Promise<void> {
    await vi.waitFor(() => expect(seen.at(-1)).toMatchObject({ id, ...(state && { state }) }), patience);
  }
});
