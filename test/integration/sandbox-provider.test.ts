import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createLossyWebhooks,
  createSandboxProvider,
  createSandboxServer,
  magicAccounts,
  magicAmounts,
  type SandboxServer,
  type SandboxServerOptions,
  type WebhookNotice,
} from '../../src/modules/providers/index.js';
import { createSandboxBook } from '../../src/modules/providers/sandbox.book.js';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

let nowMs = Date.parse('2026-03-02T10:00:00Z');
const clock = { now: () => new Date(nowMs) };
const amount = { minor: 70_000n, currency: 'NGN' } as const;

describe('the sandbox server', () => {
  it('forgets no charge and no transfer when it starts again', async () => {
    const bookFile = join(folder(), 'deeper', 'book.jsonl');
    const before = await start({ bookFile });
    await before.provider.initiateCharge({ reference: 'charge-1', amount, email: 'ada@runam.test' });
    await before.provider.sendTransfer(transfer('payout-0000000001'));
    await before.provider.sendTransfer(transfer('payout-0000000002', magicAccounts.staysPending));
    const items = before.server.book.items();
    await before.server.close();
    const after = await start({ bookFile });
    expect(after.server.book.items()).toEqual(items);
    expect(await after.provider.chargeOf('charge-1')).toMatchObject({ kind: 'SUCCEEDED', amount });
    expect(await after.provider.transferOf('payout-0000000002')).toMatchObject({ kind: 'PENDING' });
    expect(await after.provider.sendTransfer(transfer('payout-0000000001'))).toMatchObject({ kind: 'PAID' });
    expect(after.server.book.items()).toHaveLength(2);
  });

  it('keeps no account number in its book', async () => {
    const bookFile = join(folder(), 'book.jsonl');
    const { provider } = await start({ bookFile });
    await provider.sendTransfer(transfer('payout-0000000001', '0123456789'));
    expect(readFileSync(bookFile, 'utf8')).not.toContain('0123456789');
  });

  it('moves money once when several processes share its book', async () => {
    const file = join(folder(), 'book.jsonl');
    const [one, other] = [createSandboxBook({ clock, file }), createSandboxBook({ clock, file })];
    const request = { reference: 'payout-1', amount, accountNumber: magicAccounts.staysPending };
    expect([one.transfer(request), other.transfer(request)]).toEqual([true, false]);
    expect([other.payTransfer('payout-1'), one.payTransfer('payout-1')]).toEqual([true, false]);
    expect([one.failTransfer('payout-1'), other.failTransfer('payout-1')]).toEqual([false, false]);
    expect(one.items()).toEqual(other.items());
    expect(one.items()).toHaveLength(1);
  });

  it('reads past half a line that a killed process left', async () => {
    const file = join(folder(), 'book.jsonl');
    const charge = { reference: 'charge-1', amount, email: 'ada@runam.test' };
    createSandboxBook({ clock, file }).charge(charge);
    appendFileSync(file, '\n{"type":"charge.created","reference":"cha');
    const book = createSandboxBook({ clock, file });
    expect(book.charge({ ...charge, reference: 'charge-2' })).toBe(true);
    const references = createSandboxBook({ clock, file })
      .items()
      .map(({ reference }) => reference);
    expect(references).toEqual(['charge-1', 'charge-2']);
  });

  it('does by the clock what its magic values say', async () => {
    const { provider } = await start({});
    await provider.sendTransfer(transfer('payout-0000000001', magicAccounts.reversedLater));
    await provider.sendTransfer(transfer('payout-0000000002', magicAccounts.paidLater));
    const late = { reference: 'late', amount: { ...amount, minor: magicAmounts.succeedsLater }, email: 'a@b.c' };
    const kinds = async () => [
      (await provider.transferOf('payout-0000000001')).kind,
      (await provider.transferOf('payout-0000000002')).kind,
      (await provider.chargeOf('late')).kind,
    ];
    await provider.initiateCharge(late);
    expect(await kinds()).toEqual(['PAID', 'PENDING', 'PENDING']);
    nowMs += 5_000;
    expect(await kinds()).toEqual(['REVERSED', 'PAID', 'SUCCEEDED']);
  });

  it('is driven by hand over HTTP, and refuses what its state does not allow', async () => {
    const { server, provider } = await start({});
    await provider.sendTransfer(transfer('payout-0000000001', magicAccounts.needsOtp));
    await provider.initiateCharge({ reference: 'charge-1', amount, email: 'pending@runam.test' });
    const drive = (path: string, body?: object) => post(server, `/control/${path}`, body);
    expect(await drive('transfers/payout-0000000001/settle')).toBe(409);
    expect(await drive('transfers/payout-0000000001/otp')).toBe(200);
    expect(await drive('transfers/payout-0000000001/reverse')).toBe(200);
    expect(await drive('transfers/payout-0000000001/fail')).toBe(409);
    expect(await drive('charges/charge-1/chargeback')).toBe(409);
    expect(await drive('charges/charge-1/settle', { amountMinor: '60000' })).toBe(200);
    expect(await drive('charges/charge-1/chargeback', { amountMinor: '60001' })).toBe(409);
    expect(await drive('charges/charge-1/chargeback', { amountMinor: '-1' })).toBe(422);
    expect(await drive('charges/charge-1/chargeback')).toBe(200);
    expect(await drive('charges/charge-2/settle')).toBe(404);
    expect(await drive('charges/charge-1/__proto__')).toBe(404);
    expect(server.book.items().map(({ kind, amount: moved }) => [kind, moved.minor])).toEqual([
      ['transfer', 70_000n],
      ['reversal', 70_000n],
      ['charge', 60_000n],
      ['chargeback', 60_000n],
    ]);
  });

  it('answers nobody without its key, and says what is wrong with an amount, a reference or an account', async () => {
    const { server, provider } = await start({});
    expect(await post({ ...server, key: 'another' }, '/transfers', {})).toBe(401);
    const bad = [{ amountMinor: 5 }, { amountMinor: '0' }, { amountMinor: '1.5' }, { currency: 'EUR' }];
    const good = { amountMinor: '5', currency: 'NGN', reference: 'r', accountNumber: '0123456789', bankCode: '058' };
    for (const fault of [...bad, { reference: 'a b' }, { accountNumber: 123_456_789 }, { bankCode: '' }])
      expect(await post(server, '/transfers', { ...good, ...fault })).toBe(422);
    expect(await post(server, '/transfers', good)).toBe(201);
    expect(server.book.items()).toHaveLength(1);
    expect(await provider.sendTransfer(transfer('a reference with spaces'))).toMatchObject({ kind: 'FAILED' });
  });
});

describe('webhooks of the sandbox', () => {
  it('arrive signed, and again until they are taken', async () => {
    const inbox = await startInbox((nth) => (nth <= 2 ? 500 : 200));
    const { provider } = await start({ webhookUrl: inbox.url, webhookRetryMs: 1 });
    await provider.sendTransfer(transfer('payout-0000000001'));
    await expect.poll(() => inbox.received.length, { timeout: 20_000 }).toBe(3);
    const notices = inbox.received.map(({ headers, body }) => provider.readWebhook(headers, body));
    for (const notice of notices) expect(notice).toEqual(notices[0]);
    expect(notices[0]!.about).toEqual({ kind: 'transfer', clientRef: 'payout-0000000001' });
  });

  it('can be lost, doubled, late and in another order on purpose', async () => {
    const inbox = await startInbox(() => 200);
    const fates = ['lose', 'twice', 'hold', 'hold', 'deliver'] as const;
    const lossy = createLossyWebhooks((nth) => fates[nth - 1] ?? 'deliver');
    const { provider } = await start({ webhookUrl: inbox.url, webhookPost: lossy.post });
    const about = () => inbox.received.map(({ headers, body }) => refOf(provider.readWebhook(headers, body)));
    for (const [index, fate] of fates.entries()) {
      await provider.sendTransfer(transfer(`payout-000000000${index}`));
      const due = { lose: 0, twice: 2, hold: 2, deliver: 3 }[fate];
      await expect.poll(() => inbox.received.length, { timeout: 20_000 }).toBe(due);
      await expect.poll(() => lossy.held(), { timeout: 20_000 }).toBe(Math.min(2, Math.max(0, index - 1)));
    }
    await lossy.letGo();
    expect(about()).toEqual([1, 1, 4, 3, 2].map((index) => `payout-000000000${index}`));
  });
});

async function start(options: Partial<SandboxServerOptions>) {
  const server = await createSandboxServer({ clock, ...options });
  stops.push(() => server.close());
  const { url: baseUrl, key: secretKey, webhookSecret } = server;
  return { server, provider: createSandboxProvider({ baseUrl, secretKey, webhookSecret }) };
}

function transfer(clientRef: string, accountNumber = '0123456789') {
  const account = { accountNumber, bankCode: '058', currency: 'NGN', accountName: 'Ada Obi' };
  return { ...account, clientRef, amount, narration: 'payout' };
}

async function post({ url, key }: Pick<SandboxServer, 'url' | 'key'>, path: string, body?: object): Promise<number> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  await response.arrayBuffer();
  return response.status;
}

function refOf({ about }: WebhookNotice): string {
  return about.kind === 'transfer' ? about.clientRef : about.kind;
}

interface Received {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

async function startInbox(statusOf: (nth: number) => number) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      received.push({ headers, body: Buffer.concat(chunks) });
      response.writeHead(statusOf(received.length)).end();
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/sandbox`, received };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'runam-sandbox-'));
  stops.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
