import type { ChargeReport, ChargeRequest, PaymentProvider } from '../../src/modules/providers/index.js';

export interface Script {
  readonly initiateCharge: (request: ChargeRequest) => ChargeReport | Promise<ChargeReport>;
  /** Default: it never heard of it. */
  readonly chargeOf?: (reference: string) => ChargeReport | Promise<ChargeReport>;
}

/** A provider that says of charges what a test wants it to say, and does nothing else. */
export function scriptedProvider({
  initiateCharge,
  chargeOf = () => ({ kind: 'NOT_FOUND' }),
}: Script): PaymentProvider {
  const refuse = (): never => {
    throw new Error('the script says nothing of this');
  };
  return {
    name: 'sandbox',
    notFoundHorizonMs: 60_000,
    initiateCharge: async (request) => initiateCharge(request),
    chargeOf: async (reference) => chargeOf(reference),
    resolveAccount: refuse,
    sendTransfer: refuse,
    transferOf: refuse,
    readWebhook: refuse,
    bookOf: refuse,
    takenBack: async () => [],
  };
}

/** All of what was asked for, for nothing. */
export function succeeded({ reference, amount }: ChargeRequest): ChargeReport {
  return { kind: 'SUCCEEDED', amount, fee: { minor: 0n, currency: amount.currency }, providerRef: `p-${reference}` };
}
