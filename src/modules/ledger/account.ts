import type { AccountType } from '../../db/index.js';

export type AccountOwner = 'user' | 'escrow' | 'payout';

/**
 * Names one account of a tenant's chart; with a currency it is one row. A floored account can not go below zero: it is
 * locked when posted to and carries its running totals. The others take appends without a lock.
 */
export interface AccountRef {
  readonly code: string;
  readonly type: AccountType;
  readonly floored: boolean;
  readonly owner: { readonly type: AccountOwner; readonly id: string } | undefined;
}

/** The chart of accounts: one constructor a kind, so a code is never spelt by hand. */
export const accounts = {
  wallet: (userId: string) => floored('user', userId, 'wallet'),
  /** What a user owes, because a provider took back money that had been spent by then. */
  receivable: (userId: string) => floored('user', userId, 'receivable', 'ASSET'),
  escrowService: (escrowId: string) => floored('escrow', escrowId, 'service'),
  escrowGoods: (escrowId: string) => floored('escrow', escrowId, 'goods'),
  /** A payout's money from the moment it is asked for until the provider has paid it, or never will. */
  payoutTransit: (payoutId: string) => floored('payout', payoutId, 'transit'),
  pspClearing: (provider: string) => house('ASSET', `psp:${provider}:clearing`),
  /** What a provider took in that no wallet can hold: money of another currency than the market's. */
  suspense: (provider: string) => house('LIABILITY', `suspense:${provider}`),
  vat: () => house('LIABILITY', 'tax:vat'),
  commission: () => house('INCOME', 'revenue:commission'),
  cancellation: () => house('INCOME', 'revenue:cancellation'),
  payoutFees: () => house('INCOME', 'revenue:payout_fee'),
  /** What payment providers keep for themselves. */
  pspFees: () => house('EXPENSE', 'expense:psp_fee'),
  /** What a provider paid out beyond what it was asked for, as long as nobody has given it back. */
  overpaid: () => house('EXPENSE', 'expense:payout_overpaid'),
  /** Charges that were taken back and that RunAm bears. */
  chargebacks: () => house('EXPENSE', 'expense:chargeback'),
} as const satisfies Record<string, (id: string) => AccountRef>;

/** Accounts of these types grow by credits; assets and expenses grow by debits. */
export function growsByCredit(type: AccountType): boolean {
  return type === 'LIABILITY' || type === 'INCOME' || type === 'EQUITY';
}

function floored(ownerType: AccountOwner, ownerId: string, part: string, type: AccountType = 'LIABILITY'): AccountRef {
  const owner = { type: ownerType, id: ownerId };
  return { code: `${ownerType}:${ownerId}:${part}`, type, floored: true, owner };
}

function house(type: AccountType, code: string): AccountRef {
  return { code, type, floored: false, owner: undefined };
}
