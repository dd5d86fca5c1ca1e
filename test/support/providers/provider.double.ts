import { decimalsOf, parseCurrency, type Money } from '../../../src/kernel/index.js';
import type { HttpHandler, HttpReply, HttpRequest } from '../../../src/modules/providers/http.serve.js';
import type { SandboxBook } from '../../../src/modules/providers/sandbox.book.js';
import type { Webhook } from '../../../src/modules/providers/webhook.post.js';

/** A provider's HTTP API over a book that tests look into. */
export interface ProviderDouble {
  readonly book: SandboxBook;
  /** Signed, oldest first; nobody sends them. */
  readonly webhooks: readonly Webhook[];
  readonly handle: HttpHandler;
  /** What it says of a reference it does not know. */
  notFound(request: HttpRequest): HttpReply;
}

/** Money that somebody counts in other units. @param unitsOf how many of theirs a minor unit is */
export function moneyIn(units: bigint, currencyText: string, unitsOf: (one: Money) => bigint): Money {
  const currency = parseCurrency(currencyText);
  const scale = unitsOf({ minor: 1n, currency });
  if (units % scale !== 0n) throw new Error(`${units} are no whole minor units of ${currency}`);
  return { minor: units / scale, currency };
}

/** Minor units of an amount in major units as it stood in the JSON. */
export function minorOf(text: string, currencyText: string): Money {
  const currency = parseCurrency(currencyText);
  const [whole = '0', fraction = ''] = text.split('.');
  const decimals = decimalsOf(currency);
  if (fraction.length > decimals) throw new Error(`${text} is finer than ${currency} is`);
  return { minor: BigInt(whole + fraction.padEnd(decimals, '0')), currency };
}
