import { AppError, requireUser, type FieldFault } from '../../kernel/index.js';
import { isUniqueViolation, type Db, type Prisma, type Tx } from '../../db/index.js';
import {
  actorOf,
  decide,
  parseProofs,
  refuse,
  saveTransition,
  useCode,
  type Errand,
  type GivenCode,
  type ProofInput,
} from '../errands/index.js';
import { postJournal } from '../ledger/index.js';
import { escrowOf, factsOf, lockBoth, settleEscrow, type EscrowChange, type Settle } from './escrow.hold.js';
import type { Hand } from './escrow.moves.js';
import { saveEscrow } from './escrow.repo.js';
import { journalOf, silentSettlement, type Escrow } from './escrow.js';

/** A piece of paper that says what was paid for goods. */
export interface ReceiptInput extends Omit<ProofInput, 'kind'> {
  /** Minor units, above 0; all receipts together up to the goods part. */
  readonly amountMinor: bigint;
}

/** Where the errand says so, the runner is paid from escrow at once; else when the delivery is settled. */
export async function addReceipts(
  hand: Hand,
  errandId: string,
  receipts: readonly ReceiptInput[],
  expectedVersion?: number | null,
): Promise<EscrowChange> {
  const { tx, viewer, clock } = hand;
  const user = requireUser(viewer);
  const held = await lockBoth(tx, user.tenantId, errandId);
  const now = clock.now();
  const amount = receipts.reduce((sum, { amountMinor }) => (amountMinor > 0n ? sum + amountMinor : sum), 0n);
  const [earlier, most] = [held.money?.escrow.goodsReceipted ?? 0n, held.money?.escrow.goods ?? 0n];
  const count = (await tx.proof.count({ where: { errandId, amount: { not: null } } })) + receipts.length;
  const facts = { ...factsOf(held), receipts: { amount, earlier, most, count }, expectedVersion };
  const decision = decide('addReceipts', facts, actorOf(viewer, held.errand), now);
  const escrow = escrowOf(held);
  await keepReceipts(tx, receiptRows(receipts, held.errand, user.userId, now));
  if (decision.postings.length > 0) await postJournal(tx, journalOf(held.errand, decision));
  return {
    escrow: await saveEscrow(tx, escrow, receiptsPatch(escrow, amount, held.errand), now),
    errand: await saveTransition(tx, held.errand, decision, { updatedAt: now }),
  };
}

/** What receipts write into the escrow. */
export function receiptsPatch(escrow: Escrow, amount: bigint, { goodsInAdvance }: Pick<Errand, 'goodsInAdvance'>) {
  const goodsReceipted = escrow.goodsReceipted + amount;
  if (!goodsInAdvance) return { goodsReceipted } satisfies Partial<Escrow>;
  return {
    goodsReceipted,
    state: 'PARTIALLY_RELEASED',
    released: escrow.released + amount,
    goodsAdvanced: escrow.goodsAdvanced + amount,
  } as const satisfies Partial<Escrow>;
}

export interface CodeGiven extends GivenCode {
  readonly expectedVersion?: number | null | undefined;
}

/** The recipient's word, told to the runner as a code: it settles the delivery as a confirmation that names no goods. */
export async function confirmByCode(
  hand: Hand & { readonly db: Pick<Db, 'writeApart'> },
  errandId: string,
  { code, takenAt, expectedVersion }: CodeGiven,
): Promise<EscrowChange> {
  const { tx, db, viewer, clock } = hand;
  const user = requireUser(viewer);
  const held = await lockBoth(tx, user.tenantId, errandId);
  const now = clock.now();
  const settle: Settle = ({ escrow, feePlan }) => silentSettlement(feePlan, escrow, held.errand);
  const facts = { ...factsOf(held, settle), hasCode: true, expectedVersion };
  const decision = decide('confirmByCode', facts, actorOf(viewer, held.errand), now);
  const used = await useCode(tx, db, held.errand, 'DROPOFF', { code, takenAt }, now, 'code');
  const sha256 = Buffer.from(used.hash).toString('hex');
  const proof = { kind: 'OTP', sha256, note: 'The drop-off code was given.', takenAt } as const;
  await tx.proof.createMany({ data: parseProofs([proof], held.errand, user.userId, now) });
  return settleEscrow(tx, held, decision, settle);
}

/** @throws AppError BAD_INPUT listing every fault */
function receiptRows(
  receipts: readonly ReceiptInput[],
  errand: Errand,
  byUserId: string,
  now: Date,
): Prisma.ProofCreateManyInput[] {
  const none = receipts.length === 0 ? [{ path: 'receipts', message: 'at least one is needed.' }] : [];
  const amounts = receipts.flatMap(({ amountMinor }, index): readonly FieldFault[] =>
    amountMinor > 0n
      ? []
      : [{ path: `receipts.${index}.amountMinor`, message: `must be above 0 minor units, got ${amountMinor}.` }],
  );
  refuse([...none, ...amounts]);
  const proofs = receipts.map((receipt) => ({ ...receipt, kind: 'RECEIPT' as const }));
  const rows = parseProofs(proofs, errand, byUserId, now, 'receipts');
  return rows.map((row, index) => ({ ...row, amount: receipts[index]?.amountMinor ?? null }));
}

async function keepReceipts(tx: Tx, rows: readonly Prisma.ProofCreateManyInput[]): Promise<void> {
  try {
    await tx.proof.createMany({ data: [...rows] });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError('ALREADY_EXISTS', 'One of these receipts was given already; each is counted once.', {
      cause: error,
    });
  }
}
