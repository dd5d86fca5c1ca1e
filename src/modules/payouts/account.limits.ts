import { AppError, badInput, type UserViewer } from '../../kernel/index.js';
import type { Reader, Tx } from '../../db/index.js';

const accountsMax = 10;
/** Every one that is added tells whose account it is: nobody goes through numbers to read names. */
const addedInDayMax = 20;
const dayMs = 24 * 60 * 60 * 1000;

/** Also of those that were removed since. */
export async function refuseTooFast(
  reader: Pick<Reader, 'payoutAccount'>,
  { tenantId, userId }: UserViewer,
  now: Date,
): Promise<void> {
  const createdAt = { gt: new Date(now.getTime() - dayMs) };
  if ((await reader.payoutAccount.count({ where: { tenantId, userId, createdAt } })) < addedInDayMax) return;
  const message = `A person adds up to ${addedInDayMax} payout accounts in 24 hours; try again tomorrow.`;
  throw new AppError('LIMIT_EXCEEDED', message);
}

/** Under the user's lock, so that one account is not added twice at once. */
export async function refuseMore(
  tx: Tx,
  { tenantId, userId }: UserViewer,
  hashes: readonly Uint8Array[],
): Promise<void> {
  const where = { tenantId, userId, status: 'ACTIVE' as const };
  const known = await tx.payoutAccount.findMany({ where, select: { numberHash: true } });
  const isKnown = known.some(({ numberHash }) =>
    hashes.some((hash) => Buffer.from(hash).equals(Buffer.from(numberHash))),
  );
  if (isKnown) throw badInput('input.accountNumber', 'is one of your payout accounts already.');
  if (known.length < accountsMax) return;
  throw new AppError('LIMIT_EXCEEDED', `A person has up to ${accountsMax} payout accounts; remove one first.`);
}
