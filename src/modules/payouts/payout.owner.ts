import { AppError, type Currency } from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import { receivableBalance } from '../ledger/index.js';
import type { PayoutFacts } from './payout.rule.js';

interface Owner {
  readonly tenantId: string;
  readonly userId: string;
}

/** Holds a user until the transaction ends; rows that refer to them may be written meanwhile. @throws AppError UNAUTHENTICATED */
export async function lockOwner(
  tx: Tx,
  { tenantId, userId }: Owner,
): Promise<{ readonly isActive: boolean; readonly isClosed: boolean }> {
  const [owner] = await tx.$queryRaw<{ status: string }[]>`
    SELECT status::text FROM app_user WHERE tenant_id = ${tenantId}::uuid AND id = ${userId}::uuid FOR NO KEY UPDATE`;
  if (!owner) throw new AppError('UNAUTHENTICATED', 'This account is gone.');
  return { isActive: owner.status === 'ACTIVE', isClosed: owner.status === 'CLOSED' };
}

/** Read after the wallet is locked: whoever makes a user owe something takes that lock too. */
export async function ownerFacts(
  tx: Tx,
  { tenantId, userId, currency }: Owner & { readonly currency: string },
  isActive: boolean,
): Promise<NonNullable<PayoutFacts['owner']>> {
  const owes = await receivableBalance(tx, { tenantId, userId }, currency as Currency);
  return { isActive, owesMinor: owes.minor };
}
