import { AppError, invariant, storable } from '../../kernel/index.js';
import { changesSoFar, noteAgain, type Prisma, type Tx } from '../../db/index.js';
import { decide, systemActor, type Decision } from '../errands/index.js';
import { factsOf, fundHeld, holdRunner, lockBoth, takeBackWhole, type Held } from '../escrows/index.js';
import { postJournal } from '../ledger/index.js';
import type { ChargeReport } from '../providers/index.js';
import { nextCheckAt, nextLookAtFailed, type Charge } from './charge.js';
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

/** The money came, whatever became of it since. */
type Arrived = Extract<ChargeReport, { readonly kind: 'SUCCEEDED' | 'REVERSED' }>;

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
  if (told.kind === 'SUCCEEDED' || told.kind === 'REVERSED')
    return { charge: await land(tx, charge, held, told, terms.now), booked: true };
  const data = { ...patchOf(charge, seen, told, terms), updatedAt: terms.now };
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
  if (report.kind !== 'SUCCEEDED' && report.kind !== 'REVERSED') return report;
  const { amount, fee } = report;
  const isFeeOdd = fee.minor < 0n || (fee.minor > 0n && fee.currency !== amount.currency);
  if (amount.minor > 0n && !isFeeOdd) return report;
  const told = `${amount.minor} ${amount.currency} with a fee of ${fee.minor} ${fee.currency}`;
  return { kind: 'UNKNOWN', reason: `The provider tells of ${told}.` };
}

async function land(tx: Tx, charge: Charge, held: Held | undefined, told: Arrived, now: Date): Promise<Charge> {
  const { amount, fee } = told;
  const isGone = told.kind === 'REVERSED';
  const funding = held && !isGone ? await fundingOf(tx, charge, held, now) : undefined;
  const landing = landingOf(charge, amount, funding !== undefined, isGone);
  await postJournal(tx, receiptJournal(charge, landing, amount, fee.minor, now));
  if (held && funding && landing.landed === 'ERRAND') await fundHeld(tx, held, funding);
  const received = { received: amount.minor, receivedCurrency: amount.currency, fee: fee.minor };
  const changes = JSON.parse(await changesSoFar(tx)) as Prisma.InputJsonValue;
  const isOver = { state: 'SUCCEEDED', nextCheckAt: null, lastError: null, failure: null, updatedAt: now } as const;
  const data = { ...isOver, ...received, ...landing, changes };
  const landed = await tx.charge.update({ where: { id: charge.id }, data });
  // In the transaction that booked it: nobody spends what the provider has given back already.
  if (isGone) await takeBackWhole(tx, landed, shortened(told.reason), now);
  return landed;
}

/** Undefined when the errand does not wait for this money any more: another state, another offer or amount, or a runner who is suspended. */
async function fundingOf(tx: Tx, charge: Charge, held: Held, now: Date): Promise<Decision | undefined> {
  if (held.errand.acceptedOfferId !== charge.offerId || held.money?.escrow.gross !== charge.amount) return undefined;
  try {
    return decide('fundFromCharge', factsOf(await holdRunner(tx, held)), systemActor, now);
  } catch (error) {
    if (error instanceof AppError && error.code === 'ILLEGAL_TRANSITION') return undefined;
    throw error;
  }
}

/** What changes of a charge that has not come in. What has failed stays so until the provider says otherwise. */
function patchOf(
  charge: Charge,
  seen: Charge,
  report: Exclude<ChargeReport, Arrived>,
  { now, notFoundHorizonMs }: SavingTerms,
): Prisma.ChargeUncheckedUpdateInput {
  const checks = charge.checks + 1;
  const isPending = charge.state === 'PENDING';
  const again = isPending ? nextCheckAt(checks, now) : nextLookAtFailed(charge, checks, now);
  const waits = { checks, nextCheckAt: again };
  // An answer from before the provider was asked to charge once more says nothing of that.
  const mayFail = isPending && charge.asks === seen.asks;
  const failed = (reason: string) => {
    const isOver = { state: 'FAILED', failure: shortened(reason), lastError: null } as const;
    return { ...isOver, checks, nextCheckAt: nextLookAtFailed(charge, checks, now) };
  };
  switch (report.kind) {
    case 'PENDING': {
      const checkoutUrl = report.checkoutUrl ?? charge.checkoutUrl;
      const open = { state: 'PENDING', failure: null, lastError: null, checkoutUrl } as const;
      return { ...open, checks, nextCheckAt: nextCheckAt(checks, now) };
    }
    case 'FAILED':
      return mayFail ? failed(report.reason) : waits;
    case 'NOT_FOUND': {
      const isFinal = now.getTime() - charge.askedAt.getTime() > notFoundHorizonMs;
      if (mayFail && isFinal) return failed('The provider has no such payment.');
      return isPending ? { lastError: 'The provider does not know it yet.', ...waits } : waits;
    }
    case 'UNKNOWN':
      return isPending ? { lastError: shortened(report.reason), ...waits } : waits;
  }
}

const reasonLengthMax = 500;

function shortened(reason: string): string {
  return storable(reason, reasonLengthMax) || 'No reason was given.';
}
