import {
  AppError,
  badInput,
  requireUser,
  silentLogger,
  uuidv7,
  type Money,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import { amountFault, currencyOf, refuse, textFaults } from '../errands/index.js';
import { walletBalance } from '../ledger/index.js';
import type { Charge } from './charge.js';
import { noteTopUp, type NotedCharge } from './charge.note.js';
import { createCharging, type Asked, type Charging, type ChargingDeps } from './charging.js';

export interface TopUp {
  /** Minor units, above 0, up to `amountMinorMax`. */
  readonly amountMinor: bigint;
  /** The tenant's. */
  readonly currency: string;
  /** The caller's own, 1 to 100 characters; a repeated one is charged once. Default: a new one. */
  readonly reference?: string | null | undefined;
}

export interface ToppedUp {
  /** SUCCEEDED, or PENDING while the payer has still to pay at its `checkoutUrl`. */
  readonly charge: Charge;
  /** What the wallet holds now. */
  readonly wallet: Money;
  /** This call put no money into the wallet: another one with this reference did, or nobody has yet. */
  readonly isReplay: boolean;
}

export interface WalletService {
  /** What the viewer can spend, read from the ledger. @throws AppError UNAUTHENTICATED */
  wallet(viewer: Viewer): Promise<Money>;
  /**
   * Charges the viewer through the provider and puts the money into the wallet. Safe to repeat with its reference, also
   * after a crash halfway and at the same time: the money arrives once, and nobody needs to repeat it for that.
   * @throws AppError BAD_INPUT, ALREADY_EXISTS when the reference was used for another amount, UNAVAILABLE when the provider
   * declined, when none is set up, and when it is not known how the payment ended: then the message names the reference
   * to repeat it with, and it is retryable when that is the caller's own
   */
  topUp(viewer: Viewer, input: TopUp): Promise<ToppedUp>;
}

const referenceLengthMax = 100;

/** @param charging shared with others that ask the same providers. Default: one of its own */
export function createWalletService(deps: ChargingDeps, charging: Charging = createCharging(deps)): WalletService {
  const { db, clock, logger = silentLogger } = deps;
  return {
    async wallet(viewer) {
      const user = requireUser(viewer);
      return walletBalance(db.read, user, await currencyOf(db.read, user.tenantId));
    },
    async topUp(viewer, input) {
      const user = requireUser(viewer);
      const provider = charging.provider().name;
      const amount = await parseAmount(db, user, input);
      const reference = input.reference ?? uuidv7(clock.now().getTime());
      const noted = await db.write((tx) => noteTopUp({ tx, clock, provider }, user, amount, reference));
      const unknown = (cause: unknown): never => {
        logger.error({ err: cause, chargeId: noted.charge.id }, 'it is not known how a payment ended');
        throw outcomeUnknown(reference, input.reference != null, cause);
      };
      const { charge, isNew } = await askOnce(charging, noted, user, unknown);
      const wallet = await walletBalance(db.read, user, amount.currency).catch(unknown);
      return { charge, wallet, isReplay: !isNew };
    },
  };
}

/**
 * Has a charge that is written down made, unless it was.
 * @param unknown throws what a caller is told of whom nobody knows whether money was taken
 * @throws AppError UNAVAILABLE when it was declined, and what `unknown` throws
 */
export async function askOnce(
  charging: Charging,
  { charge, isToBeCharged }: NotedCharge,
  user: UserViewer,
  unknown: (cause: unknown) => never,
): Promise<{ readonly charge: Charge; readonly isNew: boolean }> {
  if (!isToBeCharged) return { charge, isNew: false };
  const asked: Asked = await charging.initiate(charge, user).catch(unknown);
  if (asked.charge.state === 'SUCCEEDED') return { charge: asked.charge, isNew: asked.booked };
  const { report } = asked;
  if (report.kind === 'FAILED') throw new AppError('UNAVAILABLE', `The payment was declined: ${report.reason}`);
  if (report.kind !== 'PENDING') unknown(new Error(asked.charge.lastError ?? report.kind));
  return { charge: asked.charge, isNew: true };
}

/** The money may have been taken: whoever is told so must be able to ask again without paying twice. */
export function outcomeUnknown(reference: string, isCallersOwn: boolean, cause: unknown): AppError {
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
