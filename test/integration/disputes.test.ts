import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UserViewer } from '../../src/kernel/index.js';
import { createDisputeService, type Dispute, type EvidenceInput } from '../../src/modules/disputes/index.js';
import { accounts } from '../../src/modules/ledger/index.js';
import { hourMs, proof, startMarket, type StoryErrand, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let arbiter: UserViewer;
let secondArbiter: UserViewer;
beforeEach(async () => {
  market = await startMarket();
  arbiter = await market.addPerson(market.tenantId, 'ARBITER');
  secondArbiter = await market.addPerson(market.tenantId, 'ADMIN');
});
afterEach(async () => {
  await market.assertSound();
  await market.close();
});

const reason = 'The parcel arrived broken.';
const because = 'The photos show it.';
const goods = { goodsBudget: { minor: 200_000n, currency: 'NGN' } };
const walletOf = async (viewer: UserViewer): Promise<bigint> => (await market.wallets.wallet(viewer)).minor;
const houseHolds = async (): Promise<readonly bigint[]> =>
  Promise.all([accounts.commission(), accounts.vat()].map((one) => market.ledger.balance(market.tenantId, 'NGN', one)));
const evidence = (text: string): EvidenceInput => ({
  kind: 'PHOTO',
  sha256: createHash('sha256').update(text).digest('hex'),
  note: text,
});

/** A delivered errand that its customer disputes. */
async function disputed(claimMinor = 300_000n, story?: StoryErrand): Promise<StoryErrand & { dispute: Dispute }> {
  const told = story ?? (await market.tell.delivered({}, 800_000n));
  return { ...told, ...(await market.disputes.open(market.customer, told.errand.id, { reason, claimMinor })) };
}

async function underReview(story?: StoryErrand): Promise<StoryErrand & { dispute: Dispute }> {
  const told = await disputed(300_000n, story);
  return { ...told, ...(await market.disputes.respond(market.runner, told.dispute.id, { statement: 'It was not.' })) };
}

/** What parties and house gained by `work`: customer, runner, commission, VAT. */
async function gained(work: () => Promise<unknown>): Promise<readonly bigint[]> {
  const { customer, runner } = market;
  const look = async () => [await walletOf(customer), await walletOf(runner), ...(await houseHolds())];
  const before = await look();
  await work();
  return (await look()).map((after, index) => after - before[index]!);
}

const nothing = [0n, 0n, 0n, 0n];
const fireAfter = async (ms: number) => {
  market.clock.forward(ms);
  return market.timers.fireDue();
};
const escrowOf = (id: string) => market.escrows.get(market.customer, id);

describe('opening a dispute', () => {
  it('freezes the escrow and stops errand and automatic release in one transaction', async () => {
    const { customer, escrows, timers, clock, db } = market;
    const { dispute, errand, escrow } = await disputed();
    expect(errand.state).toBe('DISPUTED');
    expect(dispute).toMatchObject({ state: 'AWAITING_RESPONSE', openedFrom: 'DELIVERED', claimAmount: 300_000n });
    expect(dispute.respondBy.getTime() - clock.now().getTime()).toBe(48 * hourMs);
    expect(await escrowOf(escrow.id)).toMatchObject({ frozenByDispute: dispute.id, state: 'FUNDED', released: 0n });
    await expect(escrows.confirm(customer, errand.id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    const events = await db.read.processEvent.findMany({ where: { errandId: errand.id }, orderBy: { seq: 'asc' } });
    expect(events.at(-1)).toMatchObject({ transition: 'openDispute', from: 'DELIVERED', to: 'DISPUTED' });
    expect(await gained(() => timers.fireDue())).toEqual(nothing);
  });

  it('is the way out for a customer whose runner vanished on the way: silence brings the whole claim back', async () => {
    const { tell } = market;
    const { errand, escrow, dispute } = await disputed(450_000n, await tell.started());
    expect(dispute.openedFrom).toBe('IN_PROGRESS');
    expect(await gained(() => fireAfter(48 * hourMs))).toEqual(nothing);
    expect(await gained(() => fireAfter(48 * hourMs))).toEqual([450_000n, 0n, 0n, 0n]);
    expect((await market.errands.get(market.customer, errand.id)).state).toBe('CANCELLED');
    expect(await escrowOf(escrow.id)).toMatchObject({ state: 'REFUNDED', frozenByDispute: null });
  });

  it('is refused to a delivery whose time to look at it is over, however late the timer that releases it', async () => {
    const { customer, disputes, tell, clock } = market;
    const { errand } = await tell.delivered();
    clock.forward(72 * hourMs);
    const late = disputes.open(customer, errand.id, { reason, claimMinor: 1n });
    await expect(late).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION', message: /autoReleaseAt, has passed/ });
  });

  it('says every fault of its input, and takes a claim of exactly what is held', async () => {
    const { customer, disputes, tell } = market;
    const { errand } = await tell.delivered({}, 800_000n);
    const bad = { reason: ' short ', claimMinor: 800_001n, evidence: [{ ...evidence('a'), sha256: 'xyz' }] };
    await expect(disputes.open(customer, errand.id, bad)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      fields: [{ path: 'input.reason' }, { path: 'input.claimMinor' }, { path: 'input.evidence.0.sha256' }],
    });
    expect((await disputes.open(customer, errand.id, { reason, claimMinor: 800_000n })).errand.state).toBe('DISPUTED');
  });

  it('is possible three times a party and escrow, no more', async () => {
    const { customer, runner, disputes, tell } = market;
    const { errand } = await tell.delivered();
    const open = (who: UserViewer) => disputes.open(who, errand.id, { reason, claimMinor: 1n });
    for (let nth = 0; nth < 3; nth += 1) await disputes.withdraw(customer, (await open(customer)).dispute.id);
    await expect(open(customer)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect((await open(runner)).errand.state).toBe('DISPUTED');
  });
});

describe('withdrawing', () => {
  it('lifts the freeze and gives the customer the rest of the time to look at the proof', async () => {
    const { customer, disputes, tell, clock } = market;
    const story = await tell.delivered({}, 800_000n);
    clock.forward(10 * hourMs);
    const { dispute, escrow, errand } = await disputed(1n, story);
    clock.forward(40 * hourMs);
    const after = await disputes.withdraw(customer, dispute.id);
    expect(after.errand).toMatchObject({ state: 'DELIVERED', version: errand.version + 1 });
    expect(after.errand.autoReleaseAt!.getTime() - clock.now().getTime()).toBe(62 * hourMs);
    expect(after.dispute).toMatchObject({ state: 'WITHDRAWN', dueAt: null });
    expect((await escrowOf(escrow.id)).frozenByDispute).toBeNull();
    expect(await gained(() => market.escrows.confirm(customer, errand.id))).toEqual([0n, 692_500n, 100_000n, 7_500n]);
  });

  it('leads back onto the way when it was opened there, and is nobody else’s to do', async () => {
    const { runner, disputes, tell } = market;
    const { dispute } = await disputed(1n, await tell.started());
    await expect(disputes.withdraw(runner, dispute.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const { errand } = await disputes.withdraw(market.customer, dispute.id);
    expect(errand.state).toBe('IN_PROGRESS');
    expect((await market.errands.submitProof(runner, errand.id, [proof])).state).toBe('DELIVERED');
  });

  it('is over once something is decided', async () => {
    const { disputes, customer } = market;
    const { dispute } = await underReview();
    await disputes.propose(arbiter, dispute.id, { outcome: 'RELEASE', reason: because });
    await expect(disputes.withdraw(customer, dispute.id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });
});

describe('a decision', () => {
  const cases = [
    { outcome: 'RELEASE', customerAmountMinor: undefined, ends: 'RELEASED', parts: [0n, 692_500n, 100_000n, 7_500n] },
    { outcome: 'REFUND', customerAmountMinor: undefined, ends: 'REFUNDED', parts: [800_000n, 0n, 0n, 0n] },
    { outcome: 'SPLIT', customerAmountMinor: 200_000n, ends: 'SPLIT', parts: [200_000n, 519_375n, 75_000n, 5_625n] },
  ] as const;

  it.each(cases)(
    'of $outcome moves nothing until it can no longer be appealed, then everything, once',
    async ({ outcome, customerAmountMinor, ends, parts }) => {
      const { disputes } = market;
      const { dispute, errand, escrow } = await underReview();
      const decide = () => disputes.propose(arbiter, dispute.id, { outcome, customerAmountMinor, reason: because });
      expect(await gained(decide)).toEqual(nothing);
      expect(await disputes.get(arbiter, dispute.id)).toMatchObject({ state: 'RESOLVED' });
      expect(await gained(() => fireAfter(48 * hourMs - 1))).toEqual(nothing);
      expect((await escrowOf(escrow.id)).frozenByDispute).toBe(dispute.id);
      expect(await gained(() => fireAfter(1))).toEqual(parts);
      expect(await gained(() => fireAfter(1000 * hourMs))).toEqual(nothing);
      expect(await escrowOf(escrow.id)).toMatchObject({ state: ends, frozenByDispute: null, refunded: parts[0] });
      expect(await disputes.get(arbiter, dispute.id)).toMatchObject({ state: 'FINAL', dueAt: null });
      const after = await market.errands.get(arbiter, errand.id);
      expect(after.state).toBe(outcome === 'REFUND' ? 'CANCELLED' : 'COMPLETED');
    },
  );

  it('splits service and goods in proportion, takes fees of the service only, and sums exactly', async () => {
    const { disputes, tell } = market;
    const { dispute } = await underReview(await tell.delivered(goods, 450_000n));
    const split = { outcome: 'SPLIT', customerAmountMinor: 130_000n, reason: because } as const;
    await disputes.propose(arbiter, dispute.id, split);
    // 520,000 of 650,000 is left: 360,000 service and 160,000 goods; 12.5 % of the service is 45,000, VAT 3,375.
    expect(await gained(() => fireAfter(48 * hourMs))).toEqual([130_000n, 471_625n, 45_000n, 3_375n]);
  });

  it.each([
    { outcome: 'SPLIT', customerAmountMinor: 0n },
    { outcome: 'SPLIT', customerAmountMinor: 800_000n },
    { outcome: 'SPLIT', customerAmountMinor: undefined },
    { outcome: 'REFUND', customerAmountMinor: 5n },
    { outcome: 'SHRUG' as 'SPLIT', customerAmountMinor: 5n },
  ] as const)('of $outcome with $customerAmountMinor is refused', async (input) => {
    const { dispute } = await underReview();
    const proposed = market.disputes.propose(arbiter, dispute.id, { ...input, reason: because });
    await expect(proposed).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await market.disputes.withdraw(market.customer, dispute.id);
  });

  it('is never made by a party, whatever roles it has, nor by support', async () => {
    const { tenantId, addPerson, disputes, errands, offers, escrows, wallets, runner, staff } = market;
    const judge = await addPerson(tenantId, 'CUSTOMER', 'ARBITER', 'ADMIN');
    const errand = await errands.post(judge, { ...newErrandOf(), publish: true });
    const { offer } = await offers.make(runner, errand.id, { amountMinor: 100_000n });
    await escrows.acceptOffer(judge, offer.id);
    await wallets.topUp(judge, { amountMinor: 100_000n, currency: 'NGN' });
    await escrows.fund(judge, errand.id);
    await errands.start(runner, errand.id);
    const { dispute } = await disputes.open(judge, errand.id, { reason, claimMinor: 100_000n });
    await disputes.respond(runner, dispute.id, { statement: 'No.' });
    for (const who of [judge, staff, runner]) {
      const own = disputes.propose(who, dispute.id, { outcome: 'REFUND', reason: because });
      await expect(own).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    await disputes.propose(arbiter, dispute.id, { outcome: 'RELEASE', reason: because });
  });

  it('about more than the limit takes two: nobody approves their own, nor what was replaced meanwhile', async () => {
    const { db, clock, disputes } = market;
    const careful = createDisputeService({ db, clock, fourEyesAbove: 799_999n });
    const { dispute } = await underReview();
    const propose = (who: UserViewer) => careful.propose(who, dispute.id, { outcome: 'REFUND', reason: because });
    const pending = async () => (await disputes.decisionsFor(market.tenantId, [dispute.id])).at(-1)!.id;
    expect((await propose(arbiter)).dispute.state).toBe('UNDER_REVIEW');
    const first = await pending();
    await expect(careful.approve(arbiter, dispute.id, first)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await propose(arbiter)).dispute.state).toBe('UNDER_REVIEW');
    await expect(careful.approve(secondArbiter, dispute.id, first)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect((await careful.approve(secondArbiter, dispute.id, await pending())).dispute.state).toBe('RESOLVED');
    expect(await gained(() => fireAfter(48 * hourMs))).toEqual([800_000n, 0n, 0n, 0n]);
  });

  it('about exactly the limit takes one', async () => {
    const careful = createDisputeService({ db: market.db, clock: market.clock, fourEyesAbove: 800_000n });
    const { dispute } = await underReview();
    const { dispute: after } = await careful.propose(arbiter, dispute.id, { outcome: 'REFUND', reason: because });
    expect(after.state).toBe('RESOLVED');
  });
});

describe('an appeal', () => {
  async function appealed() {
    const { dispute, ...story } = await underReview();
    await market.disputes.propose(arbiter, dispute.id, { outcome: 'REFUND', reason: because });
    return { ...story, ...(await market.disputes.appeal(market.runner, dispute.id, 'Look again.')) };
  }

  it('is decided by somebody else, at once and for good', async () => {
    const { disputes, customer } = market;
    const { dispute } = await appealed();
    const decide = (who: UserViewer) => disputes.propose(who, dispute.id, { outcome: 'RELEASE', reason: because });
    await expect(decide(arbiter)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await gained(() => decide(secondArbiter))).toEqual([0n, 692_500n, 100_000n, 7_500n]);
    expect(await disputes.get(customer, dispute.id)).toMatchObject({ state: 'FINAL' });
    await expect(disputes.appeal(customer, dispute.id, 'Again.')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });

  it('that nobody decides in time leaves the first decision in force', async () => {
    const { dispute } = await appealed();
    expect(await gained(() => fireAfter(72 * hourMs - 1))).toEqual(nothing);
    expect(await gained(() => fireAfter(1))).toEqual([800_000n, 0n, 0n, 0n]);
    expect(await market.disputes.get(market.runner, dispute.id)).toMatchObject({ state: 'FINAL' });
  });

  it('is too late after 48 hours, also when the timer has not come by yet', async () => {
    const { disputes, customer, clock } = market;
    const { dispute } = await underReview();
    await disputes.propose(arbiter, dispute.id, { outcome: 'RELEASE', reason: because });
    clock.forward(48 * hourMs);
    await expect(disputes.appeal(customer, dispute.id, 'Late.')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await market.timers.fireDue();
  });
});

describe('evidence', () => {
  const notesSeenBy = async (viewer: UserViewer, dispute: Dispute): Promise<readonly (string | null)[]> => {
    const { disputes, tenantId } = market;
    const all = await disputes.evidenceFor(tenantId, [dispute.id]);
    return disputes.evidenceSeenBy(viewer, dispute, all).map(({ note }) => note);
  };

  it('of one side is shown to the other once both have given some, to those who decide at once', async () => {
    const { customer, runner, staff, stranger, disputes, tell } = market;
    const { errand } = await tell.delivered();
    const { dispute } = await disputes.open(customer, errand.id, {
      reason,
      claimMinor: 1n,
      evidence: [evidence('mine')],
    });
    const seen = () =>
      Promise.all([customer, runner, staff, arbiter, stranger].map((viewer) => notesSeenBy(viewer, dispute)));
    expect(await seen()).toEqual([['mine'], [], ['mine'], ['mine'], []]);
    await disputes.addEvidence(customer, dispute.id, [evidence('more')]);
    expect(await notesSeenBy(runner, dispute)).toEqual([]);
    await disputes.respond(runner, dispute.id, { statement: 'No.', evidence: [evidence('yours')] });
    const all = ['mine', 'more', 'yours'];
    expect((await seen()).map((notes) => notes.toSorted())).toEqual([all, all, all, all, []]);
  });

  it('is shown when the time to respond is over, also when the other side gave none', async () => {
    const { customer, runner, disputes, tell, clock } = market;
    const { errand } = await tell.delivered();
    const mine = [evidence('mine')];
    const { dispute } = await disputes.open(customer, errand.id, { reason, claimMinor: 1n, evidence: mine });
    await disputes.respond(runner, dispute.id, { statement: 'No.' });
    clock.forward(48 * hourMs - 1);
    expect(await notesSeenBy(runner, dispute)).toEqual([]);
    clock.forward(1);
    expect(await notesSeenBy(runner, dispute)).toEqual(['mine']);
    await disputes.addEvidence(customer, dispute.id, [evidence('late')]);
    expect((await notesSeenBy(runner, dispute)).toSorted()).toEqual(['late', 'mine']);
  });

  it('is bounded: ten at a time, twenty a party', async () => {
    const { customer, disputes } = market;
    const { dispute } = await disputed();
    const pieces = (count: number) => Array.from({ length: count }, (_, index) => evidence(`piece ${index}`));
    const add = (count: number) => disputes.addEvidence(customer, dispute.id, pieces(count));
    await expect(add(11)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(add(0)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await add(10);
    await add(9);
    await expect(add(2)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', message: /1 more/ });
    await add(1);
  });
});

function newErrandOf() {
  return {
    title: 'Bring a parcel',
    description: 'A small box.',
    category: 'DELIVERY',
    area: 'Yaba',
    budget: { minor: 500_000n, currency: 'NGN' },
  } as const;
}
