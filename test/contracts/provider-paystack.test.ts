import { createPaystackProvider } from '../../src/modules/providers/paystack.provider.js';
import { paystackSignature, paystackSignatureHeader } from '../../src/modules/providers/paystack.webhook.js';
import { createPaystackDouble } from '../support/providers/paystack.double.js';
import { describeProviderContract } from './provider.contract.js';
import { clock } from './provider.fixtures.js';

const secretKey = 'sk_test_of_paystack';

describeProviderContract('Paystack', () => ({
  ...createPaystackDouble(clock, secretKey),
  adapter: (baseUrl, timeoutMs) => createPaystackProvider({ baseUrl, secretKey, timeoutMs }),
  refusal: {
    status: 400,
    body: { status: false, message: 'Your balance is not enough', code: 'insufficient_balance' },
  },
  signatureHeader: paystackSignatureHeader,
  sign: (body, secret = secretKey) => paystackSignature(secret, body),
  transferPath: '/transfer',
  transferCurrencies: ['NGN', 'GHS'],
  chargeCurrencies: ['NGN', 'XOF'],
  saysOtp: true,
  tellsChargebacks: true,
  secrets: [secretKey],
}));
