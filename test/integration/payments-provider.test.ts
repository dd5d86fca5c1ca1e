import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createPayments } from '../../src/app.payments.js';
import { loadEnv } from '../../src/config/index.js';
import { silentLogger, systemClock, type Logger } from '../../src/kernel/index.js';
import { createLossyFront } from '../../src/modules/providers/index.js';

const amount = { minor: 70_000n, currency: 'NGN' } as const;
const charge = { reference: 'charge-1', amount, email: 'ada@runam.test' };

it('starts a sandbox in the process when nothing else is set up, says where it is, and stops it', async () => {
  const lines: string[] = [];
  const logger: Logger = { ...silentLogger, info: (_, message) => void lines.push(message) };
  const payments = createPayments({ config: loadEnv({}), clock: systemClock, logger });
  await payments.open();
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(lines.join()) ?? [];
  expect(await payments.provider?.initiateCharge(charge)).toMatchObject({ kind: 'SUCCEEDED', amount });
  expect((await fetch(`${url}/charges/charge-1`, { headers: { authorization: 'Bearer sandbox-key' } })).status).toBe(
    200,
  );
  await payments.close();
  await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed');
});

it('keeps what the sandbox was told over a restart, and needs no start of its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'runam-payments-'));
  try {
    const deps = { clock: systemClock, logger: silentLogger, bookFile: join(folder, 'book.jsonl') };
    for (const isFirst of [true, false]) {
      const { provider, close } = createPayments({ config: loadEnv({}), ...deps });
      if (isFirst) await provider?.initiateCharge(charge);
      expect(await provider?.chargeOf('charge-1')).toMatchObject({ kind: 'SUCCEEDED', amount });
      await close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('speaks to a sandbox elsewhere, to Paystack or to Flutterwave without starting one', async () => {
  const { url, server } = await elsewhere();
  const sandbox = { SANDBOX_URL: url, SANDBOX_KEY: 'a-key-of-mine', SANDBOX_WEBHOOK_SECRET: 'a-secret-of-mine' };
  const choices = [
    ['sandbox', sandbox],
    ['paystack', { PAYMENT_PROVIDER: 'paystack', PAYSTACK_SECRET_KEY: 'sk_test_1234', PAYSTACK_URL: url }],
    [
      'flutterwave',
      {
        PAYMENT_PROVIDER: 'flutterwave',
        FLUTTERWAVE_SECRET_KEY: 'FLWSECK_1234',
        FLUTTERWAVE_WEBHOOK_SECRET: 'a-secret-hash',
        FLUTTERWAVE_URL: `${url}/`,
      },
    ],
  ] as const;
  for (const [name, env] of choices) {
    const payments = createPayments({ config: loadEnv(env), clock: systemClock, logger: silentLogger });
    await payments.open();
    expect(payments.provider?.name).toBe(name);
    await payments.provider?.chargeOf('charge-1');
    await payments.close();
  }
  expect(server.asked).toEqual([
    'Bearer a-key-of-mine /charges/charge-1',
    'Bearer sk_test_1234 /transaction/verify/charge-1',
    'Bearer FLWSECK_1234 /v3/transactions/verify_by_reference',
  ]);
  await server.close();
});

async function elsewhere() {
  const asked: string[] = [];
  const front = await createLossyFront({
    plan: () => 'none',
    handle({ headers, path }) {
      asked.push(`${headers['authorization']} ${path}`);
      return { status: 404, body: {} };
    },
  });
  return { url: front.url, server: { asked, close: () => front.close() } };
}
