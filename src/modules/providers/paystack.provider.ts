import type { Currency, Money } from '../../kernel/index.js';
import { at, textAt, type Json } from './exact-json.js';
import { createAsk, type Answer, type ApiConfig, type Ask } from './http.ask.js';
import { paystackBook, paystackChargebacks } from './paystack.book.js';
import { paystackMoney, paystackUnits } from './paystack.money.js';
import { paystackNotice, paystackSignature, paystackSignatureHeader } from './paystack.webhook.js';
import type { ChargeReport, PaymentProvider, TransferReport, TransferRequest } from './provider.port.js';
import { afterDuplicateCharge, afterDuplicateTransfer, afterRefusal, refused, unreadableAnswer } from './report.js';
import { isSame, requireSignature } from './webhook.signature.js';

export interface PaystackProviderConfig extends ApiConfig {
  /** Where a payer's browser goes after the checkout page. Default: what the dashboard says. */
  readonly returnUrl?: string | undefined;
}

/** How its transfer recipients are called by currency. Other currencies cannot be sent. */
const recipientTypes: Partial<Readonly<Record<Currency, string>>> = {
  NGN: 'nuban',
  GHS: 'ghipss',
  KES: 'kepss',
  ZAR: 'basa',
};

/**
 * Paystack's HTTP API. Shapes: paystack.com/docs/api (transfer recipients, transfers, transactions, verification),
 * paystack.com/docs/payments/webhooks.
 */
export function createPaystackProvider(config: PaystackProviderConfig): PaymentProvider {
  const ask = createAsk(config);
  const chargeOf = async (reference: string) =>
    chargeReport(await ask('GET', `/transaction/verify/${encodeURIComponent(reference)}`));
  const transferOf = async (clientRef: string) =>
    transferReport(await ask('GET', `/transfer/verify/${encodeURIComponent(clientRef)}`));
  return {
    name: 'paystack',
    notFoundHorizonMs: 15 * 60_000,
    async initiateCharge({ reference, amount, email }) {
      const { returnUrl } = config;
      const money = { amount: paystackUnits(amount).toString(), currency: amount.currency };
      const body = { reference, email, ...money, ...(returnUrl !== undefined && { callback_url: returnUrl }) };
      const answer = await ask('POST', '/transaction/initialize', JSON.stringify(body));
      const refusal = refusalOf(answer);
      if (refusal?.isDuplicate) return afterDuplicateCharge(await chargeOf(reference));
      if (refusal) return { kind: 'FAILED', reason: refusal.reason };
      const checkoutUrl = isYes(answer) ? textAt(answer.body, 'data', 'authorization_url') : undefined;
      return checkoutUrl === undefined
        ? unreadableAnswer(answer)
        : { kind: 'PENDING', checkoutUrl, providerRef: undefined };
    },
    chargeOf,
    async resolveAccount({ accountNumber, bankCode }) {
      const query = new URLSearchParams({ account_number: accountNumber, bank_code: bankCode });
      const answer = await ask('GET', `/bank/resolve?${query}`);
      const accountName = isYes(answer) ? textAt(answer.body, 'data', 'account_name') : undefined;
      if (accountName !== undefined) return { kind: 'RESOLVED', accountName };
      const refusal = refusalOf(answer);
      return refusal ? { kind: 'REFUSED', reason: refusal.reason } : unreadableAnswer(answer);
    },
    async sendTransfer(request) {
      const type = recipientTypes[request.amount.currency];
      if (type === undefined)
        return { kind: 'FAILED', reason: `Paystack sends no transfers in ${request.amount.currency}` };
      const recipient = await makeRecipient(ask, type, request);
      const isMade = typeof recipient === 'string';
      const answer = isMade ? await ask('POST', '/transfer', transferBody(recipient, request)) : recipient;
      const refusal = refusalOf(answer);
      if (!refusal) return isMade ? transferReport(answer) : unreadableAnswer(answer);
      const found = await transferOf(request.clientRef);
      if (refusal.isDuplicate && isMade) return afterDuplicateTransfer(found, request.amount);
      return afterRefusal({ kind: 'FAILED', reason: refusal.reason }, found);
    },
    transferOf,
    readWebhook(headers, rawBody) {
      const given = headers[paystackSignatureHeader];
      const expected = paystackSignature(config.secretKey, rawBody);
      requireSignature(given !== undefined && isSame(given, expected), paystackSignatureHeader);
      return paystackNotice(rawBody);
    },
    bookOf: (from, until) => paystackBook(ask, from, until),
    takenBack: (from, until) => paystackChargebacks(ask, from, until),
  };
}

/** @returns its code, or the answer that has none. Paystack gives the same code for the same account again. */
async function makeRecipient(
  ask: Ask,
  type: string,
  { accountName, accountNumber, bankCode, amount }: TransferRequest,
): Promise<string | Answer> {
  const account = { type, name: accountName, account_number: accountNumber, bank_code: bankCode };
  const answer = await ask('POST', '/transferrecipient', JSON.stringify({ ...account, currency: amount.currency }));
  return (isYes(answer) ? textAt(answer.body, 'data', 'recipient_code') : undefined) ?? answer;
}

function transferBody(recipient: string, { clientRef, amount, narration }: TransferRequest): string {
  const text = JSON.stringify({
    source: 'balance',
    reference: clientRef,
    recipient,
    reason: narration,
    currency: amount.currency,
  });
  return `${text.slice(0, -1)},"amount":${paystackUnits(amount)}}`;
}

function chargeReport(answer: Answer): ChargeReport {
  if (isNotFound(answer)) return { kind: 'NOT_FOUND' };
  if (!isYes(answer)) return unreadableAnswer(answer);
  const data = at(answer.body, 'data');
  const [amount, fee] = [
    paystackMoney(data, 'amount'),
    paystackMoney(data, 'fees') ?? paystackMoney(data, 'amount', 0n),
  ];
  const providerRef = textAt(data, 'id');
  switch (textAt(data, 'status')) {
    case 'success':
      return amount && fee && providerRef !== undefined
        ? { kind: 'SUCCEEDED', amount, fee, providerRef }
        : unreadableAnswer(answer);
    case 'failed':
      return { kind: 'FAILED', reason: textAt(data, 'gateway_response') ?? 'no reason was given' };
    case 'abandoned':
    case 'ongoing':
    case 'pending':
    case 'processing':
    case 'queued':
      return { kind: 'PENDING', checkoutUrl: undefined, providerRef };
    case 'reversed':
      return amount && fee && providerRef !== undefined
        ? { kind: 'REVERSED', amount, fee, providerRef, reason: 'it was refunded or charged back at Paystack' }
        : unreadableAnswer(answer);
    default:
      return unreadableAnswer(answer);
  }
}

function transferReport(answer: Answer): TransferReport {
  if (isNotFound(answer)) return { kind: 'NOT_FOUND' };
  if (!isYes(answer)) return unreadableAnswer(answer);
  const data = at(answer.body, 'data');
  const [amount, fee] = [paystackMoney(data, 'amount'), feeOf(data)];
  const providerRef = textAt(data, 'transfer_code');
  const reason = reasonOf(data);
  switch (textAt(data, 'status')) {
    case 'success':
      return amount && fee && providerRef !== undefined
        ? { kind: 'PAID', amount, fee, providerRef }
        : unreadableAnswer(answer);
    case 'reversed':
      return amount && fee ? { kind: 'REVERSED', amount, fee, reason } : unreadableAnswer(answer);
    case 'failed':
    case 'abandoned':
    case 'blocked':
    case 'rejected':
      return { kind: 'FAILED', reason };
    case 'pending':
    case 'received':
      return { kind: 'PENDING', providerRef };
    case 'otp':
      return { kind: 'NEEDS_OTP', providerRef };
    default:
      return unreadableAnswer(answer);
  }
}

function feeOf(data: unknown): Money | undefined {
  return paystackMoney(data, 'fee_charged') ?? paystackMoney(data, 'amount', 0n);
}

function reasonOf(data: unknown): string {
  return textAt(data, 'failures') ?? textAt(data, 'gateway_response') ?? `the transfer ${textAt(data, 'status')}`;
}

function isYes(answer: Answer): answer is { readonly kind: 'answer'; readonly status: number; readonly body: Json } {
  return answer.kind === 'answer' && answer.status < 300 && at(answer.body, 'status') === true;
}

/** A definite no: 400, 404 or 422 with `status: false` and a message. */
function refusalOf(answer: Answer) {
  return answer.kind === 'answer' && at(answer.body, 'status') === false ? refused(answer) : undefined;
}

function isNotFound(answer: Answer): boolean {
  const refusal = refusalOf(answer);
  // Names what was not found: a missing route or a missing recipient says nothing of the reference.
  const said = /(?:transfer|transaction|reference)[\w ]*not.?found|invalid.*reference/i;
  return refusal !== undefined && said.test(`${refusal.reason} ${refusal.code}`);
}
