import { expect, it } from 'vitest';
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
  saysReversed: true,
  secrets: [secretKey],
}));

it('has one name for a dispute that was lost, in whatever words and how often it is told', () => {
  const provider = createPaystackProvider({ baseUrl: 'http://127.0.0.1:1', secretKey });
  const idOf = (data: object) => {
    const body = JSON.stringify({ event: 'charge.dispute.resolve', data });
    return provider.readWebhook({ [paystackSignatureHeader]: paystackSignature(secretKey, body) }, Buffer.from(body))
      .eventId;
  };
  const transaction = { reference: 'charge-1' };
  const lost = { id: 358_950, refund_amount: 5_800, currency: 'NGN', resolution: 'merchant-accepted', transaction };
  const ids = [lost, { ...lost, updatedAt: '2026-03-02T10:00:00Z' }, { ...lost, id: 358_951 }].map(idOf);
  expect(ids).toEqual(['dispute 358950', 'dispute 358950', 'dispute 358951']);
  expect(idOf({ ...lost, resolution: 'declined' })).not.toBe(ids[0]);
});
