import { formatMoney, parseCurrency, type FieldFault } from '../../kernel/index.js';
import { amountMinorMax, type Errand } from './errand.js';
import { textFaults } from './faults.js';

export interface NewOffer {
  /** Minor units of the errand's currency, above 0, up to `amountMinorMax`. */
  readonly amountMinor: bigint;
  /** Up to 1,000 characters. */
  readonly message?: string | null | undefined;
  /** Not after the errand's. Default: when the errand expires. */
  readonly expiresAt?: Date | null | undefined;
}

const messageLengthMax = 1000;

/** What is wrong with the price that somebody names for an errand. */
export function offerFaults(
  { amountMinor, message, expiresAt }: NewOffer,
  errand: Errand,
  now: Date,
): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  if (amountMinor <= 0n || amountMinor > amountMinorMax) {
    const most = formatMoney({ minor: amountMinorMax, currency: parseCurrency(errand.currency) });
    faults.push({
      path: 'input.amountMinor',
      message: `must be from 1 to ${amountMinorMax} (${most}), got ${amountMinor}.`,
    });
  }
  faults.push(...textFaults('input.message', message, messageLengthMax));
  if (expiresAt && !(expiresAt > now && expiresAt <= errand.expiresAt)) {
    faults.push({
      path: 'input.expiresAt',
      message: `must be in the future and not after the errand expires, ${errand.expiresAt.toISOString()}.`,
    });
  }
  return faults;
}
