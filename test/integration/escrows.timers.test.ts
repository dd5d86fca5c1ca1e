import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Logger, UserViewer } from '../../src/kernel/index.js';
import { createTimerService } from '../../src/modules/escrows/index.js';
import { accounts } from '../../src/modules/ledger/index.js';
import { hourMs, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeEach(async () => {
  market = await startMarket();
});
afterEach(() => market.close());

const dayMs = 24 * hourMs;
const quiet = { fired: 0, skipped: 0, failed: 0 };
const fired = (count: number) => ({ ...quiet, fired: count });
const goods = { goodsBudget: { minor: 200_001n, currency: 'NGN' } };
const later = (ms: number): Date => new Date(market.clock.now().getTime() + ms);
const walletOf = async (viewer: UserViewer): Promise<bigint> => (await market.wallets.wallet(viewer)).minor;
const held = (account: Parameters<typeof market.ledger.balance>[2]) =>
  market.ledger.balance(market.tenantId, 'NGN', account);

/** Nothing a millisecond early, everything on time, nothing a second time. */
async function firesOnceAt(dueAt: Date, count = 1): Promise<void> {
  const { timers, clock, db } = market;
  const news = () => db.read.outbox.count();
  const before = await news();
  clock.forward(dueAt.getTime() - clock.now().getTime() - 1);
  expect(await timers.fireDue()).toEqual(quiet);
  expect(await news()).toBe(before);
  clock.forward(1);
  expect(await timers.fireDue()).toEqual(fired(count));
  expect(await timers.fireDue()).toEqual(quiet);
  expect(await news()).toBe(before + count);
  expect(await market.ledger.health(market.tenantId)).toMatchObject({ ok: true });
}

async function lastEventOf(errandId: string): Promise<unknown> {
  const { transition, from, to, actorId, actorRole, at } = await market.db.read.processEvent.findFirstOrThrow({
    where: { errandId },
    orderBy: { seq: 'desc' },
  });
  return { transition, from, to, actorId, actorRole, at };
}

describe('the time to look at the proof', () => {
  it('over, pays the runner as a confirmation does, to the kobo, and sends goods money without receipts back', async () => {
    const { customer, runner, escrows, tell, clock } = market;
    const { errand, escrow } = await tell.delivered(goods, 450_001n);
    await firesOnceAt(errand.autoReleaseAt!);
    // 12.5 % of 450,001 is 56,250.125; 7.5 % of that is 4,218.76; the runner's 389,532.12 is left: 389,532 + 56,250 + 4,219.
    expect(await walletOf(runner)).toBe(389_532n);
    expect(await walletOf(customer)).toBe(200_001n);
    expect(await held(accounts.commission())).toBe(56_250n);
    expect(await held(accounts.vat())).toBe(4_219n);
    expect(await escrows.get(customer, escrow.id)).toMatchObject({
      state: 'RELEASED',
      released: 450_001n,
      refunded: 200_001n,
    });
    const system = { actorId: null, actorRole: 'system', at: clock.now() };
    expect(await lastEventOf(errand.id)).toEqual({
      transition: 'autoRelease',
      from: 'DELIVERED',
      to: 'COMPLETED',
      ...system,
    });
  });

  it('over, still lets nothing out of an escrow that a dispute holds', async () => {
    const { tell, db, timers, clock, runner } = market;
    const { errand, escrow } = await tell.delivered();
    await db.write((tx) => tx.escrow.update({ where: { id: escrow.id }, data: { frozenByDispute: errand.id } }));
    clock.forward(30 * dayMs);
    expect(await timers.fireDue()).toEqual({ ...quiet, skipped: 1 });
    expect([await walletOf(runner), await held(accounts.escrowService(escrow.id))]).toEqual([0n, escrow.gross]);
  });
});

describe('a runner who never starts', () => {
  it('costs the customer nothing: an hour after startBy everything comes back', async () => {
    const { customer, runner, errands, escrows, tell } = market;
    const startBy = later(5 * hourMs);
    const { errand, escrow } = await tell.assigned({ ...goods, startBy }, 450_001n);
    expect(await walletOf(customer)).toBe(0n);
    await firesOnceAt(new Date(startBy.getTime() + hourMs));
    expect([await walletOf(customer), await walletOf(runner)]).toEqual([650_002n, 0n]);
    expect((await errands.get(customer, errand.id)).state).toBe('EXPIRED');
    expect(await escrows.get(customer, escrow.id)).toMatchObject({
      state: 'REFUNDED',
      released: 0n,
      refunded: 650_002n,
    });
  });

  it('is no matter of a timer when the errand names no time, nor once they have started', async () => {
    const { tell, timers, clock } = market;
    await tell.assigned();
    await tell.started({ startBy: later(hourMs) });
    clock.forward(30 * dayMs);
    expect(await timers.fireDue()).toEqual(quiet);
  });
});

describe('an accepted offer whose escrow is not funded in time', () => {
  it('opens the errand again: no runner, the offer expired, the escrow void, other offers still good, no money moved', async () => {
    const { customer, rival, errands, offers, escrows, tell, db } = market;
    const open = await tell.offered();
    const other = await offers.make(rival, open.errand.id, { amountMinor: 400_000n });
    const { errand, escrow } = await escrows.acceptOffer(customer, open.offer.id);
    await firesOnceAt(errand.fundBy!);
    const after = await errands.get(customer, errand.id);
    expect(after).toMatchObject({ state: 'OPEN', runnerId: null, acceptedOfferId: null, fundBy: null });
    expect(after.version).toBe(errand.version + 1);
    expect(await escrows.get(customer, escrow.id)).toMatchObject({ state: 'VOID', funded: 0n, version: 2 });
    const states = new Map((await offers.listFor(customer, errand.id)).map(({ id, state }) => [id, state]));
    expect([states.get(open.offer.id), states.get(other.offer.id)]).toEqual(['EXPIRED', 'PENDING']);
    expect(await db.read.journal.count()).toBe(0);
    expect((await escrows.acceptOffer(customer, other.offer.id)).escrow).toMatchObject({ gross: 400_000n });
  });

  it('expires the errand in the same round when its own time is over too', async () => {
    const { customer, runner, errands, offers, escrows, tell, clock, timers } = market;
    const errand = await tell.open({ expiresAt: later(2 * hourMs) });
    const { offer } = await offers.make(runner, errand.id, { amountMinor: 5n });
    await escrows.acceptOffer(customer, offer.id);
    clock.forward(dayMs);
    expect(await timers.fireDue()).toEqual(fired(2));
    expect((await errands.get(customer, errand.id)).state).toBe('EXPIRED');
  });
});

describe('an open errand that nobody took in time', () => {
  it('expires with the offers that still wait for an answer, and with no other', async () => {
    const { customer, runner, rival, errands, offers, tell } = market;
    const { errand, offer } = await tell.offered();
    const withdrawn = (await offers.make(rival, errand.id, { amountMinor: 5n })).offer;
    await offers.withdraw(rival, withdrawn.id);
    await firesOnceAt(errand.expiresAt);
    expect((await errands.get(customer, errand.id)).state).toBe('EXPIRED');
    const [seenByRunner] = await offers.listFor(runner, errand.id);
    const [seenByRival] = await offers.listFor(rival, errand.id);
    expect([seenByRunner, seenByRival]).toMatchObject([
      { id: offer.id, state: 'EXPIRED', version: 2 },
      { id: withdrawn.id, state: 'WITHDRAWN', version: 2 },
    ]);
  });

  it('leaves a draft alone, whatever its expiresAt says', async () => {
    const { tell, timers, clock, errands, customer } = market;
    const draft = await tell.open({ publish: false });
    clock.forward(30 * dayMs);
    expect(await timers.fireDue()).toEqual(quiet);
    expect(await errands.get(customer, draft.id)).toEqual(draft);
  });
});

describe('an errand whose timer fails', () => {
  it('is logged with its id, holds up no other however many fail, and is tried again next round', async () => {
    const { tell, db, clock } = market;
    const faults: object[] = [];
    const logger: Logger = { debug() {}, info() {}, warn() {}, error: (fields) => void faults.push(fields) };
    const timers = createTimerService({ db, clock, logger });
    const broken = [await tell.delivered(), await tell.delivered(), await tell.delivered()].map(
      ({ errand }) => errand.id,
    );
    clock.forward(1);
    const sound = await tell.delivered();
    // The books of the first three are wrong: they say that a part is for goods, and hold nothing for them.
    const setGoods = (part: bigint) =>
      db.write((tx) => tx.escrow.updateMany({ where: { errandId: { in: broken } }, data: { goods: part } }));
    await setGoods(10n);
    clock.forward(4 * dayMs);
    expect(await timers.fireDue(2)).toEqual({ fired: 1, skipped: 0, failed: 3 });
    expect((await market.errands.get(market.customer, sound.errand.id)).state).toBe('COMPLETED');
    expect(faults).toMatchObject(
      broken.toSorted().map((errandId) => ({ errandId, timer: 'autoRelease', err: expect.any(Error) })),
    );
    await setGoods(0n);
    expect(await timers.fireDue(2)).toEqual(fired(2));
    expect(await timers.fireDue(2)).toEqual(fired(1));
    expect(await market.ledger.health(market.tenantId)).toMatchObject({ ok: true });
  });
});
