import { createFlutterwaveProvider } from '../../src/modules/providers/flutterwave.provider.js';
import { flutterwaveSignature } from '../../src/modules/providers/flutterwave.webhook.js';
import { createFlutterwaveDouble } from '../support/providers/flutterwave.double.js';
import { describeProviderContract } from './provider.contract.js';
import { clock } from './provider.fixtures.js';

const [secretKey, webhookSecret] = ['FLWSECK_TEST-of-flutterwave', 'a secret hash'];

describeProviderContract('Flutterwave', () => ({
  ...createFlutterwaveDouble(clock, secretKey, webhookSecret),
  adapter: (baseUrl, timeoutMs) => createFlutterwaveProvider({ baseUrl, secretKey, webhookSecret, timeoutMs }),
  refusal: { status: 400, body: { status: 'error', message: 'Account resolve failed', data: null } },
  signatureHeader: 'flutterwave-signature',
  sign: (body, secret = webhookSecret) => flutterwaveSignature(secret, body),
  transferPath: '/v3/transfers',
  transferCurrencies: ['NGN', 'UGX', 'XOF'],
  chargeCurrencies: ['NGN', 'UGX'],
  saysOtp: false,
  tellsChargebacks: false,
  saysReversed: false,
  secrets: [secretKey, webhookSecret],
}));
