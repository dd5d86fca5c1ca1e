import { AppError, invariant, storable } from '../../kernel/index.js';
import { changesSoFar, noteAgain, type Prisma, type Tx } from '../../db/index.js';
import { decide, systemActor, type Decision } from '../errands/index.js';
import { factsOf, fundHeld, lockBoth, type Held } from '../escrows/index.js';
import { postJournal } from '../ledger/index.js';
import type { ChargeReport } from '../providers/index.js';
import { nextCheckAt, type Charge } from './charge.js';
import { landingOf, receiptJournal } from './charge.landing.js';

export interface SavedReport {
  readonly charge: Charge;
  /** This call booked the money. */
  readonly booked: boolean;
}

export interface SavingTerms {
  readonly now: Date;
  /** The provider's: before that, "not found" says nothing. */
  readonly notFoundHorizonMs: number;
}

type Succeeded = Extract<ChargeReport, { readonly kind: 'SUCCEEDED' }>;

/**
 * Saves what the provider says of a charge, under the locks errand, escrow, charge, accounts. Money is booked by whoever comes
 * first and by nobody else, and lands in one place. Only the provider's word ends a charge: UNKNOWN moves nothing, and "not
 * found" ends it when it has been so for longer than the provider takes to know its own charges.
 * @param seen the charge as it was when the provider was asked
 */
export async function saveReport(tx: Tx, seen: Charge, report: ChargeReport, terms: SavingTerms): Promise<SavedReport> {
  const held = seen.errandId === null ? undefined : await lockBoth(tx, seen.tenantId, seen.errandId);
  const charge = await lockCharge(tx, seen.id);
  if (charge.state === 'SUCCEEDED') {
    await noteLanding(tx, charge);
    return { charge, booked: false };
  }
  const told = understood(report);
  if (told.kind === 'SUCCEEDED') return { charge: await land(tx, charge, held, told, terms.now), booked: true };
  const patch = patchOf(charge, seen, told, terms);
  if (!patch) return { charge, booked: false };
  const data = { ...patch, updatedAt: terms.now };
  return { charge: await tx.charge.update({ where: { id: charge.id }, data }), booked: false };
}

/** What came of it is told to the caches again, for a call whose answer must not run ahead of them. */
export async function noteLanding(tx: Tx, { changes }: Pick<Charge, 'changes'>): Promise<void> {
  await noteAgain(tx, JSON.stringify(changes));
}

async function lockCharge(tx: Tx, id: string): Promise<Charge> {
  const locked = await tx.$queryRaw<unknown[]>`SELECT id FROM charge WHERE id = ${id}::uuid FOR UPDATE`;
  invariant(locked.length === 1, `charge ${id} is gone`);
  return tx.charge.findUniqueOrThrow({ where: { id } });
}

/** A success that cannot be booked as it is told is no answer yet. */
function understood(report: ChargeReport): ChargeReport {
  if (report.kind !== 'SUCCEEDED') return report;
  const { amount, fee } = report;
  const isFeeOdd = fee.minor < 0n || (fee.minor > 0n && fee.currency !== amount.currency);
  if (amount.minor > 0n && !isFeeOdd) return report;
  const told = `${amount.minor} ${amount.currency} with a fee of ${fee.minor} ${fee.currency}`;
  return { kind: 'UNKNOWN', reason: `The provider tells of ${told}.` };
}

async function land(
  tx: Tx,
  charge: Charge,
  held: Held | undefined,
  { amount, fee }: Succeeded,
  now: Date,
): Promise<Charge> {
  const funding = held && fundingOf(charge, held, now);
  const landing = landingOf(charge, amount, funding !== undefined);
  await postJournal(tx, receiptJournal(charge, landing, amount, fee.minor, now));
  if (held && funding && landing.landed === 'ERRAND') await fundHeld(tx, held, funding);
  const received = { received: amount.minor, receivedCurrency: amount.currency, fee: fee.minor };
  const changes = JSON.parse(await changesSoFar(tx)) as Prisma.InputJsonValue;
  const isOver = { state: 'SUCCEEDED', nextCheckAt: null, lastError: null, failure: null, updatedAt: now } as const;
  const data = { ...isOver, ...received, ...landing, changes };
  return tx.charge.update({ where: { id: charge.id }, data });
}

/** Undefined when the errand does not wait for this money any more: another state, another offer, or another amount. */
function fundingOf(charge: Charge, held: Held, now: Date): Decision | undefined {
  if (held.errand.acceptedOfferId !== charge.offerId || held.money?.escrow.gross !== charge.amount) return undefined;
  try {
    return decide('fundFromCharge', factsOf(held), systemActor, now);
  } catch (error) {
    if (error instanceof AppError && error.code === 'ILLEGAL_TRANSITION') return undefined;
    throw error;
  }
}

/** What changes of a charge that has not come in; undefined when nothing does. */
function patchOf(
  charge: Charge,
  seen: Charge,
  report: Exclude<ChargeReport, Succeeded>,
  { now, notFoundHorizonMs }: SavingTerms,
): Prisma.ChargeUncheckedUpdateInput | undefined {
  const waits = { checks: charge.checks + 1, nextCheckAt: nextCheckAt(charge.checks + 1, now) };
  const isPending = charge.state === 'PENDING';
  // An answer from before the provider was asked to charge once more says nothing of that.
  const isCurrent = charge.asks === seen.asks;
  switch (report.kind) {
    case 'PENDING': {
      const checkoutUrl = report.checkoutUrl ?? charge.checkoutUrl;
      return { state: 'PENDING', failure: null, lastError: null, checkoutUrl, ...waits };
    }
    case 'FAILED':
      return isPending && isCurrent ? failed(report.reason) : undefined;
    case 'NOT_FOUND': {
      const isFinal = isCurrent && now.getTime() - charge.askedAt.getTime() > notFoundHorizonMs;
      if (isPending && isFinal) return failed('The provider has no such payment.');
      return isPending ? { lastError: 'The provider does not know it yet.', ...waits } : undefined;
    }
    case 'UNKNOWN':
      return isPending ? { lastError: shortened(report.reason), ...waits } : undefined;
  }
}

function failed(reason: string) {
  return { state: 'FAILED', failure: shortened(reason), lastError: null, nextCheckAt: null } as const;
}

const reasonLengthMax = 500;

function shortened(reason: string): string {
  return storable(reason, reasonLengthMax) || 'No reason was given.';
}
