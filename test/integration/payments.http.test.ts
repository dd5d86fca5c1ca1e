import { createHmac } from 'node:crypto';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock, uuidv7 } from '../../src/kernel/index.js';
import { createSandboxServer, magicAmounts, type SandboxServer } from '../../src/modules/providers/index.js';
import { ledgerHealth } from '../../src/modules/ledger/index.js';
import { agree, join, openMarket, post, type Person } from '../support/market.js';
import { joinAs } from '../support/staff.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let sandbox: SandboxServer;
let app: TestApp;
let tenantId: string;
let customer: Person;
let runner: Person;
let finance: Person;

beforeAll(async () => {
  sandbox = await createSandboxServer({ clock: systemClock });
  const { url: SANDBOX_URL, key: SANDBOX_KEY, webhookSecret: SANDBOX_WEBHOOK_SECRET } = sandbox;
  // No rounds: what comes in is followed up at once, or not in this test.
  const env = { SANDBOX_URL, SANDBOX_KEY, SANDBOX_WEBHOOK_SECRET };
  app = await startTestApp({ env, timersEveryMs: 3_600_000 });
  sandbox.sendWebhooksTo(`${app.url}/webhooks/sandbox`);
  tenantId = await openMarket(app.app.db);
  [customer, runner] = [await join(app.client, 'CUSTOMER', 'Ada'), await join(app.client, 'RUNNER', 'Bola')];
  finance = await joinAs(app.app.db, app.client, tenantId, 'FINANCE');
});
afterAll(async () => {
  await app.close();
  await sandbox.close();
});

type Row = Readonly<Record<string, unknown>>;
const money = 'id state purpose landed detour providerRef amount { minor } received { minor } errand { id state }';

async function ask(who: Person, text: string): Promise<Row> {
  return who.client.get(parse(text) as TypedDocumentNode<Row, object>, {});
}

async function codeOf(who: Person, text: string): Promise<unknown> {
  const { errors } = await who.client.ask(parse(text) as TypedDocumentNode<Row, object>, {});
  return errors[0]?.extensions.code;
}

/** Posts as the sandbox would. */
function knock(body: string, { provider = 'sandbox', type = 'application/json', signature = sign(body) } = {}) {
  const headers = { ...(type && { 'content-type': type }), ...(signature && { 'x-sandbox-signature': signature }) };
  return fetch(`${app.url}/webhooks/${provider}`, { method: 'POST', headers, body: Buffer.from(body) });
}

const sign = (body: string): string => createHmac('sha512', sandbox.webhookSecret).update(body).digest('hex');
const stored = () => app.app.db.read.webhookInbox.count();
const eventOf = (reference: string, id = uuidv7()) =>
  JSON.stringify({ id, event: 'charge.succeeded', data: { reference, note: 'ọ̀ 💸' } }, null, 3);

describe('a payment through the API', () => {
  it('funds its errand as soon as the provider tells of it, and shows that in every read', async () => {
    const errandId = await post(customer);
    await agree(customer, runner, errandId, Number(magicAmounts.staysPending));
    const pay = `mutation { payForErrand(errandId: "${errandId}", idempotencyKey: "pay-1") {
      isReplay charge { ${money} } errand { state } } }`;
    const { payForErrand } = await ask(customer, pay);
    expect(payForErrand).toMatchObject({
      isReplay: false,
      charge: { state: 'PENDING', purpose: 'ERRAND', landed: null },
    });
    const { id, providerRef } = (payForErrand as { charge: { id: string; providerRef: string } }).charge;
    expect(await ask(customer, `{ errand(id: "${errandId}") { state } }`)).toEqual({
      errand: { state: 'AWAITING_FUNDING' },
    });
    sandbox.book.succeedCharge(providerRef);
    await vi.waitFor(
      async () => {
        const { charge } = await ask(customer, `{ charge(id: "${id}") { ${money} } }`);
        expect(charge).toMatchObject({
          state: 'SUCCEEDED',
          landed: 'ERRAND',
          detour: null,
          errand: { state: 'ASSIGNED' },
        });
      },
      { timeout: 45_000 },
    );
    expect(await ask(customer, `{ errand(id: "${errandId}") { state } }`)).toEqual({ errand: { state: 'ASSIGNED' } });
    expect(await ask(customer, `{ myCharges(first: 1) { edges { node { id } } } }`)).toEqual({
      myCharges: { edges: [{ node: { id } }] },
    });
    expect(await ask(finance, `{ charge(id: "${id}") { id } }`)).toEqual({ charge: { id } });
    expect(await codeOf(runner, `{ charge(id: "${id}") { id } }`)).toBe('NOT_FOUND');
    expect(await codeOf(runner, `mutation { verifyCharge(chargeId: "${id}") { charge { id } } }`)).toBe('NOT_FOUND');
    expect(await ledgerHealth(app.app.db.read, tenantId)).toMatchObject({ ok: true });
  });

  it('of a top-up that its payer has still to make shows no money, and shows it when it came', async () => {
    const input = `{ amount: { minor: ${magicAmounts.staysPending}, currency: NGN } }`;
    const before = await ask(customer, '{ myWallet { balance { minor } } }');
    const { topUpWallet } = await ask(
      customer,
      `mutation { topUpWallet(input: ${input}) { wallet { balance { minor } } charge { ${money} } } }`,
    );
    const { charge, wallet } = topUpWallet as unknown as {
      charge: { id: string; providerRef: string };
      wallet: unknown;
    };
    expect(charge).toMatchObject({ state: 'PENDING', purpose: 'WALLET', errand: null });
    expect({ myWallet: wallet }).toEqual(before);
    sandbox.sendWebhooksTo(undefined);
    sandbox.book.succeedCharge(charge.providerRef);
    sandbox.sendWebhooksTo(`${app.url}/webhooks/sandbox`);
    const { verifyCharge } = await ask(
      customer,
      `mutation { verifyCharge(chargeId: "${charge.id}") { charge { ${money} } } }`,
    );
    expect(verifyCharge).toMatchObject({ charge: { state: 'SUCCEEDED', landed: 'WALLET' } });
    expect(await ask(customer, '{ myWallet { balance { minor } } }')).not.toEqual(before);
  });
});

describe('the door for webhooks', () => {
  it('keeps what is signed, byte by byte and once, and answers at once', async () => {
    const before = await stored();
    const body = eventOf(uuidv7());
    for (const type of ['application/json', 'application/json; charset=utf-8', 'text/plain', '']) {
      const answer = await knock(body, { type });
      expect([answer.status, await answer.json()]).toEqual([200, { received: true }]);
    }
    expect(await stored()).toBe(before + 1);
    const { rawBody, headers } = await app.app.db.read.webhookInbox.findFirstOrThrow({
      orderBy: { receivedAt: 'desc' },
    });
    expect(Buffer.from(rawBody).toString()).toBe(body);
    expect(Object.keys(headers as object)).toContain('x-sandbox-signature');
  });

  it('keeps no body of what is told of transfers, in which account numbers of those who were paid may stand', async () => {
    const data = { reference: 'po-1', recipient: { account_number: '9988776655' } };
    const told = { event: 'transfer.paid', data };
    expect((await knock(JSON.stringify({ ...told, id: uuidv7() }))).status).toBe(200);
    expect((await knock(JSON.stringify({ ...told, event: 'recipient.made', id: uuidv7() }))).status).toBe(200);
    const rows = await app.app.db.read.webhookInbox.findMany();
    const bodies = rows.map(({ rawBody }) => Buffer.from(rawBody).toString()).join('');
    expect(bodies + JSON.stringify(rows.map(({ about }) => about))).not.toContain('9988776655');
  });

  it.each<[number, string, () => Promise<Response>]>([
    [401, 'without a signature', () => knock(eventOf('r'), { signature: '' })],
    [401, 'with the signature of another body', () => knock(eventOf('r'), { signature: sign('{}') })],
    [401, 'changed after it was signed', () => knock(eventOf('r') + ' ', { signature: sign(eventOf('r')) })],
    [400, 'signed and unreadable', () => knock('no json')],
    [400, 'signed and empty', () => knock('')],
    [400, 'signed, about a reference that is no text', () => knock(eventOf('a\0b'))],
    [400, 'signed, about a reference without end', () => knock(eventOf('r'.repeat(5_000)))],
    [400, 'signed, of an event without a name', () => knock(eventOf('r', ''))],
    [400, 'signed, of an event whose name is no text', () => knock(eventOf('r', '\0'))],
    [404, 'of a provider that is not set up', () => knock(eventOf('r'), { provider: 'paystack' })],
    [404, 'of nobody we know', () => knock(eventOf('r'), { provider: '..%2fgraphql' })],
    [413, 'larger than any provider sends', () => knock(' '.repeat(300_000))],
  ])('answers %s to one %s, and keeps nothing of it', async (status, _, send) => {
    const before = await stored();
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(((await answer.json()) as { errors: unknown[] }).errors).toHaveLength(1);
    expect(await stored()).toBe(before);
  });

  it('leaves every other address as it was: JSON is read as ever, and nothing else answers there', async () => {
    expect((await fetch(`${app.url}/webhooks/sandbox`)).status).toBe(404);
    const text = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{}',
    });
    expect(text.status).toBeGreaterThanOrEqual(400);
    expect(await codeOf(customer, '{ myWallet { balance { minor } } }')).toBeUndefined();
  });
});

describe('a webhook that nothing comes of', () => {
  it('waits for FINANCE, who has it tried again; nobody else sees it', async () => {
    const reference = uuidv7();
    await knock(eventOf(reference));
    const inbox = '{ webhookInbox(first: 1) { edges { node { id kind subject state error attempts } } } }';
    const failed = { kind: 'charge', subject: reference, state: 'FAILED', attempts: 1 };
    const first = await vi.waitFor(
      async () => {
        const { webhookInbox } = await ask(finance, inbox);
        const [edge] = (webhookInbox as { edges: { node: { id: string; subject: string } }[] }).edges;
        expect(edge?.node).toMatchObject({ ...failed, error: `No charge has the reference ${reference}.` });
        return edge!.node;
      },
      { timeout: 45_000 },
    );
    const retry = `mutation { retryWebhook(webhookId: "${first.id}") { webhook { state attempts } } }`;
    for (const who of [customer, runner]) {
      expect(await codeOf(who, inbox)).toBe('FORBIDDEN');
      expect(await codeOf(who, retry)).toBe('FORBIDDEN');
    }
    expect(await ask(finance, retry)).toEqual({ retryWebhook: { webhook: { state: 'RECEIVED', attempts: 0 } } });
    expect(await codeOf(finance, retry)).toBe('NOT_FOUND');
  });

  it('of another market is not shown, nor tried again', async () => {
    const other = await openMarket(app.app.db, 'abuja');
    const row = await app.app.db.read.webhookInbox.findFirstOrThrow({ where: { tenantId: null } });
    const { about, headers, ...rest } = row;
    const theirs = {
      ...rest,
      id: uuidv7(),
      eventId: uuidv7(),
      tenantId: other,
      state: 'FAILED',
      nextAt: null,
    } as const;
    await app.app.db.write((tx) =>
      tx.webhookInbox.create({
        data: { ...theirs, error: 'theirs', doneAt: null, about: about as object, headers: headers as object },
      }),
    );
    const { webhookInbox } = await ask(finance, '{ webhookInbox(first: 50) { edges { node { id } } } }');
    const ids = (webhookInbox as { edges: { node: { id: string } }[] }).edges.map(({ node }) => node.id);
    expect(ids).not.toContain(theirs.id);
    expect(await codeOf(finance, `mutation { retryWebhook(webhookId: "${theirs.id}") { webhook { id } } }`)).toBe(
      'NOT_FOUND',
    );
  });

  it('is worth nothing to anybody: a made-up success books nothing', async () => {
    const errandId = await post(customer);
    await agree(customer, runner, errandId, Number(magicAmounts.staysPending));
    const { payForErrand } = await ask(
      customer,
      `mutation { payForErrand(errandId: "${errandId}") { charge { id providerRef } } }`,
    );
    const { id, providerRef } = (payForErrand as { charge: { id: string; providerRef: string } }).charge;
    await knock(eventOf(providerRef));
    const checks = async () => (await app.app.db.read.charge.findUniqueOrThrow({ where: { id } })).checks;
    await vi.waitFor(async () => expect(await checks()).toBeGreaterThan(1), { timeout: 45_000 });
    expect(await ask(customer, `{ charge(id: "${id}") { state } }`)).toEqual({ charge: { state: 'PENDING' } });
  });
});
