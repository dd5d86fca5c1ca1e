import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { publishNews } from '../../src/modules/news/index.js';
import {
  ConfirmDeliveryDocument,
  CreateWebhookEndpointDocument,
  MarkNotificationsReadDocument,
  MyNotificationsDocument,
  ReplayWebhookDeliveryDocument,
  StartErrandDocument,
  SubmitProofDocument,
  WebhookDeliveriesDocument,
  WebhookEndpointsDocument,
} from '../support/generated/graphql.js';
import { agree, fund, join, openMarket, post, type Person } from '../support/market.js';
import { joinAs } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { startWebhookReceiver } from '../support/webhook-receiver.js';

const patience = { timeout: 20_000, interval: 20 };
const proofs = [{ kind: 'PHOTO' as const, sha256: 'ab'.repeat(32) }];

let app: TestApp;
let tenantId: string;
let customer: Person;
let runner: Person;
let stranger: Person;

beforeAll(async () => {
  app = await startTestApp({ timersEveryMs: 250 });
  tenantId = await openMarket(app.app.db);
  [customer, runner, stranger] = [
    await join(app.client, 'CUSTOMER'),
    await join(app.client, 'RUNNER'),
    await join(app.client, 'RUNNER'),
  ];
});
afterAll(() => app.close());

async function told({ client }: Person, errandId: string) {
  const { myNotifications } = await client.get(MyNotificationsDocument, { first: 100 });
  const own = myNotifications.edges.filter(({ node }) => node.errand?.id === errandId);
  return own.map(({ node }) => node.kind).toReversed();
}

const unpublished = () => app.app.db.read.outbox.count({ where: { publishedAt: null } });
const allPublished = () => vi.waitFor(async () => expect(await unpublished()).toBe(0), patience);

describe('a notification', () => {
  it('tells each party what the other, or nobody, did, once and in order, and nobody else', async () => {
    const errandId = await post(customer, { title: 'A parcel' });
    await agree(customer, runner, errandId);
    await fund(customer, errandId);
    await runner.client.get(StartErrandDocument, { id: errandId });
    await runner.client.get(SubmitProofDocument, { id: errandId, proofs });
    await customer.client.get(ConfirmDeliveryDocument, { errandId });
    const again = () => publishNews({ db: app.app.db, clock: { now: () => new Date() }, giveUpAfterMs: 1000 });
    await Promise.all([again(), again(), again()]);
    await allPublished();
    expect(await told(customer, errandId)).toEqual(['errand.placeOffer', 'errand.start', 'errand.submitProof']);
    expect(await told(runner, errandId)).toEqual(['errand.acceptOffer', 'errand.fundFromWallet', 'errand.confirm']);
    expect(await told(stranger, errandId)).toEqual([]);
    const { myNotifications } = await runner.client.get(MyNotificationsDocument, { first: 1 });
    expect(myNotifications.edges[0]!.node.params).toContainEqual({ name: 'errandTitle', value: 'A parcel' });
  });

  it('is read by whom it is for, once, by name or all together', async () => {
    const reader = await join(app.client, 'CUSTOMER');
    for (let count = 0; count < 3; count += 1) await agree(reader, runner, await post(reader));
    await allPublished();
    const all = async (unreadOnly = false) =>
      (await reader.client.get(MyNotificationsDocument, { unreadOnly })).myNotifications;
    const ids = (await all()).edges.map(({ node }) => node.id);
    expect(await all()).toMatchObject({ unreadCount: 3 });
    const theirs = await stranger.client.get(MarkNotificationsReadDocument, { ids });
    expect(theirs.markNotificationsRead).toMatchObject({ marked: 0 });
    const one = await reader.client.get(MarkNotificationsReadDocument, { ids: [ids[0]!] });
    expect(one.markNotificationsRead).toEqual({ marked: 1, unreadCount: 2 });
    const { readAt } = (await all()).edges[0]!.node;
    const rest = await reader.client.get(MarkNotificationsReadDocument, {});
    expect(rest.markNotificationsRead).toEqual({ marked: 2, unreadCount: 0 });
    expect((await all()).edges[0]!.node.readAt, 'as it was read first').toBe(readAt);
    expect((await all(true)).edges).toEqual([]);
  });
});

describe('webhooks at the door', () => {
  it('are sent by the running server, and looked at and repeated by admins only', async () => {
    const receiver = await startWebhookReceiver();
    const admin = await joinAs(app.app.db, app.client, tenantId, 'ADMIN');
    const input = { url: receiver.url, topics: ['errand.publish'] };
    for (const client of [customer.client, runner.client]) {
      const { errors } = await client.ask(CreateWebhookEndpointDocument, { input });
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    const { createWebhookEndpoint } = await admin.client.get(CreateWebhookEndpointDocument, { input });
    const endpointId = createWebhookEndpoint.endpoint.id;
    const errandId = await post(customer);
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), patience);
    const of = async () =>
      (await admin.client.get(WebhookDeliveriesDocument, { endpointId })).webhookDeliveries.edges.map(
        ({ node }) => node,
      );
    await vi.waitFor(
      async () => expect(await of()).toMatchObject([{ state: 'DELIVERED', responseStatus: 204 }]),
      patience,
    );
    const [delivery] = await of();
    expect(JSON.parse(delivery!.body)).toMatchObject({ id: delivery!.eventId, data: { errandId } });
    await admin.client.get(ReplayWebhookDeliveryDocument, { deliveryId: delivery!.id });
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2), patience);
    expect(receiver.received[1]!.body).toBe(receiver.received[0]!.body);
    const { webhookEndpoints } = await admin.client.get(WebhookEndpointsDocument, {});
    expect(JSON.stringify(webhookEndpoints), 'the secret is shown once').not.toContain(createWebhookEndpoint.secret);
    await receiver.close();
  });
});
