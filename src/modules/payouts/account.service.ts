import {
  AppError,
  badInput,
  isUuid,
  notFound,
  requireUser,
  storable,
  uuidOf,
  uuidv7,
  type Clock,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { Bank, Db, Reader, Tx } from '../../db/index.js';
import { currencyOf, requireVersion } from '../errands/index.js';
import type { PaymentProvider } from '../providers/index.js';
import type { AccountCipher } from './account.cipher.js';
import { withoutNumber, type PayoutAccount } from './account.js';
import { refuseMore, refuseTooFast } from './account.limits.js';
import { bankCodeFor } from './bank.code.js';
import { nameMatchScore } from './name.match.js';
import { lockOwner } from './payout.owner.js';

export interface NewPayoutAccount {
  readonly bankId: string;
  /** 5 to 20 digits; spaces and hyphens between them do not count. Zeros in front belong to it. */
  readonly accountNumber: string;
}

export interface AddedPayoutAccount {
  readonly account: PayoutAccount;
  /** An earlier call of this name added it. */
  readonly isReplay: boolean;
}

/** Where users are paid out to. Each sees their own, and of the number never more than its last four digits. */
export interface PayoutAccountService {
  /**
   * Asks the provider whose account it is and keeps it. It can be paid to when its time to cool off is over.
   * @param callName what to add it once for; default: nothing
   * @throws AppError BAD_INPUT (bank, number, an account the provider refuses, one that is there already), ALREADY_EXISTS
   * when the name was used for another account, LIMIT_EXCEEDED, UNAVAILABLE (retryable when the provider gave no answer)
   */
  add(viewer: Viewer, input: NewPayoutAccount, callName?: string): Promise<AddedPayoutAccount>;
  /** Payouts that are under way still reach it. @throws AppError NOT_FOUND, VERSION_CONFLICT, ILLEGAL_TRANSITION when it was removed before */
  remove(viewer: Viewer, id: string, expectedVersion?: number | null): Promise<PayoutAccount>;
  /** The account by a name that tells nothing of its number, the same for the same account. @throws AppError as `add` */
  nameOf(input: NewPayoutAccount): string;
  /** The viewer's own that were not removed, oldest first. */
  mine(viewer: Viewer): Promise<readonly PayoutAccount[]>;
  /** Removed ones too; for callers that check who may see them. */
  byIds(tenantId: string, ids: readonly string[]): Promise<readonly PayoutAccount[]>;
}

export interface PayoutAccountServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  /** Undefined on a server that pays nothing out. */
  readonly provider: PaymentProvider | undefined;
  /** Undefined without a key: then no account can be added. */
  readonly cipher: AccountCipher | undefined;
  readonly coolOffMs: number;
}

const nameLengthMax = 200;
const numberPattern = /^\d{5,20}$/;

type Able = PayoutAccountServiceDeps & { readonly provider: PaymentProvider; readonly cipher: AccountCipher };

export function createPayoutAccountService(deps: PayoutAccountServiceDeps): PayoutAccountService {
  const { db, clock } = deps;
  return {
    add: (viewer, input, callName) => addAccount(requireAble(deps), requireUser(viewer), input, callName),
    nameOf({ bankId, accountNumber }) {
      // The oldest key stays longest: a name is as good before a new key as after it.
      const hashes = requireAble(deps).cipher.hashesOf(bankId.toLowerCase(), parseNumber(accountNumber));
      return Buffer.from(hashes.at(-1)!).toString('hex');
    },
    async remove(viewer, id, expectedVersion) {
      const user = requireUser(viewer);
      return db.write((tx) => removeAccount(tx, user, id, expectedVersion, clock.now()));
    },
    mine(viewer) {
      const { tenantId, userId } = requireUser(viewer);
      const where = { tenantId, userId, status: 'ACTIVE' as const };
      return db.read.payoutAccount.findMany({
        where,
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        omit: withoutNumber,
      });
    },
    byIds: (tenantId, ids) =>
      db.read.payoutAccount.findMany({ where: { tenantId, id: { in: ids.filter(isUuid) } }, omit: withoutNumber }),
  };
}

function requireAble(deps: PayoutAccountServiceDeps): Able {
  const { provider, cipher } = deps;
  if (!provider) throw new AppError('UNAVAILABLE', 'No payment provider is set up on this server.');
  if (!cipher) throw new AppError('UNAVAILABLE', 'This server has no key to keep account numbers with.');
  return { ...deps, provider, cipher };
}

/** The provider is asked before the transaction, so nothing is locked while it thinks. */
async function addAccount(
  deps: Able,
  user: UserViewer,
  input: NewPayoutAccount,
  callName: string | undefined,
): Promise<AddedPayoutAccount> {
  const { db, clock, cipher } = deps;
  const accountNumber = parseNumber(input.accountNumber);
  const bank = await requireBank(deps, user, input.bankId);
  const id = callName === undefined ? uuidv7(clock.now().getTime()) : uuidOf(`payout-account:${callName}`);
  const hashes = cipher.hashesOf(bank.id, accountNumber);
  const earlier = await addedBefore(db.read, id, hashes);
  if (earlier) return { account: earlier, isReplay: true };
  await refuseTooFast(db.read, user, clock.now());
  const accountName = await resolveName(deps, bank, accountNumber);
  const { userId, tenantId } = user;
  const profile = await db.read.userProfile.findUnique({ where: { userId }, select: { displayName: true } });
  const { keyId, sealed } = cipher.seal(accountNumber, { tenantId, userId, accountId: id });
  const now = clock.now();
  const row = {
    id,
    tenantId,
    userId,
    bankId: bank.id,
    currency: bank.currency,
    numberSealed: sealed,
    keyId,
    numberHash: hashes[0],
    last4: accountNumber.slice(-4),
    accountName,
    nameMatchScore: nameMatchScore(accountName, profile?.displayName ?? ''),
    resolvedAt: now,
    status: 'ACTIVE' as const,
    coolOffUntil: new Date(now.getTime() + deps.coolOffMs),
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  return db.write(async (tx) => {
    // Closing erases what tells who somebody was; nothing of it is written behind that.
    if ((await lockOwner(tx, user)).isClosed) throw new AppError('UNAUTHENTICATED', 'Your account is closed.');
    const meanwhile = await addedBefore(tx, id, hashes);
    if (meanwhile) return { account: meanwhile, isReplay: true };
    await refuseTooFast(tx, user, now);
    await refuseMore(tx, user, hashes);
    return { account: await tx.payoutAccount.create({ data: row, omit: withoutNumber }), isReplay: false };
  });
}

function parseNumber(text: string): string {
  const digits = text.replaceAll(/[\s-]/g, '');
  if (numberPattern.test(digits)) return digits;
  throw badInput('input.accountNumber', 'takes 5 to 20 digits; what was sent is not shown.');
}

async function requireBank({ db }: Pick<Able, 'db'>, { tenantId }: UserViewer, bankId: string): Promise<Bank> {
  const bank = isUuid(bankId) ? await db.read.bank.findUnique({ where: { id: bankId } }) : null;
  if (!bank?.active) throw badInput('input.bankId', 'is no bank of the directory that is open; see `banks`.');
  const currency = await currencyOf(db.read, tenantId);
  if (bank.currency === currency) return bank;
  throw badInput(
    'input.bankId',
    `takes a bank that keeps ${currency}, the currency of this market, not ${bank.currency}.`,
  );
}

/** @throws AppError ALREADY_EXISTS when the id was taken for another account */
async function addedBefore(
  reader: Pick<Reader, 'payoutAccount'>,
  id: string,
  hashes: readonly Uint8Array[],
): Promise<PayoutAccount | undefined> {
  const earlier = await reader.payoutAccount.findUnique({ where: { id } });
  if (!earlier) return undefined;
  const { numberSealed: _, keyId: __, numberHash, ...account } = earlier;
  if (hashes.some((hash) => Buffer.from(hash).equals(Buffer.from(numberHash)))) return account;
  throw new AppError('ALREADY_EXISTS', 'This call was used to add another account.');
}

/** @throws AppError BAD_INPUT when the provider does not know the account, UNAVAILABLE when it gave no answer */
async function resolveName({ db, provider }: Able, bank: Bank, accountNumber: string): Promise<string> {
  const bankCode = await bankCodeFor(db.read, provider.name, bank.id);
  if (bankCode === undefined) throw badInput('input.bankId', `${bank.name} cannot be paid through ${provider.name}.`);
  const report = await provider.resolveAccount({ accountNumber, bankCode, currency: bank.currency });
  if (report.kind === 'RESOLVED') return storable(report.accountName, nameLengthMax);
  if (report.kind === 'REFUSED')
    throw badInput(
      'input.accountNumber',
      `is no account that can be paid to: ${storable(report.reason, nameLengthMax)}`,
    );
  throw new AppError('UNAVAILABLE', 'The bank did not say whose account it is; try again.', { retryable: true });
}

async function removeAccount(
  tx: Tx,
  { tenantId, userId }: UserViewer,
  id: string,
  expectedVersion: number | null | undefined,
  now: Date,
): Promise<PayoutAccount> {
  if (!isUuid(id)) throw notFound('payout account', id);
  const locked = await tx.$queryRaw<unknown[]>`
    SELECT id FROM payout_account
    WHERE tenant_id = ${tenantId}::uuid AND user_id = ${userId}::uuid AND id = ${id}::uuid FOR UPDATE`;
  if (locked.length === 0) throw notFound('payout account', id);
  const account = await tx.payoutAccount.findUniqueOrThrow({ where: { id }, omit: withoutNumber });
  requireVersion(account, expectedVersion, 'payout account');
  if (account.status !== 'ACTIVE') throw new AppError('ILLEGAL_TRANSITION', 'The payout account was removed before.');
  const data = { status: 'REMOVED' as const, version: account.version + 1, updatedAt: now };
  return tx.payoutAccount.update({ where: { id }, data, omit: withoutNumber });
}
