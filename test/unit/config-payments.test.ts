import { describe, expect, it } from 'vitest';
import { ConfigError, loadEnv, type Env } from '../../src/config/index.js';

const production = { NODE_ENV: 'production', JWT_SECRET: 'x'.repeat(32) };

describe('the choice of a payment provider', () => {
  it('is the sandbox outside production and none in production', () => {
    expect(loadEnv({}).payments.provider).toMatchObject({ name: 'sandbox', secretKey: 'sandbox-key' });
    expect(loadEnv(production).payments).toEqual({ hasSandbox: false, provider: undefined });
  });

  it('still listens to SANDBOX_PAYMENTS', () => {
    expect(loadEnv({ ...production, SANDBOX_PAYMENTS: 'true' }).payments.provider).toMatchObject({
      name: 'sandbox',
      secretKey: undefined,
    });
    expect(loadEnv({ SANDBOX_PAYMENTS: 'false' }).payments.provider).toBeUndefined();
    expect(faultsOf({ SANDBOX_PAYMENTS: 'true', PAYMENT_PROVIDER: 'none' })).toEqual([
      'SANDBOX_PAYMENTS: contradicts PAYMENT_PROVIDER=none; leave it away.',
    ]);
  });

  it('wants the secrets of the provider that is chosen, and does not show them', () => {
    expect(faultsOf({ PAYMENT_PROVIDER: 'paystack' })).toEqual([
      'PAYSTACK_SECRET_KEY: is not set; PAYMENT_PROVIDER=paystack needs it.',
    ]);
    expect(faultsOf({ PAYMENT_PROVIDER: 'flutterwave' })).toHaveLength(2);
    expect(faultsOf({ SANDBOX_URL: 'http://127.0.0.1:4100' })).toHaveLength(2);
    const short = faultsOf({ PAYMENT_PROVIDER: 'paystack', PAYSTACK_SECRET_KEY: 'sk_1' });
    expect(short.join()).toContain('8 to 200');
    expect(short.join()).not.toContain('sk_1');
  });

  it('takes each provider with its settings', () => {
    const paystack = { PAYMENT_PROVIDER: 'paystack', PAYSTACK_SECRET_KEY: 'sk_test_1234', PAYMENT_TIMEOUT_MS: '500' };
    expect(loadEnv({ ...production, ...paystack }).payments).toEqual({
      hasSandbox: false,
      provider: {
        name: 'paystack',
        baseUrl: 'https://api.paystack.co',
        secretKey: 'sk_test_1234',
        timeoutMs: 500,
        returnUrl: undefined,
      },
    });
    const flutterwave = { FLUTTERWAVE_SECRET_KEY: 'FLWSECK-1', FLUTTERWAVE_WEBHOOK_SECRET: 'a-secret-hash' };
    expect(loadEnv({ PAYMENT_PROVIDER: 'flutterwave', ...flutterwave }).payments.provider).toMatchObject({
      name: 'flutterwave',
      webhookSecret: 'a-secret-hash',
    });
  });
});

function faultsOf(env: Env): readonly string[] {
  try {
    loadEnv(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ variable, message }) => `${variable}: ${message}`);
    throw error;
  }
  return [];
}
