import { createSandboxProvider, type Webhook } from '../../src/modules/providers/index.js';
import { createSandboxBook } from '../../src/modules/providers/sandbox.book.js';
import { createSandboxHandler, notFoundReply } from '../../src/modules/providers/sandbox.handler.js';
import { webhookOf } from '../../src/modules/providers/sandbox.server.js';
import { hmac } from '../../src/modules/providers/webhook.signature.js';
import { describeProviderContract } from './provider.contract.js';
import { clock } from './provider.fixtures.js';

const [secretKey, webhookSecret] = ['a key of the sandbox', 'a webhook secret'];

describeProviderContract('the sandbox', () => {
  const webhooks: Webhook[] = [];
  const book = createSandboxBook({
    clock,
    onLine: (line) => webhooks.push(...[webhookOf(line, webhookSecret)].filter((webhook) => webhook !== undefined)),
  });
  return {
    book,
    webhooks,
    handle: createSandboxHandler({ book, key: secretKey }),
    notFound: () => notFoundReply,
    refusal: { status: 422, body: { error: 'bad_account', message: 'the account was closed' } },
    adapter: (baseUrl, timeoutMs) => createSandboxProvider({ baseUrl, secretKey, webhookSecret, timeoutMs }),
    signatureHeader: 'x-sandbox-signature',
    sign: (body, secret = webhookSecret) => hmac('sha512', secret, body, 'hex'),
    transferPath: '/transfers',
    transferCurrencies: ['NGN', 'UGX', 'XOF'],
    chargeCurrencies: ['NGN', 'UGX', 'XOF'],
    saysOtp: true,
    tellsChargebacks: true,
    saysReversed: true,
    secrets: [secretKey, webhookSecret],
  };
});
