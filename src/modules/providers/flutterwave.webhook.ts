import { textAt } from './exact-json.js';
import type { WebhookNotice } from './provider.port.js';
import { bodyHash, hmac, isSame, unreadable, webhookObject } from './webhook.signature.js';

const signatureHeader = 'flutterwave-signature';
const secretHeader = 'verif-hash';

/**
 * The newer header signs the raw body (HMAC-SHA256, base64) and is the one that counts when it is there. The older one only
 * repeats the secret: it tells who sends, not what was sent, which is why a notice is never more than a hint.
 */
export function isFromFlutterwave(
  secret: string,
  headers: Readonly<Record<string, string | undefined>>,
  rawBody: Buffer,
): { readonly isValid: boolean; readonly header: string } {
  const signature = headers[signatureHeader];
  if (signature !== undefined)
    return { isValid: isSame(signature, flutterwaveSignature(secret, rawBody)), header: signatureHeader };
  const given = headers[secretHeader];
  return { isValid: given !== undefined && isSame(given, secret), header: `${signatureHeader} or ${secretHeader}` };
}

export function flutterwaveSignature(secret: string, rawBody: Buffer | string): string {
  return hmac('sha256', secret, rawBody, 'base64');
}

/** Version 3 does not name its events: the same body is the same event. It tells nothing of chargebacks. */
export function flutterwaveNotice(rawBody: Buffer): WebhookNotice {
  const body = webhookObject(rawBody);
  const event = textAt(body, 'event');
  if (event === undefined) throw unreadable('it has no event');
  const eventId = textAt(body, 'webhook_id') ?? bodyHash(rawBody);
  const [txRef, reference] = [textAt(body, 'data', 'tx_ref'), textAt(body, 'data', 'reference')];
  if (event.startsWith('charge.') && txRef !== undefined)
    return { eventId, about: { kind: 'charge', reference: txRef } };
  if (event.startsWith('transfer.') && reference !== undefined)
    return { eventId, about: { kind: 'transfer', clientRef: reference } };
  return { eventId, about: { kind: 'other', type: event } };
}
