import { AppError } from './errors.js';
import { invariant } from './invariant.js';

/** ISO 4217 minor-unit exponents of the currencies RunAm trades in. */
const exponents = { NGN: 2, GHS: 2, KES: 2, ZAR: 2, UGX: 0, XOF: 0, USD: 2 } as const;

export type Currency = keyof typeof exponents;
export const currencies = Object.keys(exponents) as readonly Currency[];

/** An amount in minor units (kobo, cent, pesewa) of one currency. Never a float, never a GraphQL Int. */
export interface Money {
  readonly minor: bigint;
  readonly currency: Currency;
}

export type Rounding = 'down' | 'up';

export function isCurrency(text: string): text is Currency {
  return Object.hasOwn(exponents, text);
}

/** How many decimals the major unit has: 2 for NGN, 0 for UGX. */
export function decimalsOf(currency: Currency): number {
  return exponents[currency];
}

/** @throws AppError BAD_INPUT naming the accepted currencies */
export function parseCurrency(text: string): Currency {
  if (isCurrency(text)) return text;
  throw new AppError('BAD_INPUT', `currency: "${text}" is not one of ${currencies.join(', ')}.`);
}

/** `NGN 1,234.50`; grouping by thousands, as many decimals as the currency has. */
export function formatMoney({ minor, currency }: Money): string {
  const exponent = exponents[currency];
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = exponent === 0 ? '' : `.${digits.slice(-exponent)}`;
  return `${currency} ${minor < 0n ? '-' : ''}${whole}${fraction}`;
}

/** `amount × basisPoints / 10,000` (1 basis point = 0.01 %), rounded as told. @param amount not negative */
export function basisPointsOf(amount: bigint, basisPoints: number, rounding: Rounding): bigint {
  invariant(amount >= 0n && Number.isInteger(basisPoints) && basisPoints >= 0, 'basisPointsOf takes amounts >= 0');
  const product = amount * BigInt(basisPoints);
  return rounding === 'down' ? product / 10_000n : (product + 9_999n) / 10_000n;
}
