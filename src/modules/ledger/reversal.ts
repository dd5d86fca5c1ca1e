import {
  AppError,
  invariant,
  notFound,
  uuidOf,
  type Clock,
  type Currency,
  type UserViewer,
} from '../../kernel/index.js';
import type { Journal, JournalLine, LedgerAccount, Reader, Tx } from '../../db/index.js';
import type { AccountOwner, AccountRef } from './account.js';
import { postJournal } from './journal.js';
import type { Posting } from './ledger.js';

/** A journal as it is booked, with its lines in order and their accounts. */
export interface BookedJournal extends Readonly<Journal> {
  readonly lines: readonly (Readonly<JournalLine> & { readonly account: Readonly<LedgerAccount> })[];
}

/** @throws AppError NOT_FOUND */
export async function journalById(
  reader: Pick<Reader, 'journal'>,
  tenantId: string,
  id: string,
): Promise<BookedJournal> {
  const lines = { include: { account: true }, orderBy: { seq: 'asc' } } as const;
  const journal = await reader.journal.findFirst({ where: { tenantId, id }, include: { lines } });
  if (!journal) throw notFound('journal', id);
  return journal;
}

/**
 * Books the mirror of a journal. Its id is a function of the other's, so a journal is taken back once.
 * @throws AppError ALREADY_EXISTS when it was, ILLEGAL_TRANSITION when it is no journal to take back by hand,
 * INSUFFICIENT_FUNDS when somebody has spent what would be taken back
 */
export async function reverseJournal(
  tx: Tx,
  { tenantId, userId }: UserViewer,
  { journalId, reason }: { readonly journalId: string; readonly reason: string },
  clock: Clock,
): Promise<BookedJournal> {
  const journal = await journalById(tx, tenantId, journalId);
  assertReversible(journal);
  const id = uuidOf(`journal:reversal:${journal.id}`);
  const now = clock.now();
  await postJournal(tx, {
    id,
    tenantId,
    kind: 'ledger.reversal',
    businessRef: journal.businessRef,
    currency: journal.lines[0]!.currency as Currency,
    effectiveAt: now,
    recordedAt: now,
    actorId: userId,
    reason,
    reversesId: journal.id,
    postings: mirrorOf(journal),
  });
  return journalById(tx, tenantId, id);
}

/**
 * What an escrow or a payout holds is moved by its own transitions only, because its state tells the same story as its
 * accounts. A reversal is not taken back either: what it took back is booked again.
 */
function assertReversible({ id, reversesId, businessRef, lines }: BookedJournal): void {
  if (reversesId !== null) {
    throw new AppError('ILLEGAL_TRANSITION', `Journal ${id} is a reversal itself; book anew what it took back.`);
  }
  if (businessRef.startsWith('payout:')) {
    const message = `Journal ${id} is a step of a ${businessRef.replace(':', ' ')}, which moves by its own transitions and is not reversed by hand.`;
    throw new AppError('ILLEGAL_TRANSITION', message);
  }
  const held = lines.find(({ account }) => account.ownerType !== null && account.ownerType !== 'user');
  if (held) {
    const { ownerType, code } = held.account;
    throw new AppError(
      'ILLEGAL_TRANSITION',
      `Journal ${id} moves ${code}: the money of an ${ownerType} moves by its own transitions and is not reversed by hand.`,
    );
  }
}

/** Last posting first, so that no account is lower in between than it was when they were booked. */
function mirrorOf({ id, lines }: BookedJournal): readonly Posting[] {
  const postings: Posting[] = [];
  for (let index = 0; index < lines.length; index += 2) {
    const [debit, credit] = [lines[index]!, lines[index + 1]];
    invariant(
      credit && debit.side === 'DEBIT' && credit.side === 'CREDIT' && debit.amount === credit.amount,
      `the lines of journal ${id} are not pairs of a debit and a credit`,
    );
    postings.unshift({ debit: refOf(credit.account), credit: refOf(debit.account), amount: debit.amount });
  }
  return postings;
}

function refOf({ code, type, floored, ownerType, ownerId }: LedgerAccount): AccountRef {
  const owner = ownerType && ownerId ? { type: ownerType as AccountOwner, id: ownerId } : undefined;
  return { code, type, floored, owner };
}
