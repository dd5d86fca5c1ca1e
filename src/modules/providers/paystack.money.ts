import { decimalsOf, isCurrency, type Money } from '../../kernel/index.js';
import { textAt } from './exact-json.js';

/** Paystack counts hundredths of every currency, of those without coins too. */
const paystackDecimals = 2;

export function paystackUnits({ minor, currency }: Money): bigint {
  return minor * scaleOf(decimalsOf(currency));
}

/**
 * The amount in a member of `data`, in its currency.
 * @param units instead of the member's
 * @returns undefined unless it is whole minor units, not negative, of a currency we trade in
 */
export function paystackMoney(data: unknown, member: string, units?: bigint): Money | undefined {
  const [text, currency] = [units?.toString() ?? textAt(data, member), textAt(data, 'currency')];
  if (text === undefined || !/^\d{1,18}$/.test(text) || currency === undefined || !isCurrency(currency))
    return undefined;
  const scale = scaleOf(decimalsOf(currency));
  const counted = BigInt(text);
  return counted % scale === 0n ? { minor: counted / scale, currency } : undefined;
}

function scaleOf(decimals: number): bigint {
  return 10n ** BigInt(paystackDecimals - decimals);
}
