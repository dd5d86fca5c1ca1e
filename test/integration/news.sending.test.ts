import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger, type UserViewer } from '../../src/kernel/index.js';
import {
  createWebhookPost,
  createWebhookSecrets,
  createWebhookService,
  publishNews,
  sendDueWebhooks,
  sweepNews,
  type WebhookPost,
} from '../../src/modules/news/index.js';
import { hourMs, minuteMs, startMarket, type StoryMarket } from '../support/stories.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const dayMs = 24 * hourMs;
const giveUpAfterMs = 3 * dayMs;
const reach = { isOpen: true };
const secrets = createWebhookSecrets('a key for tests that is long enough');
const post = createWebhookPost(reach);

let market: StoryMarket;
let admin: UserViewer;
let receiver: WebhookReceiver;

beforeAll(async () => {
  market = await startMarket();
  admin = await market.addPerson(market.tenantId, 'ADMIN');
});
beforeEach(async () => {
  receiver = await startWebhookReceiver();
  return async () => {
    for (const { id } of await service().list(admin)) await service().delete(admin, id);
    await publish();
    await receiver.close();
  };
});
afterAll(() => market.close());

const service = () => createWebhookService({ ...market, secrets, reach, giveUpAfterMs });
const publish = () => publishNews({ ...market, giveUpAfterMs });
const send = (by: WebhookPost = post) =>
  sendDueWebhooks({ ...market, logger: silentLogger, secrets, post: by, random: () => 0.5 });

describe('a webhook', () => {
  it('arrives while any number of other endpoints keep their connections open without an answer', async () => {
    const silent = Array.from({ length: 12 }, (_, index) => `${receiver.url}/silent/${index}`);
    for (const url of silent) await service().create(admin, { url, topics: ['errand.publish'] });
    const good = await service().create(admin, { url: receiver.url, topics: ['errand.publish'] });
    await market.tell.open();
    await publish();
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => void (release = resolve));
    const taken = { now: 0, most: 0 };
    const byUrl =
      (silence: () => Promise<void>): WebhookPost =>
      async (request) => {
        if (!silent.includes(request.url)) return post(request);
        taken.now += 1;
        taken.most = Math.max(taken.most, taken.now);
        await silence();
        taken.now -= 1;
        return { error: 'silent' };
      };
    await send(byUrl(async () => {}));
    market.clock.forward(minuteMs);
    const before = receiver.received.length;
    for (let count = 0; count < 6; count += 1) await market.tell.open();
    await publish();
    taken.most = 0;
    const sending = send(byUrl(() => held));
    await expect.poll(() => receiver.received.length - before, { timeout: 30_000 }).toBe(6);
    expect(taken.most, 'one each of those that failed').toBeLessThanOrEqual(silent.length);
    await market.tell.open();
    await publish();
    // What becomes due in between does not wait for them either.
    await expect.poll(() => receiver.received.length - before, { timeout: 30_000 }).toBe(7);
    expect(taken.now, 'still without an answer').toBeGreaterThan(0);
    release();
    await sending;
    const left = { endpointId: good.endpoint.id, state: 'PENDING' as const };
    expect(await market.db.read.webhookDelivery.count({ where: left })).toBe(0);
  });

  it('is given up when its endpoint stayed paused, however much of it waits', async () => {
    const { endpoint } = await service().create(admin, { url: receiver.url, topics: ['errand.publish'] });
    await service().update(admin, endpoint.id, { state: 'PAUSED' });
    await market.tell.open();
    await publish();
    await market.db.write(
      (tx) => tx.$executeRaw`
      INSERT INTO webhook_delivery
      SELECT (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(), 'outbox_seq', -n))).*
      FROM webhook_delivery d, generate_series(1, 2500) n WHERE d.endpoint_id = ${endpoint.id}::uuid`,
    );
    const sweep = () => sweepNews({ db: market.db, clock: market.clock, retentionMs: 30 * dayMs });
    await sweep();
    const dead = () => market.db.read.webhookDelivery.count({ where: { endpointId: endpoint.id, state: 'DEAD' } });
    expect(await dead()).toBe(0);
    market.clock.forward(giveUpAfterMs + 1);
    await sweep();
    expect(await dead()).toBe(2501);
    await send();
    expect(receiver.received).toEqual([]);
  });
});
