import type { ConfigFault, PaymentsConfig } from './config.js';

/** The variables of payments as they were read. */
interface PaymentValues {
  readonly NODE_ENV: 'development' | 'production' | 'test';
  readonly PAYMENT_PROVIDER: 'sandbox' | 'paystack' | 'flutterwave' | 'none' | undefined;
  readonly SANDBOX_PAYMENTS: boolean | undefined;
  readonly SANDBOX_URL: string | undefined;
  readonly SANDBOX_KEY: string | undefined;
  readonly SANDBOX_WEBHOOK_SECRET: string | undefined;
  readonly PAYSTACK_URL: string;
  readonly PAYSTACK_SECRET_KEY: string | undefined;
  readonly FLUTTERWAVE_URL: string;
  readonly FLUTTERWAVE_SECRET_KEY: string | undefined;
  readonly FLUTTERWAVE_WEBHOOK_SECRET: string | undefined;
  readonly PAYMENT_RETURN_URL: string | undefined;
  readonly PAYMENT_TIMEOUT_MS: number;
}

type Named = Extract<keyof PaymentValues, string>;

const needs: Readonly<Record<string, readonly Named[]>> = {
  paystack: ['PAYSTACK_SECRET_KEY'],
  flutterwave: ['FLUTTERWAVE_SECRET_KEY', 'FLUTTERWAVE_WEBHOOK_SECRET'],
};

/** What is missing or contradicts itself. */
export function paymentFaults(values: PaymentValues): readonly ConfigFault[] {
  const { PAYMENT_PROVIDER: provider, SANDBOX_PAYMENTS: hasSandbox } = values;
  const contradiction = provider !== undefined && hasSandbox !== undefined && hasSandbox !== (provider === 'sandbox');
  const missing = (names: readonly Named[], when: string) =>
    names
      .filter((name) => values[name] === undefined)
      .map((name) => ({ variable: name, message: `is not set; ${when} needs it.` }));
  return [
    ...(contradiction
      ? [{ variable: 'SANDBOX_PAYMENTS', message: `contradicts PAYMENT_PROVIDER=${provider}; leave it away.` }]
      : []),
    ...missing(needs[providerOf(values)] ?? [], `PAYMENT_PROVIDER=${provider}`),
    ...(values.SANDBOX_URL === undefined ? [] : missing(['SANDBOX_KEY', 'SANDBOX_WEBHOOK_SECRET'], 'SANDBOX_URL')),
  ];
}

/** Of values without faults. */
export function paymentsOf(values: PaymentValues): PaymentsConfig {
  const name = providerOf(values);
  const common = { timeoutMs: values.PAYMENT_TIMEOUT_MS, returnUrl: values.PAYMENT_RETURN_URL };
  const secretOf = (secret: Named) => String(values[secret]);
  switch (name) {
    case 'none':
      return { hasSandbox: false, provider: undefined };
    case 'sandbox':
      return { hasSandbox: true, provider: { name, ...sandboxOf(values), ...common } };
    case 'paystack': {
      const secretKey = secretOf('PAYSTACK_SECRET_KEY');
      return { hasSandbox: false, provider: { name, baseUrl: values.PAYSTACK_URL, secretKey, ...common } };
    }
    case 'flutterwave': {
      const secretKey = secretOf('FLUTTERWAVE_SECRET_KEY');
      const webhookSecret = secretOf('FLUTTERWAVE_WEBHOOK_SECRET');
      const baseUrl = values.FLUTTERWAVE_URL;
      return { hasSandbox: false, provider: { name, baseUrl, secretKey, webhookSecret, ...common } };
    }
  }
}

function providerOf({ NODE_ENV, PAYMENT_PROVIDER, SANDBOX_PAYMENTS }: PaymentValues) {
  if (PAYMENT_PROVIDER !== undefined) return PAYMENT_PROVIDER;
  return (SANDBOX_PAYMENTS ?? NODE_ENV !== 'production') ? 'sandbox' : 'none';
}

function sandboxOf(values: PaymentValues) {
  const key = values.SANDBOX_KEY ?? (values.NODE_ENV === 'production' ? undefined : 'sandbox-key');
  return { baseUrl: values.SANDBOX_URL, secretKey: key, webhookSecret: values.SANDBOX_WEBHOOK_SECRET };
}
