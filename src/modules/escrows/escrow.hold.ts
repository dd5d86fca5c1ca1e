import { invariant } from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import {
  lockErrand,
  saveTransition,
  type Decision,
  type Errand,
  type Facts,
  type Settlement,
} from '../errands/index.js';
import { postJournal } from '../ledger/index.js';
import { lockEscrow, saveEscrow, type HeldEscrow } from './escrow.repo.js';
import { journalOf, moneyFactsOf, settledPatch, type Escrow } from './escrow.js';

/** An errand and its money, both locked. */
export interface Held {
  readonly errand: Errand;
  /** Undefined before an offer is accepted. */
  readonly money: HeldEscrow | undefined;
}

/** Who gets an escrow's money. */
export type Settle = (money: HeldEscrow) => Settlement;

export interface EscrowChange {
  readonly escrow: Escrow;
  readonly errand: Errand;
}

/** @throws AppError NOT_FOUND when the tenant has no such errand */
export async function lockBoth(tx: Tx, tenantId: string, errandId: string): Promise<Held> {
  const errand = await lockErrand(tx, tenantId, errandId);
  return { errand, money: await lockEscrow(tx, errand) };
}

/**
 * As `held`, with how its runner stands. Whoever suspends them waits until the transaction ends, so that no money is held for
 * somebody who is suspended already.
 */
export async function holdRunner(tx: Tx, { errand, money }: Held): Promise<Held> {
  if (!money || errand.state !== 'AWAITING_FUNDING') return { errand, money };
  const [runner] = await tx.$queryRaw<{ isSuspended: boolean }[]>`
    SELECT status = 'SUSPENDED' AS "isSuspended" FROM app_user WHERE id = ${errand.runnerId}::uuid FOR SHARE`;
  return { errand, money: { ...money, isRunnerSuspended: runner?.isSuspended ?? false } };
}

export function factsOf({ errand, money }: Held, settle?: Settle): Facts {
  if (!money) return { errand };
  const { escrow, isRunnerSuspended = false } = money;
  return { errand, money: moneyFactsOf(escrow, settle && (() => settle(money))), isRunnerSuspended };
}

export function escrowOf({ errand, money }: Held): Escrow {
  invariant(money, `errand ${errand.id} is ${errand.state} without an escrow`);
  return money.escrow;
}

/** Books the decided postings and closes the escrow: it holds nothing afterwards. */
export async function settleEscrow(
  tx: Tx,
  held: Held,
  decision: Decision,
  settle: Settle,
  reason?: string,
): Promise<EscrowChange> {
  invariant(held.money, `errand ${held.errand.id} has money to settle and no escrow`);
  const { escrow } = held.money;
  const how = decision.to === 'COMPLETED' ? 'delivered' : 'calledOff';
  // Milestones may have paid out all there was.
  if (decision.postings.length > 0) await postJournal(tx, journalOf(held.errand, decision));
  return {
    escrow: await saveEscrow(tx, escrow, settledPatch(escrow, settle(held.money), how), decision.event.at),
    errand: await saveTransition(tx, held.errand, decision, {}, reason),
  };
}

/** Closes an escrow that never got its money, if there is one and it is not closed already, and saves the errand. */
export async function voidEscrow(
  tx: Tx,
  { errand, money }: Held,
  decision: Decision,
  patch: Partial<Errand>,
  reason?: string,
): Promise<{ readonly errand: Errand; readonly escrow: Escrow | null }> {
  return {
    escrow: money ? await voided(tx, money.escrow, decision.event.at) : null,
    errand: await saveTransition(tx, errand, decision, patch, reason),
  };
}

async function voided(tx: Tx, escrow: Escrow, now: Date): Promise<Escrow> {
  if (escrow.state === 'VOID') return escrow;
  await tx.milestone.deleteMany({ where: { escrowId: escrow.id } });
  return saveEscrow(tx, escrow, { state: 'VOID' }, now);
}
