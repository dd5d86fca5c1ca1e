import type { Money } from '../../kernel/index.js';
import { at, textAt } from './exact-json.js';
import { createAsk, type Answer, type ApiConfig } from './http.ask.js';
import type {
  BookItem,
  ChargeReport,
  PaymentProvider,
  TransferReport,
  TransferRequest,
  WebhookNotice,
} from './provider.port.js';
import { afterDuplicateCharge, afterDuplicateTransfer, afterRefusal, minorMoney, unreadableAnswer } from './report.js';
import { hmac, isSame, requireSignature, unreadable, webhookObject } from './webhook.signature.js';

export interface SandboxProviderConfig extends ApiConfig {
  readonly webhookSecret: string;
}

const signatureHeader = 'x-sandbox-signature';

/** Speaks to the sandbox server. A reference is in its book before it answers, so "not found" is soon final. */
export function createSandboxProvider(config: SandboxProviderConfig): PaymentProvider {
  const ask = createAsk(config);
  const chargeOf = async (reference: string) =>
    chargeReport(await ask('GET', `/charges/${encodeURIComponent(reference)}`));
  const transferOf = async (clientRef: string) =>
    transferReport(await ask('GET', `/transfers/${encodeURIComponent(clientRef)}`));
  const bookOf: PaymentProvider['bookOf'] = async (from, until) => {
    const times = new URLSearchParams({ from: from.toISOString(), until: until.toISOString() });
    const answer = await ask('GET', `/book?${times}`);
    const items = answer.kind === 'answer' && answer.status === 200 ? at(answer.body, 'items') : undefined;
    if (!Array.isArray(items)) return undefined;
    const read = items.map(bookItem);
    return read.every((item) => item !== undefined) ? read : undefined;
  };
  return {
    name: 'sandbox',
    notFoundHorizonMs: 60_000,
    async initiateCharge({ reference, amount, email }) {
      const answer = await ask('POST', '/charges', JSON.stringify({ reference, email, ...wire(amount) }));
      if (isDuplicate(answer)) return afterDuplicateCharge(await chargeOf(reference));
      return chargeReport(answer);
    },
    chargeOf,
    async resolveAccount({ accountNumber, bankCode, currency }) {
      const answer = await ask(
        'GET',
        `/accounts/resolve?${new URLSearchParams({ accountNumber, bankCode, currency })}`,
      );
      if (answer.kind === 'unknown') return { kind: 'UNKNOWN', reason: answer.reason };
      const accountName = textAt(answer.body, 'accountName');
      if (answer.status === 200 && accountName !== undefined) return { kind: 'RESOLVED', accountName };
      if (answer.status !== 422) return unreadableAnswer(answer);
      return { kind: 'REFUSED', reason: textAt(answer.body, 'message') ?? 'refused' };
    },
    async sendTransfer(request) {
      const answer = await ask('POST', '/transfers', transferBody(request));
      const { clientRef, amount } = request;
      if (isDuplicate(answer)) return afterDuplicateTransfer(await transferOf(clientRef), amount);
      const report = transferReport(answer);
      return isRefusal(answer) ? afterRefusal(report, await transferOf(clientRef)) : report;
    },
    transferOf,
    readWebhook(headers, rawBody) {
      const given = headers[signatureHeader];
      const expected = hmac('sha512', config.webhookSecret, rawBody, 'hex');
      requireSignature(given !== undefined && isSame(given, expected), signatureHeader);
      return noticeOf(rawBody);
    },
    bookOf,
    async takenBack(from, until) {
      return (await bookOf(from, until))?.filter(({ kind }) => kind === 'chargeback');
    },
  };
}

function transferBody({ clientRef, amount, accountNumber, bankCode, accountName, narration }: TransferRequest): string {
  return JSON.stringify({
    reference: clientRef,
    accountNumber,
    bankCode,
    accountName,
    narration,
    ...wire(amount),
  });
}

function chargeReport(answer: Answer): ChargeReport {
  const entry = entryOf(answer);
  if (!('state' in entry)) return entry;
  const { state, providerRef, reason, ...money } = entry;
  if (state === 'SUCCEEDED') return { kind: 'SUCCEEDED', ...money, providerRef };
  if (state === 'REVERSED') return { kind: 'REVERSED', ...money, providerRef, reason };
  if (state === 'PENDING') return { kind: 'PENDING', checkoutUrl: undefined, providerRef };
  return state === 'FAILED' ? { kind: 'FAILED', reason } : unreadableAnswer(answer);
}

function transferReport(answer: Answer): TransferReport {
  const entry = entryOf(answer);
  if (!('state' in entry)) return entry;
  const { state, providerRef, reason, ...money } = entry;
  if (state === 'PAID') return { kind: 'PAID', ...money, providerRef };
  if (state === 'REVERSED') return { kind: 'REVERSED', ...money, reason };
  if (state === 'FAILED') return { kind: 'FAILED', reason };
  return state === 'PENDING' || state === 'NEEDS_OTP' ? { kind: state, providerRef } : unreadableAnswer(answer);
}

interface Entry {
  readonly state: string;
  readonly providerRef: string;
  readonly amount: Money;
  readonly fee: Money;
  readonly reason: string;
}

function entryOf(answer: Answer): Entry | Extract<TransferReport, { kind: 'NOT_FOUND' | 'UNKNOWN' | 'FAILED' }> {
  if (answer.kind === 'unknown') return { kind: 'UNKNOWN', reason: answer.reason };
  const { status, body } = answer;
  if (status === 404 && textAt(body, 'error') === 'not_found') return { kind: 'NOT_FOUND' };
  if (status === 422) return { kind: 'FAILED', reason: textAt(body, 'message') ?? 'refused' };
  const [providerRef, state] = [textAt(body, 'id'), textAt(body, 'status')];
  const [amount, fee] = [moneyAt(body, 'amountMinor'), moneyAt(body, 'feeMinor')];
  if (status > 201 || providerRef === undefined || state === undefined || !amount || !fee)
    return unreadableAnswer(answer);
  return { state, providerRef, amount, fee, reason: textAt(body, 'reason') ?? 'no reason was given' };
}

function moneyAt(body: unknown, name: string): Money | undefined {
  return minorMoney(textAt(body, name), textAt(body, 'currency'));
}

function noticeOf(rawBody: Buffer): WebhookNotice {
  const body = webhookObject(rawBody);
  const [eventId, event] = [textAt(body, 'id'), textAt(body, 'event')];
  if (eventId === undefined || event === undefined) throw unreadable('it has no id or no event');
  const reference = textAt(body, 'data', 'reference');
  if (reference === undefined) return { eventId, about: { kind: 'other', type: event } };
  if (event === 'charge.chargedBack') {
    const amount = moneyAtMinor(at(body, 'data'));
    if (!amount) throw unreadable('its amount is no minor units of a known currency');
    const reason = textAt(body, 'data', 'reason') ?? 'no reason was given';
    return { eventId, about: { kind: 'chargeback', reference, amount, reason } };
  }
  if (event.startsWith('charge.')) return { eventId, about: { kind: 'charge', reference } };
  if (event.startsWith('transfer.')) return { eventId, about: { kind: 'transfer', clientRef: reference } };
  return { eventId, about: { kind: 'other', type: event } };
}

function moneyAtMinor(data: unknown): Money | undefined {
  return minorMoney(textAt(data, 'minor'), textAt(data, 'currency'));
}

const itemKinds = ['charge', 'transfer', 'reversal', 'chargeback'] as const;

function bookItem(item: unknown): BookItem | undefined {
  const kind = itemKinds.find((candidate) => candidate === textAt(item, 'kind'));
  const [reference, time] = [textAt(item, 'reference'), textAt(item, 'at')];
  const [amount, fee] = [moneyAt(item, 'amountMinor'), moneyAt(item, 'feeMinor')];
  if (!kind || reference === undefined || time === undefined || !amount || !fee) return undefined;
  const eventId = textAt(item, 'eventId');
  return { kind, reference, ...(eventId !== undefined && { eventId }), amount, fee, at: new Date(time) };
}

function wire({ minor, currency }: Money): { readonly amountMinor: string; readonly currency: string } {
  return { amountMinor: minor.toString(), currency };
}

function isDuplicate(answer: Answer): boolean {
  return answer.kind === 'answer' && answer.status === 409 && textAt(answer.body, 'error') === 'duplicate_reference';
}

function isRefusal(answer: Answer): boolean {
  return answer.kind === 'answer' && answer.status === 422;
}
