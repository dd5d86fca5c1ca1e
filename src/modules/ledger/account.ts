import type { AccountType } from '../../db/index.js';

export type AccountOwner = 'user' | 'escrow' | 'payout' | 'refund' | 'bank';

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
  escrowService: (escrowId: string) => floored('escrow', escrowId, 'service'),
  escrowGoods: (escrowId: string) => floored('escrow', escrowId, 'goods'),
  payoutTransit: (payoutId: string) => floored('payout', payoutId, 'transit'),
  refundTransit: (refundId: string) => floored('refund', refundId, 'transit'),
  receivable: (userId: string) => owned('ASSET', 'user', userId, 'receivable'),
  bankSettlement: (bankId: string) => owned('ASSET', 'bank', bankId, 'settlement'),
  pspClearing: (provider: string) => house('ASSET', `psp:${provider}:clearing`),
  vat: () => house('LIABILITY', 'tax:vat'),
  suspense: (provider: string) => house('LIABILITY', `suspense:${provider}`),
  commission: () => house('INCOME', 'revenue:commission'),
  cancellation: () => house('INCOME', 'revenue:cancellation'),
  payoutFee: () => house('INCOME', 'revenue:payout_fee'),
  pspFee: () => house('EXPENSE', 'expense:psp_fee'),
  goodwill: () => house('EXPENSE', 'expense:goodwill'),
  chargeback: () => house('EXPENSE', 'expense:chargeback'),
  opening: () => house('EQUITY', 'equity:opening'),
} as const satisfies Record<string, (id: string) => AccountRef>;

/** Accounts of these types grow by credits; assets and expenses grow by debits. */
export function growsByCredit(type: AccountType): boolean {
  return type === 'LIABILITY' || type === 'INCOME' || type === 'EQUITY';
}

function floored(ownerType: AccountOwner, ownerId: string, part: string): AccountRef {
  return { ...owned('LIABILITY', ownerType, ownerId, part), floored: true };
}

function owned(type: AccountType, ownerType: AccountOwner, ownerId: string, part: string): AccountRef {
  const owner = { type: ownerType, id: ownerId };
  return { code: `${ownerType}:${ownerId}:${part}`, type, floored: false, owner };
}

function house(type: AccountType, code: string): AccountRef {
  return { code, type, floored: false, owner: undefined };
}
