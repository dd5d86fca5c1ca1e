import type { Money } from '../../kernel/index.js';

/** The providers there are adapters for; the name stands in the ledger's account codes: `psp:{name}:clearing`. */
export const providerNames = ['sandbox', 'paystack', 'flutterwave'] as const;
export type ProviderName = (typeof providerNames)[number];

/**
 * What a provider says of one charge or transfer. `UNKNOWN` is an answer of its own: a time-out, a reset connection, a 5xx
 * or an answer that cannot be read. The effect may have happened, so nothing may be undone because of it.
 */
export type ChargeReport =
  | { readonly kind: 'SUCCEEDED'; readonly amount: Money; readonly fee: Money; readonly providerRef: string }
  /** It came, and all of it has gone back to the payer; the fee of the charge did not come back. */
  | {
      readonly kind: 'REVERSED';
      readonly amount: Money;
      readonly fee: Money;
      readonly providerRef: string;
      readonly reason: string;
    }
  | { readonly kind: 'PENDING'; readonly checkoutUrl: string | undefined; readonly providerRef: string | undefined }
  | { readonly kind: 'FAILED'; readonly reason: string }
  /** The provider does not know the reference: final only once `notFoundHorizonMs` has passed. */
  | { readonly kind: 'NOT_FOUND' }
  | { readonly kind: 'UNKNOWN'; readonly reason: string };

export type TransferReport =
  | { readonly kind: 'PENDING'; readonly providerRef: string | undefined }
  | { readonly kind: 'NEEDS_OTP'; readonly providerRef: string | undefined }
  | { readonly kind: 'PAID'; readonly amount: Money; readonly fee: Money; readonly providerRef: string }
  | { readonly kind: 'FAILED'; readonly reason: string }
  /** Was paid, and the money came back to us; the fee of the transfer did not. */
  | { readonly kind: 'REVERSED'; readonly amount: Money; readonly fee: Money; readonly reason: string }
  | { readonly kind: 'NOT_FOUND' }
  | { readonly kind: 'UNKNOWN'; readonly reason: string };

export interface ChargeRequest {
  /** Ours, up to 100 characters of `A-Z a-z 0-9 - . =`; the provider charges a reference once, however often it is asked. */
  readonly reference: string;
  readonly amount: Money;
  readonly email: string;
}

export interface AccountRequest {
  /** Text: zeros in front belong to it. */
  readonly accountNumber: string;
  readonly bankCode: string;
  readonly currency: string;
}

export type AccountReport =
  | { readonly kind: 'RESOLVED'; readonly accountName: string }
  | { readonly kind: 'REFUSED'; readonly reason: string }
  | { readonly kind: 'UNKNOWN'; readonly reason: string };

export interface TransferRequest extends AccountRequest {
  /** Ours, 16 to 50 of `a-z 0-9 - _`; the provider pays a reference once, however often it is asked. */
  readonly clientRef: string;
  readonly amount: Money;
  readonly accountName: string;
  readonly narration: string;
}

/** What a webhook is about. It is a hint to go and ask, never a reason to move money by itself. */
export interface WebhookNotice {
  /** Names the event where the provider does; otherwise the SHA-256 of the body, in hex. */
  readonly eventId: string;
  readonly about:
    | { readonly kind: 'charge'; readonly reference: string }
    | { readonly kind: 'transfer'; readonly clientRef: string }
    | {
        readonly kind: 'chargeback';
        readonly reference: string;
        readonly amount: Money;
        readonly reason: string;
      }
    /** Signed, understood, and nothing of ours. */
    | { readonly kind: 'other'; readonly type: string };
}

/** One movement in a provider's own book, for reconciliation. */
export interface BookItem {
  readonly kind: 'charge' | 'transfer' | 'reversal' | 'chargeback';
  /** Our reference of the charge or transfer. */
  readonly reference: string;
  /** What a chargeback is called in the webhook that tells of it; of other kinds and where the provider does not name it, undefined. */
  readonly eventId?: string;
  /** What moved, without the fee; a charge and a reversal add to the clearing balance, the others take from it. */
  readonly amount: Money;
  /** Taken from the clearing balance beside it. */
  readonly fee: Money;
  readonly at: Date;
}

/** So many HTTP calls, one after another, a method makes at most but `bookOf`, each as long as its time-out. */
export const callsAtMost = 3;

/** Where money comes in and goes out. No method throws for what the provider or the network does: that is in the report. */
export interface PaymentProvider {
  readonly name: ProviderName;
  /** How long after a call "not found" may still turn into "found"; in milliseconds. */
  readonly notFoundHorizonMs: number;
  initiateCharge(request: ChargeRequest): Promise<ChargeReport>;
  chargeOf(reference: string): Promise<ChargeReport>;
  resolveAccount(request: AccountRequest): Promise<AccountReport>;
  /**
   * Makes the recipient where the provider wants one, then the transfer. Safe to repeat with its `clientRef`. `FAILED` is of
   * the reference, not of the call: it is said when the provider refuses and `transferOf` knows of no earlier call, so after
   * `UNKNOWN` repeat it only once `NOT_FOUND` is final.
   */
  sendTransfer(request: TransferRequest): Promise<TransferReport>;
  transferOf(clientRef: string): Promise<TransferReport>;
  /**
   * Checks the signature over the raw body in constant time and reads what it is about.
   * @throws AppError UNAUTHENTICATED when the signature is missing or wrong, BAD_INPUT when the body cannot be read
   */
  readWebhook(headers: Readonly<Record<string, string | undefined>>, rawBody: Buffer): WebhookNotice;
  /** The provider's book, in order of time, from `from` up to but not at `until`. Undefined when it cannot be reached. */
  bookOf(from: Date, until: Date): Promise<readonly BookItem[] | undefined>;
  /** Of the book only what was taken back of charges, each with its `eventId`. Undefined as for `bookOf`. */
  takenBack(from: Date, until: Date): Promise<readonly BookItem[] | undefined>;
}
