import { decimalsOf, isCurrency, type Currency, type Money } from '../../kernel/index.js';

/** `1234.5` for 123,450 kobo: major units as a JSON number, exactly. */
export function majorText({ minor, currency }: Money): string {
  const decimals = decimalsOf(currency);
  const digits = minor.toString().padStart(decimals + 1, '0');
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  const whole = digits.slice(0, digits.length - decimals);
  return decimals === 0 || fraction === '' ? whole : `${whole}.${fraction}`;
}

/** @returns undefined unless the text is an exact amount, not negative, of a currency we trade in */
export function majorMoney(text: string | undefined, currency: string | undefined): Money | undefined {
  const parts = partsOf(text, currency);
  return parts && parts.rest === '' ? { minor: parts.minor, currency: parts.currency } : undefined;
}

/** As `majorMoney`, for fees, which some providers count finer than there are coins: rounded up to minor units. */
export function majorFee(text: string | undefined, currency: string | undefined): Money | undefined {
  const parts = partsOf(text, currency);
  return parts && { minor: parts.minor + (parts.rest === '' ? 0n : 1n), currency: parts.currency };
}

function partsOf(
  text: string | undefined,
  currency: string | undefined,
): { readonly minor: bigint; readonly rest: string; readonly currency: Currency } | undefined {
  const [, whole, fraction = ''] = /^(\d{1,16})(?:\.(\d{1,20}))?$/.exec(text ?? '') ?? [];
  if (whole === undefined || currency === undefined || !isCurrency(currency)) return undefined;
  const decimals = decimalsOf(currency);
  const minor = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  return { minor, rest: fraction.slice(decimals).replace(/0+$/, ''), currency };
}
