import { createFlutterwaveProvider } from './flutterwave.provider.js';
import { createPaystackProvider } from './paystack.provider.js';
import type { PaymentProvider } from './provider.port.js';
import { createSandboxProvider } from './sandbox.provider.js';

type BaseUrl = string | (() => Promise<string>);

/** Which provider, and how it is spoken to; time-outs in milliseconds. */
export type ProviderChoice = { readonly baseUrl: BaseUrl; readonly secretKey: string; readonly timeoutMs: number } & (
  | { readonly name: 'sandbox'; readonly webhookSecret: string }
  | { readonly name: 'paystack'; readonly returnUrl?: string | undefined }
  | { readonly name: 'flutterwave'; readonly webhookSecret: string; readonly returnUrl?: string | undefined }
);

export function providerFrom(choice: ProviderChoice): PaymentProvider {
  switch (choice.name) {
    case 'sandbox':
      return createSandboxProvider(choice);
    case 'paystack':
      return createPaystackProvider(choice);
    case 'flutterwave':
      return createFlutterwaveProvider(choice);
  }
}
