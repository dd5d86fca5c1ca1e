import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../kernel/index.js';
import { parseExact, type Json } from './exact-json.js';

export type Encoding = 'hex' | 'base64';

export function hmac(
  algorithm: 'sha256' | 'sha512',
  secret: string,
  body: Buffer | string,
  encoding: Encoding,
): string {
  return createHmac(algorithm, secret).update(body).digest(encoding);
}

/** Compares in a time that says nothing about the expected text, also not its length. */
export function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}

/** For providers that do not name their events: the same body is the same event. Hex. */
export function bodyHash(body: Buffer): string {
  return sha256(body).toString('hex');
}

/** @throws AppError UNAUTHENTICATED unless `isValid` */
export function requireSignature(isValid: boolean, header: string): void {
  if (!isValid) throw new AppError('UNAUTHENTICATED', `The webhook's ${header} header is missing or wrong.`);
}

/** Numbers come as text. @throws AppError BAD_INPUT when the body is no JSON object */
export function webhookObject(rawBody: Buffer): Json {
  const body = jsonOf(rawBody);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw unreadable('it is no JSON object');
}

function jsonOf(rawBody: Buffer): Json | undefined {
  try {
    return parseExact(rawBody.toString());
  } catch {
    // Said by the caller: it is no JSON object.
    return undefined;
  }
}

export function unreadable(why: string): AppError {
  return new AppError('BAD_INPUT', `The webhook's body cannot be read: ${why}.`);
}

function sha256(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest();
}
