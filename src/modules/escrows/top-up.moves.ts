import { badInput, requireUser, type Currency, type FieldFault } from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import {
  actorOf,
  amountFault,
  decide,
  refuse,
  saveTransition,
  type Errand,
  type PartsAdded,
} from '../errands/index.js';
import { postJournal } from '../ledger/index.js';
import { escrowOf, factsOf, lockBoth, type EscrowChange } from './escrow.hold.js';
import type { Hand } from './escrow.moves.js';
import { saveEscrow } from './escrow.repo.js';
import { journalOf, type Escrow } from './escrow.js';

/** Minor units, one of them above 0. */
export interface EscrowTopUp {
  /** More for the runner's work. Default 0. */
  readonly serviceMinor?: bigint | null | undefined;
  /** More for purchases. Default 0. */
  readonly goodsMinor?: bigint | null | undefined;
}

/** What is added is settled with the rest of its part: milestones stay as they were agreed. */
export async function topUpEscrow(
  hand: Hand,
  errandId: string,
  input: EscrowTopUp,
  expectedVersion?: number | null,
): Promise<EscrowChange> {
  const { tx, viewer, clock } = hand;
  const held = await lockBoth(tx, requireUser(viewer).tenantId, errandId);
  const now = clock.now();
  const topUp = { service: input.serviceMinor ?? 0n, goods: input.goodsMinor ?? 0n };
  const facts = { ...factsOf(held), topUp: atLeastNothing(topUp), expectedVersion };
  const decision = decide('topUpEscrow', facts, actorOf(viewer, held.errand), now);
  const escrow = escrowOf(held);
  refuse(topUpFaults(topUp));
  await postJournal(tx, journalOf(held.errand, decision));
  return {
    escrow: await saveEscrow(tx, escrow, topUpPatch(escrow, topUp), now),
    errand: await saveTransition(tx, held.errand, decision),
  };
}

/** What more money writes into the escrow. */
export function topUpPatch({ gross, funded, goods }: Escrow, added: PartsAdded) {
  const total = added.service + added.goods;
  return {
    gross: gross + total,
    funded: funded + total,
    goods: goods + added.goods,
  } as const satisfies Partial<Escrow>;
}

/** @param amountMinor minor units, above 0; all tips together up to the service part */
export async function tipRunner(
  hand: Hand,
  errandId: string,
  amountMinor: bigint,
  expectedVersion?: number | null,
): Promise<EscrowChange> {
  const { tx, viewer, clock } = hand;
  const held = await lockBoth(tx, requireUser(viewer).tenantId, errandId);
  const now = clock.now();
  const { money, errand } = held;
  const completedAt = await completedAtOf(tx, errand);
  const most = money ? money.escrow.gross - money.escrow.goods : 0n;
  const amount = amountMinor > 0n ? amountMinor : 0n;
  const isRunnerGone = completedAt !== null && (await isClosed(tx, errand.runnerId));
  const tip = { amount, earlier: money?.escrow.tips ?? 0n, most, completedAt, isRunnerGone };
  const decision = decide('tipRunner', { ...factsOf(held), tip, expectedVersion }, actorOf(viewer, errand), now);
  const escrow = escrowOf(held);
  const fault = amountFault(
    'amountMinor',
    { minor: amountMinor, currency: escrow.currency },
    escrow.currency as Currency,
    1n,
  );
  if (fault) throw badInput('amountMinor', fault.message);
  await postJournal(tx, journalOf(errand, decision));
  return {
    escrow: await saveEscrow(tx, escrow, { tips: escrow.tips + amountMinor }, now),
    errand: await saveTransition(tx, errand, decision),
  };
}

/** Held until the transaction ends: who closes an account has seen the money, or nobody brings more. */
async function isClosed(tx: Tx, userId: string | null): Promise<boolean> {
  const [user] = await tx.$queryRaw<{ isClosed: boolean }[]>`
    SELECT status = 'CLOSED' AS "isClosed" FROM app_user WHERE id = ${userId}::uuid FOR SHARE`;
  return user?.isClosed ?? false;
}

/** When its last transition into COMPLETED was. */
async function completedAtOf(tx: Tx, { id: errandId, state }: Errand): Promise<Date | null> {
  if (state !== 'COMPLETED') return null;
  const where = { errandId, to: 'COMPLETED' as const, from: { not: 'COMPLETED' as const } };
  const done = await tx.processEvent.findFirst({ where, orderBy: { seq: 'desc' } });
  return done?.at ?? null;
}

/** A fault of the input is told after what the table says of the move, and never booked. */
function atLeastNothing({ service, goods }: PartsAdded): PartsAdded {
  return { service: service > 0n ? service : 0n, goods: goods > 0n ? goods : 0n };
}

function topUpFaults({ service, goods }: PartsAdded): readonly FieldFault[] {
  const negative = (path: string, minor: bigint): readonly FieldFault[] =>
    minor < 0n ? [{ path, message: `must be 0 or more minor units, got ${minor}.` }] : [];
  const nothing = { path: 'serviceMinor', message: 'or goodsMinor: one of them must be above 0.' };
  return [
    ...negative('serviceMinor', service),
    ...negative('goodsMinor', goods),
    ...(service === 0n && goods === 0n ? [nothing] : []),
  ];
}
