import { AppError, formatMoney, type Money } from '../../kernel/index.js';

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
  /** @throws AppError ALREADY_EXISTS when the reference was charged with another amount */
  charge(request: ChargeRequest): Promise<ChargeOutcome>;
}

/** A provider inside the process: every charge succeeds, no real money moves, a reference repeated is the same charge. */
export function createSandboxProvider(): PaymentProvider {
  const charged = new Map<string, Money>();
  return {
    name: 'sandbox',
    async charge({ reference, amount }) {
      const earlier = charged.get(reference) ?? amount;
      if (earlier.minor !== amount.minor || earlier.currency !== amount.currency) {
        throw new AppError('ALREADY_EXISTS', `The reference was used for ${formatMoney(earlier)} already.`);
      }
      charged.set(reference, amount);
      return { kind: 'SUCCEEDED' };
    },
  };
}
