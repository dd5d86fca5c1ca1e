import { formatMoney, invariant, requireUser, uuidv7, type Currency, type FieldFault } from '../../kernel/index.js';
import type { Milestone as MilestoneRow, MilestoneState, Tx } from '../../db/index.js';
import { actorOf, assertMove, decide, refuse, saveTransition, textFaults } from '../errands/index.js';
import { postJournal } from '../ledger/index.js';
import { escrowOf, factsOf, lockBoth, type EscrowChange, type Held } from './escrow.hold.js';
import type { Hand } from './escrow.moves.js';
import { saveEscrow, type HeldEscrow } from './escrow.repo.js';
import { journalOf, partsOf, type Escrow } from './escrow.js';
import { milestoneShare } from './fees.js';
import { milestoneTransitions } from './milestone.transitions.js';

export type Milestone = Readonly<MilestoneRow>;

export const milestoneStates = ['AGREED', 'RELEASED'] as const satisfies readonly MilestoneState[];

export interface NewMilestone {
  /** 1 to 120 characters, trimmed. */
  readonly title: string;
  /** Minor units, above 0. */
  readonly amountMinor: bigint;
}

const milestonesMax = 20;
const titleLengthMax = 120;

/**
 * The steps in which the service part is paid, in place of those agreed before; an empty list means in one go. Only before
 * the runner starts: an offer is taken with its steps, and nothing has been released by then.
 */
export async function agreeMilestones(
  hand: Hand,
  errandId: string,
  milestones: readonly NewMilestone[],
  expectedVersion?: number | null,
): Promise<EscrowChange> {
  const { tx, viewer, clock } = hand;
  const held = await lockBoth(tx, requireUser(viewer).tenantId, errandId);
  const now = clock.now();
  const decision = decide('agreeMilestones', { ...factsOf(held), expectedVersion }, actorOf(viewer, held.errand), now);
  const escrow = escrowOf(held);
  refuse(milestonesFaults(milestones, partsOf(escrow).service, escrow.currency as Currency));
  await tx.milestone.deleteMany({ where: { escrowId: escrow.id } });
  await tx.milestone.createMany({ data: milestones.map((one, index) => agreedRow(escrow, one, index + 1, now)) });
  return {
    escrow: await saveEscrow(tx, escrow, {}, now),
    errand: await saveTransition(tx, held.errand, decision, { updatedAt: now }),
  };
}

export async function releaseMilestone(
  hand: Hand,
  errandId: string,
  seq: number,
  expectedVersion?: number | null,
): Promise<EscrowChange> {
  const { tx, viewer, clock } = hand;
  const held = await lockBoth(tx, requireUser(viewer).tenantId, errandId);
  const now = clock.now();
  const milestone = await findMilestone(tx, held, seq);
  const facts = { ...factsOf(held), expectedVersion, ...(milestone && { milestone: milestoneFacts(held, milestone) }) };
  const decision = decide('releaseMilestone', facts, actorOf(viewer, held.errand), now);
  const escrow = escrowOf(held);
  invariant(milestone && facts.milestone, `milestone ${seq} of escrow ${escrow.id} is released and there is none`);
  await postJournal(tx, journalOf(held.errand, decision));
  const { commission, vat } = facts.milestone.share;
  assertMove(milestoneTransitions, `milestone ${milestone.id}`, milestone.state, 'RELEASED');
  const released = { state: 'RELEASED', commission, vat, releasedAt: now } as const;
  await tx.milestone.update({ where: { id: milestone.id }, data: released });
  return {
    escrow: await saveEscrow(tx, escrow, milestonePatch(escrow, milestone.amount, { commission, vat }), now),
    errand: await saveTransition(tx, held.errand, decision, {}, `milestone ${seq}`),
  };
}

/** What a step that is paid writes into the escrow. */
export function milestonePatch(
  escrow: Escrow,
  amount: bigint,
  { commission, vat }: { readonly commission: bigint; readonly vat: bigint },
) {
  return {
    state: 'PARTIALLY_RELEASED',
    released: escrow.released + amount,
    serviceReleased: escrow.serviceReleased + amount,
    commissionReleased: escrow.commissionReleased + commission,
    vatReleased: escrow.vatReleased + vat,
  } as const satisfies Partial<Escrow>;
}

function milestonesFaults(
  milestones: readonly NewMilestone[],
  service: bigint,
  currency: Currency,
): readonly FieldFault[] {
  if (milestones.length === 0) return [];
  const path = 'milestones';
  if (milestones.length > milestonesMax)
    return [{ path, message: `takes up to ${milestonesMax}, got ${milestones.length}.` }];
  const faults = milestones.flatMap(({ title, amountMinor }, index) => {
    const at = `${path}.${index}`;
    const empty = title.trim() === '' ? [{ path: `${at}.title`, message: 'takes 1 to 120 characters, got 0.' }] : [];
    const amount =
      amountMinor > 0n ? [] : [{ path: `${at}.amountMinor`, message: `must be above 0, got ${amountMinor}.` }];
    return [...empty, ...textFaults(`${at}.title`, title, titleLengthMax), ...amount];
  });
  const total = milestones.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  if (total === service) return faults;
  const [is, must] = [total, service].map((minor) => `${minor} (${formatMoney({ minor, currency })})`);
  return [...faults, { path, message: `must sum to ${must}, the service part of the escrow, got ${is}.` }];
}

function agreedRow(
  { id: escrowId, tenantId }: Escrow,
  { title, amountMinor }: NewMilestone,
  seq: number,
  now: Date,
): Milestone {
  const pending = { state: 'AGREED', commission: null, vat: null, releasedAt: null } as const;
  const id = uuidv7(now.getTime());
  return { id, tenantId, escrowId, seq, title: title.trim(), amount: amountMinor, ...pending, createdAt: now };
}

async function findMilestone(tx: Tx, { money }: Held, seq: number): Promise<Milestone | null> {
  if (!money || !Number.isSafeInteger(seq) || seq < 1 || seq > milestonesMax) return null;
  return tx.milestone.findUnique({ where: { escrowId_seq: { escrowId: money.escrow.id, seq } } });
}

function milestoneFacts({ money }: { readonly money: HeldEscrow | undefined }, { seq, amount, state }: Milestone) {
  const isReleased = state === 'RELEASED';
  const none = { runner: 0n, commission: 0n, vat: 0n };
  const share = isReleased || !money ? none : milestoneShare(money.feePlan, partsOf(money.escrow), amount);
  return { seq, isReleased, share };
}
