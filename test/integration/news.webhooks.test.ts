import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { silentLogger, uuidv7, type UserViewer } from '../../src/kernel/index.js';
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

type Verify = (body: string, header: string, secret: string, nowMs: number) => boolean;

const dayMs = 24 * hourMs;
const giveUpAfterMs = 3 * dayMs;
const reach = { isOpen: true };
const secrets = createWebhookSecrets('a key for tests that is long enough');
const post = createWebhookPost(reach);
/** For what is never answered. */
const hastyPost = createWebhookPost({ ...reach, timeoutMs: 1000 });

let market: StoryMarket;
let admin: UserViewer;
let receiver: WebhookReceiver;
/** Another worker, on connections of its own. */
let other: Db;
let verify: Verify;

beforeAll(async () => {
  market = await startMarket();
  admin = await market.addPerson(market.tenantId, 'ADMIN');
  other = createDb({ url: market.database.url, logger: silentLogger });
  verify = await verifyInDocs();
});
beforeEach(async () => {
  receiver = await startWebhookReceiver();
  return async () => {
    for (const { id } of await service().list(admin)) await service().delete(admin, id);
    await publish();
    await receiver.close();
  };
});
afterAll(async () => {
  await other.close();
  await market.close();
});

const service = () => createWebhookService({ ...market, secrets, reach, giveUpAfterMs });
const publish = (db: Db = market.db) => publishNews({ db, clock: market.clock, giveUpAfterMs });
const send = (db: Db = market.db, by: WebhookPost = post, random = () => 0.5) =>
  sendDueWebhooks({ db, clock: market.clock, logger: silentLogger, secrets, post: by, random });
const deliveries = () => market.db.read.webhookDelivery.findMany({ orderBy: { outboxSeq: 'asc' } });
const bodies = () => receiver.received.map(({ body }) => JSON.parse(body) as { id: string; topic: string; data: Body });

interface Body {
  readonly errandId: string;
  readonly seq: number;
  readonly version: number;
  readonly runnerId: string | null;
}

describe('a webhook', () => {
  it('tells every transition that its endpoint asked for, signed so that an independent receiver can check it', async () => {
    const { secret } = await service().create(admin, { url: receiver.url, topics: ['*'] });
    const picky = await startWebhookReceiver();
    await service().create(admin, { url: picky.url, topics: ['errand.placeOffer'] });
    const { errand } = await market.tell.offered();
    await publish();
    await send();
    const transitions = ['errand.post', 'errand.publish', 'errand.placeOffer'];
    expect(new Set(bodies().map(({ topic }) => topic))).toEqual(new Set(transitions));
    expect(bodies().map(({ data }) => data.errandId)).toEqual(transitions.map(() => errand.id));
    expect(new Set(bodies().map(({ data }) => data.seq)).size).toBe(transitions.length);
    expect(picky.received.map(({ headers }) => headers['runam-topic'])).toEqual(['errand.placeOffer']);
    for (const { body, headers } of receiver.received) {
      const header = String(headers['runam-signature']);
      const nowMs = market.clock.now().getTime();
      expect(headers['runam-event-id']).toBe((JSON.parse(body) as { id: string }).id);
      expect(verify(body, header, secret, nowMs)).toBe(true);
      expect(verify(`${body} `, header, secret, nowMs), 'another body').toBe(false);
      expect(verify(body, header, secret, nowMs + 6 * minuteMs), 'an old one sent again').toBe(false);
      expect(verify(body, header, `${secret}x`, nowMs), 'another secret').toBe(false);
    }
    await picky.close();
  });

  it('is signed with the old secret too, for a day after it was rotated', async () => {
    const first = await service().create(admin, { url: receiver.url, topics: ['errand.publish'] });
    const second = await service().rotateSecret(admin, first.endpoint.id, 1);
    expect(second.secret).not.toBe(first.secret);
    const checked = async () => {
      await market.tell.open();
      await publish();
      await send();
      const { body, headers } = receiver.received.at(-1)!;
      const header = String(headers['runam-signature']);
      return [first, second].map(({ secret }) => verify(body, header, secret, market.clock.now().getTime()));
    };
    expect(await checked()).toEqual([true, true]);
    market.clock.forward(dayMs);
    expect(await checked()).toEqual([false, true]);
  });

  it('keeps no secret in the database', async () => {
    const { secret } = await service().create(admin, { url: receiver.url, topics: ['*'] });
    const [row] = await market.db.read.$queryRaw<
      { text: string }[]
    >`SELECT json_agg(e)::text AS text FROM webhook_endpoint e`;
    expect(row?.text).toContain(receiver.url);
    expect(row?.text).not.toContain(secret.slice('whsec_'.length));
  });

  it('is tried again after 500, a redirect, no answer, a broken connection and another protocol, with pauses that grow, until it is taken', async () => {
    await service().create(admin, { url: receiver.url, topics: ['errand.publish'] });
    const elsewhere = await startWebhookReceiver();
    await market.tell.open();
    await publish();
    const silent = () => {};
    const hows: Parameters<WebhookReceiver['answer']>[0][] = [
      (response) => response.writeHead(500).end('no'),
      (response) => response.writeHead(302, { location: elsewhere.url }).end(),
      silent,
      (response) => response.destroy(),
      (response) => void response.socket!.write('HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n'),
    ];
    const pauses: number[] = [];
    for (const [index, how] of hows.entries()) {
      receiver.answer(how);
      expect(await send(market.db, how === silent ? hastyPost : post)).toBe(1);
      expect(await send(), 'not before it is due').toBe(0);
      const [waiting] = await deliveries();
      expect(waiting).toMatchObject({ state: 'PENDING', attempt: index + 1, deliveredAt: null });
      pauses.push(waiting!.nextAt!.getTime() - market.clock.now().getTime());
      market.clock.forward(pauses.at(-1)!);
    }
    expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 80_000]);
    expect(elsewhere.received, 'no redirect is followed').toEqual([]);
    receiver.answer((response) => response.writeHead(200).end('x'.repeat(1_000_000)));
    await send();
    expect(await deliveries()).toMatchObject([
      { state: 'DELIVERED', attempt: 6, responseStatus: 200, lastError: null },
    ]);
    expect(new Set(receiver.received.map(({ body }) => body)).size, 'the same bytes each time').toBe(1);
    expect(new Set(receiver.received.map(({ headers }) => headers['runam-event-id'])).size).toBe(1);
    await elsewhere.close();
  });

  it('is given up after three days, and an endpoint that fails for a day is paused and its owner told', async () => {
    const { endpoint } = await service().create(admin, { url: receiver.url, topics: ['errand.publish'] });
    receiver.answer((response) => response.writeHead(503).end());
    await market.tell.open();
    await publish();
    await send();
    market.clock.forward(dayMs);
    await send();
    expect(await service().list(admin)).toMatchObject([{ state: 'PAUSED', pausedReason: 'answered 503' }]);
    const told = await market.db.read.notification.findMany({ where: { userId: admin.userId } });
    expect(told.filter(({ kind }) => kind === 'webhook.paused')).toMatchObject([
      { params: { endpointId: endpoint.id } },
    ]);
    market.clock.forward(dayMs);
    expect(await send(), 'nothing is sent to a paused one').toBe(0);
    await service().update(admin, endpoint.id, { state: 'ACTIVE' });
    market.clock.forward(dayMs);
    expect(await send()).toBe(1);
    expect(await deliveries()).toMatchObject([{ state: 'DEAD', nextAt: null, lastError: 'answered 503' }]);
  });

  it('is sent again by hand with the id and the body it had', async () => {
    const { endpoint } = await service().create(admin, { url: receiver.url, topics: ['errand.publish'] });
    await market.tell.open();
    await publish();
    await send();
    const { rows } = await service().deliveries(admin, { endpointId: endpoint.id });
    await service().replay(admin, rows[0]!.id);
    await send();
    expect(receiver.received).toHaveLength(2);
    expect(receiver.received[1]!.body).toBe(receiver.received[0]!.body);
    expect(receiver.received.map(({ headers }) => headers['runam-attempt'])).toEqual(['1', '2']);
  });

  it('is delivered again by somebody else when a worker dies after sending it, and never lost', async () => {
    await service().create(admin, { url: receiver.url, topics: ['errand.publish'] });
    await market.tell.open();
    await publish();
    const dying: WebhookPost = async (request) => {
      await post(request);
      throw new Error('killed between sending and saving');
    };
    await expect(send(market.db, dying)).rejects.toThrow('killed');
    expect(await send(other), 'while the lease runs').toBe(0);
    market.clock.forward(minuteMs);
    expect(await send(other)).toBe(1);
    expect(bodies()[1]).toEqual(bodies()[0]);
    expect(await deliveries()).toMatchObject([{ state: 'DELIVERED', attempt: 2 }]);
  });

  it('is sent once, however many workers look at the same time', async () => {
    await service().create(admin, { url: receiver.url, topics: ['errand.publish'] });
    for (let count = 0; count < 12; count += 1) await market.tell.open();
    const workers = [market.db, other];
    await Promise.all(workers.flatMap((db) => [publish(db), publish(db)]));
    await Promise.all(workers.flatMap((db) => [send(db), send(db), send(db)]));
    expect(bodies()).toHaveLength(12);
    expect(new Set(bodies().map(({ id }) => id)).size).toBe(12);
    expect((await deliveries()).every(({ state, attempt }) => state === 'DELIVERED' && attempt === 1)).toBe(true);
  });
});

describe('news', () => {
  it('that is committed after younger news was published is published, too', async () => {
    await service().create(admin, { url: receiver.url, topics: ['*'] });
    let commit: () => void = () => {};
    const held = new Promise<void>((resolve) => void (commit = resolve));
    let drawn: (seq: bigint) => void = () => {};
    const first = new Promise<bigint>((resolve) => void (drawn = resolve));
    const slow = other.write(async (tx) => {
      const row = { tenantId: market.tenantId, topic: 'test', aggregateId: uuidv7(), payload: {} };
      drawn((await tx.outbox.create({ data: { ...row, createdAt: market.clock.now() } })).seq);
      await held;
    });
    const early = await first;
    const { errand } = await market.tell.offered();
    await publish();
    expect(await market.db.read.outbox.count({ where: { publishedAt: { not: null }, seq: { gt: early } } })).toBe(3);
    commit();
    await slow;
    expect(await publish()).toBe(1);
    await send();
    const told = bodies().map(({ data }) => data.errandId ?? 'the late one');
    expect(told.toSorted()).toEqual([...Array<string>(3).fill(errand.id), 'the late one'].toSorted());
  });

  it('is deleted when it is old and everybody has had it, and not before', async () => {
    await market.db.write((tx) => tx.outbox.deleteMany());
    await market.tell.open();
    await publish();
    market.clock.forward(31 * dayMs);
    await market.tell.open();
    const sweep = () => sweepNews({ db: market.db, clock: market.clock, retentionMs: 30 * dayMs });
    await sweep();
    expect(await market.db.read.outbox.count()).toBe(2);
    market.clock.forward(31 * dayMs);
    await sweep();
    expect(await market.db.read.outbox.count(), 'unpublished news stays, however old').toBe(2);
  });
});

describe('an endpoint', () => {
  it('is for admins of its own market', async () => {
    const { endpoint } = await service().create(admin, { url: receiver.url, topics: ['*'] });
    const abroad = await market.addPerson(await market.addTenant(`t-${uuidv7()}`, 'NGN'), 'ADMIN');
    for (const viewer of [market.customer, market.staff]) {
      await expect(service().list(viewer)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await expect(service().delete(viewer, endpoint.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    expect(await service().list(abroad)).toEqual([]);
    await expect(service().rotateSecret(abroad, endpoint.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(service().update(admin, endpoint.id, {}, 9)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  });

  it('is not one of the private network in production, by its address or by where its name leads', async () => {
    const guarded = createWebhookService({ ...market, secrets, reach: { isOpen: false }, giveUpAfterMs });
    for (const url of [
      'http://example.com',
      'https://10.0.0.1',
      'https://[::ffff:127.0.0.1]/',
      'https://localhost/x',
      'x',
    ])
      await expect(guarded.create(admin, { url, topics: ['*'] }), url).rejects.toMatchObject({
        code: 'BAD_INPUT',
        fields: [{ path: 'input.url' }],
      });
    const guardedPost = createWebhookPost({ isOpen: false });
    const { port } = new URL(receiver.url);
    for (const host of ['localhost', '127.0.0.1', '[::ffff:7f00:1]'])
      expect(await guardedPost({ url: `http://${host}:${port}/`, headers: {}, body: '' })).toEqual({
        error: expect.stringContaining('not an address of the public internet'),
      });
    expect(receiver.received).toEqual([]);
  });

  it('says which topics there are when it is given another', async () => {
    const created = service().create(admin, { url: receiver.url, topics: ['errand.confirm', 'errand.conform'] });
    await expect(created).rejects.toMatchObject({
      code: 'BAD_INPUT',
      fields: [
        { path: 'input.topics', message: expect.stringMatching(/"errand.conform" is no topic;.*errand\.confirm/) },
      ],
    });
  });
});

/** The very text that docs/webhooks.md gives to receivers. */
async function verifyInDocs(): Promise<Verify> {
  const docs = await readFile(new URL('../../docs/webhooks.md', import.meta.url), 'utf8');
  const code = /```js\n([^]*?)```/.exec(docs)![1]!;
  const module = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`)) as {
    verifyWebhook: Verify;
  };
  return module.verifyWebhook;
}
