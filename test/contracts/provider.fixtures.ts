import { expect } from 'vitest';
import type { Currency } from '../../src/kernel/index.js';
import {
  createLossyFront,
  type ChargeReport,
  type FaultPlan,
  type HttpHandler,
  type HttpReply,
  type HttpRequest,
  type PaymentProvider,
  type SandboxBook,
  type TransferReport,
  type TransferRequest,
  type Webhook,
} from '../../src/modules/providers/index.js';

/** One provider: its adapter, and the server behind it, whose book tests look into. */
export interface ProviderFixture {
  readonly book: SandboxBook;
  readonly handle: HttpHandler;
  notFound(request: HttpRequest): HttpReply;
  /** A definite no to whatever is sent, of this call only. */
  readonly refusal: HttpReply;
  /** @param timeoutMs longest wait for an answer */
  adapter(baseUrl: string, timeoutMs: number): PaymentProvider;
  /** What it has sent so far, signed, oldest first. */
  readonly webhooks: readonly Webhook[];
  /** The header with the signature. */
  readonly signatureHeader: string;
  /** Signs a body as the provider does. */
  sign(body: string, secret?: string): string;
  /** Ends the path of the request that moves money out. */
  readonly transferPath: string;
  readonly transferCurrencies: readonly Currency[];
  readonly chargeCurrencies: readonly Currency[];
  readonly saysOtp: boolean;
  readonly tellsChargebacks: boolean;
  /** Tells a charge that went back from one that stays. */
  readonly saysReversed: boolean;
  /** Never to be seen in a report. */
  readonly secrets: readonly string[];
}

export interface ProviderStage extends ProviderFixture {
  readonly provider: PaymentProvider;
  /** The same line, with a client that gives up soon. */
  readonly hasty: PaymentProvider;
}

/** The one second that everything happens in. */
export const clock = { now: () => new Date('2026-03-02T10:00:00.000Z') };

const patientMs = 30_000;
const hastyMs = 250;

export async function withProvider(
  fixture: ProviderFixture,
  plan: FaultPlan,
  run: (stage: ProviderStage) => Promise<void>,
): Promise<void> {
  const front = await createLossyFront({ handle: fixture.handle, plan, notFound: fixture.notFound });
  try {
    const [provider, hasty] = [fixture.adapter(front.url, patientMs), fixture.adapter(front.url, hastyMs)];
    await run({ ...fixture, provider, hasty });
  } finally {
    await front.close();
  }
}

export const noFaults: FaultPlan = () => 'none';

/** The fault for the first request that moves money out; all others pass. */
export function onFirstTransfer(fixture: ProviderFixture, fault: ReturnType<FaultPlan>): FaultPlan {
  let isDone = false;
  return ({ method, path }) => {
    if (isDone || method !== 'POST' || !path.endsWith(fixture.transferPath)) return 'none';
    isDone = true;
    return fault;
  };
}

let made = 0;

export function transferOf(changes: Partial<TransferRequest> = {}): TransferRequest {
  made += 1;
  return {
    clientRef: `payout-${made.toString().padStart(12, '0')}`,
    amount: { minor: 250_075n, currency: 'NGN' },
    currency: changes.amount?.currency ?? 'NGN',
    accountNumber: '0123456789',
    bankCode: '058',
    accountName: 'Ada Obi',
    narration: 'RunAm payout',
    ...changes,
  };
}

export function chargeOf(changes: { readonly minor?: bigint; readonly currency?: Currency; readonly email?: string }) {
  made += 1;
  const { minor = 500_025n, currency = 'NGN', email = 'ada@runam.test' } = changes;
  return { reference: `charge-${made}`, amount: { minor, currency }, email };
}

/** How often money moved for a reference. */
export function effectsOf(book: SandboxBook, reference: string): number {
  return book.items().filter((item) => item.reference === reference && item.kind !== 'reversal').length;
}

const roundsMax = 200;

/** As a reconciler does: asks until the answer is definite, and sends again what the provider does not know. */
export async function settle(provider: PaymentProvider, request: TransferRequest): Promise<TransferReport> {
  let report = await provider.sendTransfer(request);
  for (let round = 0; round < roundsMax; round += 1) {
    if (report.kind === 'PAID' || report.kind === 'FAILED' || report.kind === 'REVERSED') return report;
    const found = await provider.transferOf(request.clientRef);
    report = found.kind === 'NOT_FOUND' ? await provider.sendTransfer(request) : found;
  }
  throw new Error(`${request.clientRef} is still ${report.kind}`);
}

export async function settleCharge(
  provider: PaymentProvider,
  request: Parameters<PaymentProvider['initiateCharge']>[0],
): Promise<ChargeReport> {
  let report = await provider.initiateCharge(request);
  for (let round = 0; round < roundsMax; round += 1) {
    if (report.kind === 'SUCCEEDED' || report.kind === 'FAILED') return report;
    const found = await provider.chargeOf(request.reference);
    report = found.kind === 'NOT_FOUND' ? await provider.initiateCharge(request) : found;
  }
  throw new Error(`${request.reference} is still ${report.kind}`);
}

export function expectPaidOnce({ book }: ProviderFixture, request: TransferRequest, report: TransferReport): void {
  expect(report).toMatchObject({ kind: 'PAID', amount: request.amount });
  expect(effectsOf(book, request.clientRef)).toBe(1);
}
