import { at, textAt, type Json } from './exact-json.js';
import { majorFee, majorMoney, majorText } from './decimal.js';
import { flutterwaveBook, flutterwaveChargebacks } from './flutterwave.book.js';
import { flutterwaveNotice, isFromFlutterwave } from './flutterwave.webhook.js';
import { createAsk, type Answer, type ApiConfig } from './http.ask.js';
import type { ChargeReport, PaymentProvider, TransferReport, TransferRequest } from './provider.port.js';
import { afterDuplicateCharge, afterDuplicateTransfer, afterRefusal, refused, unreadableAnswer } from './report.js';
import { requireSignature } from './webhook.signature.js';

export interface FlutterwaveProviderConfig extends ApiConfig {
  /** The secret hash of the dashboard. */
  readonly webhookSecret: string;
  /** Where a payer's browser goes after the checkout page. Default: the page of Flutterwave itself. */
  readonly returnUrl?: string | undefined;
}

const returnUrlStandard = 'https://www.flutterwave.com';

/**
 * Flutterwave's HTTP API, version 3, which speaks major units: converted exactly. Shapes: developer.flutterwave.com/v3.0
 * (transfers, standard payments, verification, account resolve, webhooks).
 */
export function createFlutterwaveProvider(config: FlutterwaveProviderConfig): PaymentProvider {
  const ask = createAsk(config);
  const chargeOf = async (reference: string) =>
    chargeReport(
      await ask('GET', `/v3/transactions/verify_by_reference?${new URLSearchParams({ tx_ref: reference })}`),
    );
  const transferOf = async (clientRef: string) =>
    listedTransfer(await ask('GET', `/v3/transfers?${new URLSearchParams({ reference: clientRef })}`), clientRef);
  return {
    name: 'flutterwave',
    notFoundHorizonMs: 15 * 60_000,
    async initiateCharge({ reference, amount, email }) {
      // It makes as many checkout pages for a reference as it is asked for, so whether it was paid is asked first.
      const earlier = await chargeOf(reference);
      if (earlier.kind !== 'NOT_FOUND') return earlier;
      const { returnUrl = returnUrlStandard } = config;
      const body = { tx_ref: reference, currency: amount.currency, redirect_url: returnUrl, customer: { email } };
      const answer = await ask('POST', '/v3/payments', withAmount(body, majorText(amount)));
      const checkoutUrl = isYes(answer) ? textAt(answer.body, 'data', 'link') : undefined;
      if (checkoutUrl !== undefined) return { kind: 'PENDING', checkoutUrl, providerRef: undefined };
      const refusal = refusalOf(answer);
      if (refusal?.isDuplicate) return afterDuplicateCharge(await chargeOf(reference));
      return refusal ? { kind: 'FAILED', reason: refusal.reason } : unreadableAnswer(answer);
    },
    chargeOf,
    async resolveAccount({ accountNumber, bankCode }) {
      const body = JSON.stringify({ account_number: accountNumber, account_bank: bankCode });
      const answer = await ask('POST', '/v3/accounts/resolve', body);
      const accountName = isYes(answer) ? textAt(answer.body, 'data', 'account_name') : undefined;
      if (accountName !== undefined) return { kind: 'RESOLVED', accountName };
      const refusal = refusalOf(answer);
      return refusal ? { kind: 'REFUSED', reason: refusal.reason } : unreadableAnswer(answer);
    },
    async sendTransfer(request) {
      const answer = await ask('POST', '/v3/transfers', transferBody(request));
      const refusal = refusalOf(answer);
      if (!refusal) return isYes(answer) ? transferReport(at(answer.body, 'data'), answer) : unreadableAnswer(answer);
      const found = await transferOf(request.clientRef);
      if (refusal.isDuplicate) return afterDuplicateTransfer(found, request.amount);
      return afterRefusal({ kind: 'FAILED', reason: refusal.reason }, found);
    },
    transferOf,
    readWebhook(headers, rawBody) {
      const { isValid, header } = isFromFlutterwave(config.webhookSecret, headers, rawBody);
      requireSignature(isValid, header);
      return flutterwaveNotice(rawBody);
    },
    bookOf: (from, until) => flutterwaveBook(ask, from, until),
    takenBack: (from, until) => flutterwaveChargebacks(ask, from, until),
  };
}

function transferBody(request: TransferRequest): string {
  const { clientRef, amount, accountNumber, bankCode, accountName, narration } = request;
  const body = {
    account_bank: bankCode,
    account_number: accountNumber,
    currency: amount.currency,
    debit_currency: amount.currency,
    reference: clientRef,
    beneficiary_name: accountName,
    narration,
  };
  return withAmount(body, majorText(amount));
}

/** JSON with the amount as the number it is, written without passing through a float. */
function withAmount(body: object, amount: string): string {
  return `${JSON.stringify(body).slice(0, -1)},"amount":${amount}}`;
}

function chargeReport(answer: Answer): ChargeReport {
  if (isNotFound(answer)) return { kind: 'NOT_FOUND' };
  if (!isYes(answer)) return unreadableAnswer(answer);
  const data = at(answer.body, 'data');
  const [currency, providerRef] = [textAt(data, 'currency'), textAt(data, 'id')];
  const amount = majorMoney(textAt(data, 'amount'), currency);
  const fee = majorFee(textAt(data, 'app_fee') ?? '0', currency);
  switch (textAt(data, 'status')?.toLowerCase()) {
    case 'successful':
      return amount && fee && providerRef !== undefined
        ? { kind: 'SUCCEEDED', amount, fee, providerRef }
        : unreadableAnswer(answer);
    case 'failed':
      return { kind: 'FAILED', reason: textAt(data, 'processor_response') ?? 'no reason was given' };
    case 'pending':
      return { kind: 'PENDING', checkoutUrl: undefined, providerRef };
    default:
      return unreadableAnswer(answer);
  }
}

/** The list has one row or none; with several it is not known which one speaks for the reference. */
function listedTransfer(answer: Answer, clientRef: string): TransferReport {
  if (isNotFound(answer)) return { kind: 'NOT_FOUND' };
  const rows = isYes(answer) ? at(answer.body, 'data') : undefined;
  if (!Array.isArray(rows)) return unreadableAnswer(answer);
  const own = rows.filter((row) => textAt(row, 'reference') === clientRef);
  if (own.length === 0) return { kind: 'NOT_FOUND' };
  return own.length === 1 ? transferReport(own[0], answer) : unreadableAnswer(answer);
}

function transferReport(data: unknown, answer: Answer): TransferReport {
  const [currency, providerRef] = [textAt(data, 'currency'), textAt(data, 'id')];
  const amount = majorMoney(textAt(data, 'amount'), currency);
  const fee = majorFee(textAt(data, 'fee') ?? '0', currency);
  const reason = textAt(data, 'complete_message') || 'no reason was given';
  switch (textAt(data, 'status')?.toUpperCase()) {
    case 'SUCCESSFUL':
      return amount && fee && providerRef !== undefined
        ? { kind: 'PAID', amount, fee, providerRef }
        : unreadableAnswer(answer);
    case 'REVERSED':
      return amount && fee ? { kind: 'REVERSED', amount, fee, reason } : unreadableAnswer(answer);
    case 'FAILED':
      return { kind: 'FAILED', reason };
    case 'NEW':
    case 'PENDING':
      return { kind: 'PENDING', providerRef };
    default:
      return unreadableAnswer(answer);
  }
}

function isYes(answer: Answer): answer is { readonly kind: 'answer'; readonly status: number; readonly body: Json } {
  return answer.kind === 'answer' && answer.status < 300 && textAt(answer.body, 'status') === 'success';
}

/** A definite no: 400, 404 or 422 with `status: "error"` and a message. */
function refusalOf(answer: Answer) {
  return answer.kind === 'answer' && textAt(answer.body, 'status') === 'error' ? refused(answer) : undefined;
}

function isNotFound(answer: Answer): boolean {
  const reason = refusalOf(answer)?.reason ?? '';
  return /(?:transfer|transaction) not found|no transactions? (?:was )?found/i.test(reason);
}
