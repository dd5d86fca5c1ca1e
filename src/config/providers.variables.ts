import { flag, oneOf, text, url, whole } from './kinds.js';
import { variable } from './variable.js';

const secret = (takes: string) => text({ pattern: /^\S{8,200}$/, takes, isSecret: true });
const webAddress = url(['http:', 'https:'], 'https://host, without a slash at its end');

export const providersVariables = {
  PAYMENT_PROVIDER: variable(
    'Payments',
    'Through whom money comes in and goes out.',
    oneOf(['sandbox', 'paystack', 'flutterwave', 'none']),
    undefined,
    'sandbox outside production, none in production; SANDBOX_PAYMENTS decides when it is set',
  ),
  SANDBOX_PAYMENTS: variable(
    'Payments',
    'Older name: true is PAYMENT_PROVIDER=sandbox, false is none. With the sandbox no real money moves.',
    flag,
    undefined,
    'PAYMENT_PROVIDER decides',
  ),
  SANDBOX_URL: variable(
    'Payments',
    'A sandbox provider that runs elsewhere.',
    webAddress,
    undefined,
    'one starts in this process on loopback, its book in RUNAM_DATA_DIR',
  ),
  SANDBOX_KEY: variable(
    'Payments',
    'What the sandbox is shown as a bearer, and by whoever drives it by hand.',
    secret('8 to 200 characters without spaces'),
    undefined,
    'sandbox-key outside production; made at each start in production; required with SANDBOX_URL',
  ),
  SANDBOX_WEBHOOK_SECRET: variable(
    'Payments',
    'Signs the webhooks of the sandbox.',
    secret('8 to 200 characters without spaces'),
    undefined,
    'made at each start; required with SANDBOX_URL',
  ),
  PAYSTACK_URL: variable('Payments', 'API of Paystack.', webAddress, 'https://api.paystack.co'),
  PAYSTACK_SECRET_KEY: variable(
    'Payments',
    'Secret key of Paystack; signs its webhooks too.',
    secret('the secret key of the dashboard, 8 to 200 characters'),
    undefined,
    'required when PAYMENT_PROVIDER is paystack',
  ),
  FLUTTERWAVE_URL: variable('Payments', 'API of Flutterwave.', webAddress, 'https://api.flutterwave.com'),
  FLUTTERWAVE_SECRET_KEY: variable(
    'Payments',
    'Secret key of Flutterwave.',
    secret('the secret key of the dashboard, 8 to 200 characters'),
    undefined,
    'required when PAYMENT_PROVIDER is flutterwave',
  ),
  FLUTTERWAVE_WEBHOOK_SECRET: variable(
    'Payments',
    'Secret hash of Flutterwave, by which its webhooks are known.',
    secret('the secret hash of the dashboard, 8 to 200 characters'),
    undefined,
    'required when PAYMENT_PROVIDER is flutterwave',
  ),
  PAYMENT_RETURN_URL: variable(
    'Payments',
    "Where a payer's browser goes after a provider's checkout page.",
    webAddress,
    undefined,
    'what the dashboard of the provider says',
  ),
  PAYMENT_TIMEOUT_MS: variable(
    'Payments',
    "Longest wait for a provider's answer; after it the outcome is unknown.",
    whole({ unit: 'milliseconds', min: 100, max: 120_000 }),
    '10000',
  ),
};
