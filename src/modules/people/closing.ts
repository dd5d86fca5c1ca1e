import { randomUUID } from 'node:crypto';
import { AppError, formatMoney, type Currency, type FieldFault } from '../../kernel/index.js';

/** What somebody still owes or is owed, or is in the middle of. */
export interface Obligations {
  readonly currency: Currency;
  readonly liveErrands: number;
  readonly openDisputes: number;
  readonly openPayouts: number;
  readonly pendingCharges: number;
  /** Minor units. */
  readonly owed: bigint;
  readonly wallet: bigint;
}

/** Why an account cannot be closed now, each by what stands against it. Pure. */
export function obstacles(held: Obligations): readonly FieldFault[] {
  const money = (minor: bigint): string => formatMoney({ minor, currency: held.currency });
  const found: readonly (FieldFault | false)[] = [
    held.liveErrands > 0 && {
      path: 'errands',
      message: `${held.liveErrands} of yours, posted or run by you, have not ended: finish them, call them off, or discard drafts.`,
    },
    held.openDisputes > 0 && { path: 'disputes', message: `${held.openDisputes} are not decided for good.` },
    held.pendingCharges > 0 && { path: 'charges', message: `${held.pendingCharges} may still come in.` },
    held.openPayouts > 0 && { path: 'payouts', message: `${held.openPayouts} are under way.` },
    held.owed > 0n && { path: 'receivable', message: `you owe ${money(held.owed)}.` },
    held.wallet > 0n && { path: 'wallet', message: `holds ${money(held.wallet)}: have it paid out first.` },
  ];
  return found.filter((fault) => fault !== false);
}

/** @throws AppError ILLEGAL_TRANSITION with every obstacle in `fields` */
export function requireNothingLeft(held: Obligations): void {
  const fields = obstacles(held);
  if (fields.length === 0) return;
  const what = fields.map(({ path, message }) => `${path}: ${message}`).join(' ');
  throw new AppError('ILLEGAL_TRANSITION', `The account cannot be closed yet. ${what}`, { fields });
}

/**
 * What stands where a person was: their deeds stay in the books and under this name. The address cannot be foretold, so that
 * nobody takes it beforehand and keeps somebody else from going.
 */
export function newPseudonym() {
  return {
    user: { email: `closed-${randomUUID()}@closed.invalid`, phone: null },
    profile: {
      displayName: 'Closed account',
      bio: null,
      avatarUrl: null,
      homeArea: null,
      homeLat: null,
      homeLng: null,
    },
  } as const;
}
