import type { Money } from '../../kernel/index.js';

export interface ChargeRequest {
  /** Ours, up to 200 characters; the provider charges a reference once, however often it is asked. */
  readonly reference: string;
  readonly amount: Money;
}

export type ChargeOutcome = { readonly kind: 'SUCCEEDED' } | { readonly kind: 'FAILED'; readonly reason: string };

/** Where money comes in. */
export interface PaymentProvider {
  /** Part of the ledger's account codes: `psp:{name}:clearing`. */
  readonly name: string;
  charge(request: ChargeRequest): Promise<ChargeOutcome>;
}

/**
 * A provider inside the process: every charge succeeds and no real money moves. It keeps nothing, because a reference
 * never gets here with two amounts: the wallet's row of the charge holds the first one.
 */
export function createSandboxProvider(): PaymentProvider {
  return { name: 'sandbox', charge: async () => ({ kind: 'SUCCEEDED' }) };
}
