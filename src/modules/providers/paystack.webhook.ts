import { at, textAt } from './exact-json.js';
import { paystackMoney } from './paystack.money.js';
import type { WebhookNotice } from './provider.port.js';
import { bodyHash, hmac, unreadable, webhookObject } from './webhook.signature.js';

export const paystackSignatureHeader = 'x-paystack-signature';

/** HMAC-SHA512 of the raw body by the secret key, in hex. */
export function paystackSignature(secretKey: string, rawBody: Buffer | string): string {
  return hmac('sha512', secretKey, rawBody, 'hex');
}

/**
 * Paystack does not name its events: the same body is the same event, but a lost dispute has a name. A dispute is one the
 * cardholder's bank decided against us only when it is resolved so; what is merely opened or reminded of moves no money.
 */
export function paystackNotice(rawBody: Buffer): WebhookNotice {
  const body = webhookObject(rawBody);
  const [event, data, eventId] = [textAt(body, 'event'), at(body, 'data'), bodyHash(rawBody)];
  if (event === undefined) throw unreadable('it has no event');
  const reference = textAt(data, 'reference');
  if (event === 'charge.dispute.resolve')
    return { eventId: lostDisputeId(data) ?? eventId, about: disputed(data, event) };
  if (reference === undefined) return { eventId, about: { kind: 'other', type: event } };
  if (/^charge\.(?:success|failed)$/.test(event)) return { eventId, about: { kind: 'charge', reference } };
  if (event.startsWith('transfer.')) return { eventId, about: { kind: 'transfer', clientRef: reference } };
  return { eventId, about: { kind: 'other', type: event } };
}

/** A dispute is lost once: told again in other words, or with another time in it, it is the same event. */
export function lostDisputeId(data: unknown): string | undefined {
  const id = textAt(data, 'id');
  return id === undefined || !lostResolutions.has(textAt(data, 'resolution') ?? '') ? undefined : `dispute ${id}`;
}

const lostResolutions: ReadonlySet<string> = new Set(['merchant-accepted', 'auto-accepted']);

function disputed(data: unknown, event: string): WebhookNotice['about'] {
  const resolution = textAt(data, 'resolution') ?? '';
  if (!lostResolutions.has(resolution)) return { kind: 'other', type: `${event} ${resolution}`.trim() };
  const reference = disputedReference(data);
  const amount = paystackMoney(data, 'refund_amount');
  if (reference === undefined || !amount) throw unreadable('its dispute names no transaction or no amount');
  return { kind: 'chargeback', reference, amount, reason: `dispute ${resolution}` };
}

export function disputedReference(data: unknown): string | undefined {
  return textAt(data, 'transaction', 'reference') ?? textAt(data, 'transaction_reference');
}
