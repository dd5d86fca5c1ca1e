import { AppError, formatMoney, isStorable, notStorable, type Currency, type FieldFault } from '../../kernel/index.js';
import { amountMinorMax } from './errand.js';

export interface MoneyInput {
  readonly minor: bigint;
  /** Must be the tenant's. */
  readonly currency: string;
}

/** @throws AppError BAD_INPUT when there are faults */
export function refuse(faults: readonly FieldFault[]): void {
  if (faults.length === 0) return;
  const message = faults.map(({ path, message: text }) => `${path}: ${text}`).join(' ');
  throw new AppError('BAD_INPUT', message, { fields: faults });
}

/** What is wrong with an amount, if anything. */
export function amountFault(
  path: string,
  amount: MoneyInput,
  currency: Currency,
  minorMin: bigint,
): FieldFault | undefined {
  if (amount.currency !== currency) {
    return {
      path: `${path}.currency`,
      message: `must be ${currency}, the currency of this market, got ${amount.currency}.`,
    };
  }
  if (amount.minor >= minorMin && amount.minor <= amountMinorMax) return undefined;
  const most = formatMoney({ minor: amountMinorMax, currency });
  return {
    path: `${path}.minor`,
    message: `must be from ${minorMin} to ${amountMinorMax} (${most}), got ${amount.minor}.`,
  };
}

/** What is wrong with a text that may be left out or empty, if anything. Lengths are in UTF-16 units. */
export function textFaults(path: string, text: string | null | undefined, lengthMax: number): readonly FieldFault[] {
  if (text == null) return [];
  if (text.length > lengthMax) return [{ path, message: `takes up to ${lengthMax} characters, got ${text.length}.` }];
  return isStorable(text) ? [] : [{ path, message: notStorable }];
}

/** What is wrong with a list of names out of a closed set, if anything. */
export function namesFaults(
  path: string,
  names: readonly string[] | null | undefined,
  known: readonly string[],
): readonly FieldFault[] {
  const isKnown = distinct(names ?? []).every((name) => known.includes(name));
  return isKnown ? [] : [{ path, message: `takes only ${known.join(', ')}.` }];
}

/** Each name once, however often the caller repeats it. */
export function distinct<Name extends string>(names: readonly Name[]): Name[] {
  return [...new Set(names)];
}
