import { uuidv7, AppError, type UserViewer } from '../../src/kernel/index.js';
import type { TransitionName } from '../../src/modules/errands/index.js';
import type { ActionMarket } from './action-stages.js';
import { proof } from './stories.js';

const reason = 'We do not agree at all.';

/** What can be called about an errand: its newest offer, or the one that waits, for the customer and for its runner, and its newest dispute and decision. */
interface Ids {
  readonly errand: string;
  readonly offer: string;
  readonly countered: string;
  readonly dispute: string;
  readonly decision: string;
  /** The first that is not paid; 1 when there is none. */
  readonly milestone: number;
}

/** Every mutation that fires a transition, as the service behind it, with input in which nothing is wrong. */
export const calls: Readonly<Record<string, (market: ActionMarket, viewer: UserViewer, ids: Ids) => Promise<unknown>>> =
  {
    publishErrand: ({ errands }, viewer, { errand }) => errands.publish(viewer, errand),
    makeOffer: ({ offers }, viewer, { errand }) => offers.make(viewer, errand, { amountMinor: 5n }),
    acceptOffer: ({ escrows }, viewer, { offer }) => escrows.acceptOffer(viewer, offer),
    counterOffer: ({ offers }, viewer, { offer }) =>
      offers.counter(viewer, { offerId: offer, input: { amountMinor: 5n } }),
    answerCounter: ({ offers }, viewer, { countered }) =>
      offers.answer(viewer, { offerId: countered, input: { amountMinor: 5n } }),
    acceptCounter: ({ escrows }, viewer, { countered }) => escrows.acceptCounter(viewer, countered),
    fundEscrow: ({ escrows }, viewer, { errand }) => escrows.fund(viewer, errand),
    startErrand: ({ errands, codes }, viewer, { errand }) =>
      errands.start(viewer, errand, null, codes.get(`${errand} PICKUP`) ?? '000000'),
    submitProof: ({ errands }, viewer, { errand }) => errands.submitProof(viewer, errand, [proof]),
    confirmDelivery: ({ escrows }, viewer, { errand }) => escrows.confirm(viewer, errand),
    cancelErrand: ({ escrows }, viewer, { errand }) => escrows.cancel(viewer, errand),
    dropErrand: ({ escrows }, viewer, { errand }) => escrows.drop(viewer, errand),
    openDispute: ({ disputes }, viewer, { errand }) => disputes.open(viewer, errand, { reason, claimMinor: 1n }),
    respondToDispute: ({ disputes }, viewer, { dispute }) => disputes.respond(viewer, dispute, { statement: 'No.' }),
    addEvidence: ({ disputes }, viewer, { dispute }) =>
      disputes.addEvidence(viewer, dispute, [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }]),
    withdrawDispute: ({ disputes }, viewer, { dispute }) => disputes.withdraw(viewer, dispute),
    proposeResolution: ({ disputes }, viewer, { dispute }) =>
      disputes.propose(viewer, dispute, { outcome: 'REFUND', reason }),
    approveResolution: ({ disputes }, viewer, { dispute, decision }) => disputes.approve(viewer, dispute, decision),
    agreeMilestones: ({ escrows }, viewer, { errand }) => escrows.agreeMilestones(viewer, errand, []),
    releaseMilestone: ({ escrows }, viewer, { errand, milestone }) =>
      escrows.releaseMilestone(viewer, errand, milestone),
    topUpEscrow: ({ escrows }, viewer, { errand }) => escrows.topUp(viewer, errand, { serviceMinor: 1n }),
    tipRunner: ({ escrows }, viewer, { errand }) => escrows.tip(viewer, errand, 1n),
    addReceipts: ({ escrows }, viewer, { errand }) =>
      escrows.addReceipts(viewer, errand, [{ amountMinor: 1n, sha256: 'cd'.repeat(32) }]),
    issueHandoverCode: ({ handovers }, viewer, { errand }) => handovers.issue(viewer, errand, 'DROPOFF'),
    confirmByCode: ({ escrows, codes }, viewer, { errand }) =>
      escrows.confirmByCode(viewer, errand, { code: codes.get(`${errand} DROPOFF`) ?? '000000' }),
    appealDispute: ({ disputes }, viewer, { dispute }) => disputes.appeal(viewer, dispute, reason),
  };

/** One booking as the ledger has it. */
export interface BookedPosting {
  readonly debit: string;
  readonly credit: string;
  readonly amount: bigint;
}

export interface Attempt {
  /** What it was refused with. */
  readonly refusal: { readonly code: string; readonly message: string } | undefined;
  /** The first transition that it recorded. */
  readonly transition: TransitionName | undefined;
  /** What it booked, in order. */
  readonly booked: readonly BookedPosting[];
}

export async function idsOf({ db }: ActionMarket, errand: string): Promise<Ids> {
  const [waiting] = await db.read.offer.findMany({
    where: { errandId: errand },
    orderBy: [{ state: 'asc' }, { expiresAt: 'desc' }],
  });
  const countered = await db.read.offer.findFirst({ where: { errandId: errand, state: 'COUNTERED' } });
  const dispute = await db.read.dispute.findFirst({ where: { errandId: errand }, orderBy: { createdAt: 'desc' } });
  const decisions = await db.read.disputeDecision.findMany({
    where: { dispute: { errandId: errand } },
    orderBy: { seq: 'desc' },
  });
  const step = await db.read.milestone.findFirst({
    where: { escrow: { errandId: errand }, state: 'AGREED' },
    orderBy: { seq: 'asc' },
  });
  const none = uuidv7();
  return {
    errand,
    offer: waiting?.id ?? none,
    countered: countered?.id ?? none,
    dispute: dispute?.id ?? none,
    decision: decisions[0]?.id ?? none,
    milestone: step?.seq ?? 1,
  };
}

/** What was there before somebody acted. */
export interface Baseline {
  readonly events: number;
  readonly journals: readonly string[];
}

export async function baselineOf({ db }: ActionMarket, errandId: string): Promise<Baseline> {
  const journals = await db.read.journal.findMany({ where: { businessRef: `errand:${errandId}` } });
  return { events: await db.read.processEvent.count({ where: { errandId } }), journals: journals.map(({ id }) => id) };
}

class Undo extends Error {}

/** Does `work` about an errand and looks at what it did; with `undo`, nothing of it stays. */
export async function attempt(
  { db }: ActionMarket,
  errandId: string,
  { events, journals }: Baseline,
  work: () => Promise<unknown>,
  { undo }: { readonly undo: boolean },
): Promise<Attempt> {
  let done: Attempt = { refusal: undefined, transition: undefined, booked: [] };
  try {
    await db.write(async (tx) => {
      await work();
      const event = await tx.processEvent.findFirst({ where: { errandId, seq: events + 1 } });
      const booked = await tx.journal.findMany({
        where: { businessRef: `errand:${errandId}`, id: { notIn: [...journals] } },
        orderBy: { seq: 'asc' },
        include: { lines: { orderBy: { seq: 'asc' }, include: { account: true } } },
      });
      const lines = booked.flatMap((journal) => journal.lines);
      done = { ...done, transition: event?.transition as TransitionName, booked: pairsOf(lines) };
      if (undo) throw new Undo();
    });
  } catch (error) {
    if (error instanceof AppError) return { ...done, refusal: { code: error.code, message: error.message } };
    if (!(error instanceof Undo)) throw error;
  }
  return done;
}

interface Line {
  readonly side: string;
  readonly amount: bigint;
  readonly account: { readonly code: string };
}

/** A posting is booked as two lines, the debit first. */
function pairsOf(lines: readonly Line[]): readonly BookedPosting[] {
  return lines.flatMap((debit, index) => {
    const credit = lines[index + 1];
    if (index % 2 === 1 || !credit) return [];
    if (debit.side !== 'DEBIT' || credit.side !== 'CREDIT' || debit.amount !== credit.amount)
      throw new Error('a journal is not made of pairs, the debit first');
    return [{ debit: debit.account.code, credit: credit.account.code, amount: debit.amount }];
  });
}
