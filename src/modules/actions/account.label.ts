import { accounts, type AccountRef } from '../ledger/index.js';

/** What an account is to somebody who looks at one errand's money: no ids, and nobody else's accounts. */
export const accountLabels = [
  'MY_WALLET',
  'CUSTOMER_WALLET',
  'RUNNER_WALLET',
  'ESCROW_SERVICE',
  'ESCROW_GOODS',
  'COMMISSION',
  'VAT',
  'CANCELLATION_FEE',
  'OTHER',
] as const;
export type AccountLabel = (typeof accountLabels)[number];

interface Looking {
  readonly viewerId: string;
  readonly customerId: string;
  readonly runnerId: string;
  readonly escrowId: string;
}

export function labelOf(account: AccountRef, looking: Looking): AccountLabel {
  const { viewerId, customerId, runnerId, escrowId } = looking;
  const known: readonly (readonly [AccountRef, AccountLabel])[] = [
    [accounts.wallet(viewerId), 'MY_WALLET'],
    [accounts.wallet(customerId), 'CUSTOMER_WALLET'],
    [accounts.wallet(runnerId), 'RUNNER_WALLET'],
    [accounts.escrowService(escrowId), 'ESCROW_SERVICE'],
    [accounts.escrowGoods(escrowId), 'ESCROW_GOODS'],
    [accounts.commission(), 'COMMISSION'],
    [accounts.vat(), 'VAT'],
    [accounts.cancellation(), 'CANCELLATION_FEE'],
  ];
  return known.find(([{ code }]) => code === account.code)?.[1] ?? 'OTHER';
}
