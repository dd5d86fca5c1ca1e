import {
  AppError,
  formatMoney,
  requireUser,
  type Clock,
  type Money,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import { actorOf, decide, type Errand } from '../errands/index.js';
import { escrowOf, factsOf, holdRunner, lockBoth, type Held } from '../escrows/index.js';
import { askedFor, chargeIdOf, newChargeRow, nextCheckAt, type Charge } from './charge.js';
import { noteLanding } from './charge.settle.js';

export interface NotedCharge {
  readonly charge: Charge;
  /** The provider is to be asked to charge; else it has been, and is only to be asked how it went. */
  readonly isToBeCharged: boolean;
}

interface Hand {
  readonly tx: Tx;
  readonly clock: Clock;
  readonly provider: string;
}

/**
 * Writes a top-up down before the provider hears of it, or finds it: references are each user's own.
 * @throws AppError ALREADY_EXISTS when the reference was used for something else
 */
export async function noteTopUp(
  { tx, clock, provider }: Hand,
  { tenantId, userId }: UserViewer,
  amount: Money,
  reference: string,
): Promise<NotedCharge> {
  const now = clock.now();
  const id = chargeIdOf(provider, userId, reference);
  const row = newChargeRow({ id, tenantId, userId, provider, purpose: 'WALLET' }, amount, now);
  const { count } = await tx.charge.createMany({ data: [row], skipDuplicates: true });
  const charge = await tx.charge.findUniqueOrThrow({ where: { id } });
  const isSame = charge.amount === amount.minor && charge.currency === amount.currency && charge.errandId === null;
  if (!isSame) throw wasUsed(charge);
  return count === 1 ? { charge, isToBeCharged: true } : askAgain(tx, charge, now);
}

/**
 * Writes a payment for an errand down, or finds it. A new one, or one to try again, needs what funding the errand from the
 * wallet would need, but the money. @throws AppError as `EscrowService.fund`, ALREADY_EXISTS
 */
export async function noteErrandPayment(
  { tx, clock, provider }: Hand,
  viewer: Viewer,
  { errandId, expectedVersion }: { readonly errandId: string; readonly expectedVersion: number | undefined },
  reference: string,
): Promise<NotedCharge & { readonly errand: Errand }> {
  const { tenantId, userId } = requireUser(viewer);
  const now = clock.now();
  const held = await lockBoth(tx, tenantId, errandId);
  const { errand } = held;
  const id = chargeIdOf(provider, userId, reference);
  const existing = await tx.charge.findUnique({ where: { id } });
  if (existing && existing.errandId !== errandId) throw wasUsed(existing);
  if (existing?.state === 'SUCCEEDED' || (existing?.state === 'PENDING' && !awaits(held, existing))) {
    await noteLanding(tx, existing);
    return { charge: existing, isToBeCharged: false, errand };
  }
  const facts = { ...factsOf(await holdRunner(tx, held)), expectedVersion };
  decide('fundFromWallet', facts, actorOf(viewer, errand), now);
  const escrow = escrowOf(held);
  const amount = askedFor({ amount: escrow.gross, currency: escrow.currency });
  if (existing) {
    if (!awaits(held, existing)) throw wasUsed(existing);
    return { ...(await askAgain(tx, existing, now)), errand };
  }
  const purpose = { purpose: 'ERRAND', errandId, offerId: errand.acceptedOfferId } as const;
  const row = newChargeRow({ id, tenantId, userId, provider, ...purpose }, amount, now);
  return { charge: await tx.charge.create({ data: row }), isToBeCharged: true, errand };
}

/** The very escrow that the payment was begun for still waits for its money. */
function awaits({ errand, money }: Held, { offerId, amount }: Charge): boolean {
  return errand.state === 'AWAITING_FUNDING' && errand.acceptedOfferId === offerId && money?.escrow.gross === amount;
}

/** The count tells answers from before apart: a decline of then says nothing of now. */
async function askAgain(tx: Tx, { id }: Charge, now: Date): Promise<NotedCharge> {
  await tx.$queryRaw`SELECT id FROM charge WHERE id = ${id}::uuid FOR UPDATE`;
  const charge = await tx.charge.findUniqueOrThrow({ where: { id } });
  if (charge.state === 'SUCCEEDED') {
    await noteLanding(tx, charge);
    return { charge, isToBeCharged: false };
  }
  const again = { asks: charge.asks + 1, askedAt: now, nextCheckAt: nextCheckAt(0, now), updatedAt: now };
  const data = { ...again, state: 'PENDING', failure: null, checks: 0 } as const;
  return { charge: await tx.charge.update({ where: { id }, data }), isToBeCharged: true };
}

function wasUsed(charge: Charge): AppError {
  const [used, what] = [formatMoney(askedFor(charge)), charge.errandId === null ? 'payment' : 'errand'];
  const message = `The reference was used for ${used} already; use a new one for another ${what}.`;
  return new AppError('ALREADY_EXISTS', message);
}
