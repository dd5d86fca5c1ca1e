import {
  AppError,
  badInput,
  formatMoney,
  invariant,
  requireUser,
  silentLogger,
  uuidOf,
  uuidv7,
  type Clock,
  type Currency,
  type Logger,
  type Money,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { Charge, Db, Tx } from '../../db/index.js';
import { amountFault, currencyOf, refuse, textFaults } from '../errands/index.js';
import { accounts, postJournal, transfer, walletBalance } from '../ledger/index.js';
import type { ChargeOutcome, PaymentProvider } from './payment-provider.js';

export interface TopUp {
  /** Minor units, above 0, up to `amountMinorMax`. */
  readonly amountMinor: bigint;
  /** The tenant's. */
  readonly currency: string;
  /** The caller's own, 1 to 100 characters; a repeated one is charged once. Default: a new one. */
  readonly reference?: string | null | undefined;
}

export interface ToppedUp {
  readonly charge: Readonly<Charge>;
  /** What the wallet holds now. */
  readonly wallet: Money;
  /** Another call with this reference put the money into the wallet; this one moved nothing. */
  readonly isReplay: boolean;
}

export interface WalletService {
  /** What the viewer can spend, read from the ledger. @throws AppError UNAUTHENTICATED */
  wallet(viewer: Viewer): Promise<Money>;
  /**
   * Charges the viewer through the provider and puts the money into the wallet. Safe to repeat with its reference, also
   * after a crash halfway and at the same time: the money arrives once.
   * @throws AppError BAD_INPUT, ALREADY_EXISTS when the reference was used for another amount, UNAVAILABLE when the provider
   * declined, when none is set up, and when it is not known how the payment ended: then the message names the reference
   * to repeat it with, and it is retryable when that is the caller's own
   */
  topUp(viewer: Viewer, input: TopUp): Promise<ToppedUp>;
}

export interface WalletServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  /** Undefined on a server that takes no money in. */
  readonly provider: PaymentProvider | undefined;
  readonly logger?: Logger;
}

interface Settled extends ToppedUp {
  /** Why no money came; undefined when it did. */
  readonly declined: string | undefined;
}

interface SavedOutcome {
  readonly charge: Charge;
  /** This call put the money into the wallet. */
  readonly booked: boolean;
}

const referenceLengthMax = 100;

export function createWalletService(deps: WalletServiceDeps): WalletService {
  const { db, clock, provider, logger = silentLogger } = deps;
  return {
    async wallet(viewer) {
      const user = requireUser(viewer);
      return walletBalance(db.read, user, await currencyOf(db.read, user.tenantId));
    },
    async topUp(viewer, input) {
      const user = requireUser(viewer);
      if (!provider) throw new AppError('UNAVAILABLE', 'No payment provider is set up on this server.');
      const amount = await parseAmount(db, user, input);
      const reference = input.reference ?? uuidv7(clock.now().getTime());
      const noted = await db.write((tx) => noteCharge(tx, user, amount, provider.name, reference, clock.now()));
      const settled = await settle(provider, user, noted, amount).catch((error: unknown) => {
        logger.error({ err: error, chargeId: noted.id }, 'it is not known how a payment ended; it can be repeated');
        throw outcomeUnknown(reference, input.reference != null, error);
      });
      const { declined, ...toppedUp } = settled;
      if (declined !== undefined) throw new AppError('UNAVAILABLE', `The payment was declined: ${declined}`);
      return toppedUp;
    },
  };

  /** The provider is asked between two transactions, so nothing is locked while it thinks. */
  async function settle(asked: PaymentProvider, user: UserViewer, noted: Charge, amount: Money): Promise<Settled> {
    const outcome =
      noted.state === 'SUCCEEDED' ? undefined : await asked.charge({ reference: noted.providerRef, amount });
    const { charge, booked } = outcome
      ? await db.write((tx) => saveOutcome(tx, noted.id, outcome, clock.now()))
      : { charge: noted, booked: false };
    const wallet = await walletBalance(db.read, user, amount.currency);
    const isDeclined = charge.state === 'FAILED' && outcome?.kind === 'FAILED';
    return { charge, wallet, isReplay: !booked, declined: isDeclined ? outcome.reason : undefined };
  }
}

/** The money may have been taken: whoever is told so must be able to ask again without paying twice. */
function outcomeUnknown(reference: string, isCallersOwn: boolean, cause: unknown): AppError {
  return new AppError(
    'UNAVAILABLE',
    `It is not known yet how the payment ended. Repeat it with the reference ${reference}: it is charged once.`,
    { retryable: isCallersOwn, cause },
  );
}

async function parseAmount(
  db: Pick<Db, 'read'>,
  user: UserViewer,
  { amountMinor, currency, reference }: TopUp,
): Promise<Money> {
  const tenantCurrency = await currencyOf(db.read, user.tenantId);
  const fault = amountFault('input.amount', { minor: amountMinor, currency }, tenantCurrency, 1n);
  refuse([...(fault ? [fault] : []), ...textFaults('input.reference', reference, referenceLengthMax)]);
  if (reference === '') throw badInput('input.reference', `takes 1 to ${referenceLengthMax} characters, got 0.`);
  return { minor: amountMinor, currency: tenantCurrency };
}

/** Writes the charge down before the provider hears of it, or finds it: references are each user's own. */
async function noteCharge(
  tx: Tx,
  { tenantId, userId }: UserViewer,
  amount: Money,
  provider: string,
  reference: string,
  now: Date,
): Promise<Charge> {
  const providerRef = `${userId}:${reference}`;
  const id = uuidOf(`charge:${provider}:${providerRef}`);
  const row = { id, tenantId, userId, provider, providerRef, amount: amount.minor, currency: amount.currency };
  const data = { ...row, state: 'PENDING' as const, createdAt: now, updatedAt: now };
  await tx.charge.createMany({ data: [data], skipDuplicates: true });
  const charge = await tx.charge.findUniqueOrThrow({ where: { provider_providerRef: { provider, providerRef } } });
  if (charge.amount === amount.minor && charge.currency === amount.currency) return charge;
  const used = formatMoney({ minor: charge.amount, currency: charge.currency as Currency });
  throw new AppError('ALREADY_EXISTS', `The reference was used for ${used} already; use a new one for another amount.`);
}

/** Whoever comes second finds the charge settled and books nothing. */
async function saveOutcome(tx: Tx, id: string, outcome: ChargeOutcome, now: Date): Promise<SavedOutcome> {
  const locked = await tx.$queryRaw<unknown[]>`SELECT id FROM charge WHERE id = ${id}::uuid FOR UPDATE`;
  invariant(locked.length === 1, `charge ${id} is gone`);
  const charge = await tx.charge.findUniqueOrThrow({ where: { id } });
  if (charge.state === 'SUCCEEDED') return { charge, booked: false };
  const booked = outcome.kind === 'SUCCEEDED';
  if (booked) await postJournal(tx, topUpJournal(charge, now));
  return { charge: await tx.charge.update({ where: { id }, data: { state: outcome.kind, updatedAt: now } }), booked };
}

/** Money that arrived at the provider stands in the user's wallet. */
export function topUpJournal(
  charge: Pick<Charge, 'id' | 'tenantId' | 'userId' | 'provider' | 'amount' | 'currency'>,
  now: Date,
) {
  const { id, tenantId, userId, provider, amount, currency } = charge;
  return {
    id: uuidOf(`journal:charge:${id}`),
    tenantId,
    kind: 'wallet.topUp',
    businessRef: `charge:${id}`,
    currency: currency as Currency,
    effectiveAt: now,
    recordedAt: now,
    actorId: userId,
    postings: transfer(accounts.pspClearing(provider), accounts.wallet(userId), amount),
  };
}
