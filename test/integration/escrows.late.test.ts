import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/kernel/index.js';
import { createTimerService } from '../../src/modules/escrows/index.js';
import { hourMs, minuteMs, newErrand, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeEach(async () => {
  market = await startMarket();
});
afterEach(() => market.close());

const later = (ms: number): Date => new Date(market.clock.now().getTime() + ms);
const tooLate = { message: 'The time to start, startBy and an hour, has passed.' };

describe('an errand whose time to start has passed', () => {
  it('can no longer be published, until its customer names another time', async () => {
    const { errands, customer, clock } = market;
    const draft = await errands.post(customer, newErrand({ publish: false, startBy: later(hourMs) }));
    clock.forward(2 * hourMs);
    await expect(errands.publish(customer, draft.id)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: 'startBy and an hour have passed: set a later one, or none, first.',
    });
    await errands.update(customer, draft.id, { startBy: null });
    expect((await errands.publish(customer, draft.id)).state).toBe('OPEN');
  });

  it('takes no offer, and none of its offers can be accepted', async () => {
    const { tell, offers, escrows, customer, rival, clock } = market;
    const { errand, offer } = await tell.offered({ startBy: later(hourMs) });
    clock.forward(2 * hourMs);
    await expect(offers.make(rival, errand.id, { amountMinor: 5n })).rejects.toMatchObject(tooLate);
    await expect(escrows.acceptOffer(customer, offer.id)).rejects.toMatchObject(tooLate);
  });

  it('takes no money, so that no runner is a no-show on the day they are paid for', async () => {
    const { tell, escrows, wallets, timers, customer, clock } = market;
    const { errand, escrow } = await tell.accepted({ startBy: later(hourMs) });
    await wallets.topUp(customer, { amountMinor: escrow.gross, currency: 'NGN' });
    clock.forward(2 * hourMs);
    await expect(escrows.fund(customer, errand.id)).rejects.toMatchObject(tooLate);
    expect((await wallets.wallet(customer)).minor).toBe(escrow.gross);
    expect((await timers.fireDue()).fired).toBe(0);
  });
});

describe('an accepted offer', () => {
  it('cannot be funded after its 24 hours, however late the timer is', async () => {
    const { tell, errands, escrows, wallets, timers, customer, clock } = market;
    const { errand, escrow } = await tell.accepted();
    await wallets.topUp(customer, { amountMinor: escrow.gross, currency: 'NGN' });
    clock.forward(24 * hourMs);
    await expect(escrows.fund(customer, errand.id)).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      message: 'The time to fund the errand, fundBy, has passed.',
    });
    expect((await timers.fireDue()).fired).toBe(1);
    expect((await errands.get(customer, errand.id)).state).toBe('OPEN');
  });
});

describe('an offer whose own time has passed', () => {
  const short = () => ({ amountMinor: 5n, expiresAt: later(10 * minuteMs) });

  it('does not keep its runner from making another, which can be accepted', async () => {
    const { tell, offers, escrows, customer, runner, clock } = market;
    const errand = await tell.open();
    const { offer: stale } = await offers.make(runner, errand.id, short());
    await expect(offers.make(runner, errand.id, short())).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    clock.forward(10 * minuteMs);
    const { offer } = await offers.make(runner, errand.id, short());
    const states = (await offers.listFor(runner, errand.id)).map(({ id, state, version }) => [id, state, version]);
    expect(states).toEqual([
      [stale.id, 'EXPIRED', 2],
      [offer.id, 'PENDING', 1],
    ]);
    expect((await escrows.acceptOffer(customer, offer.id)).errand.state).toBe('AWAITING_FUNDING');
  });

  it("leaves other runners' stale offers to the timer when one of them bids again", async () => {
    const { tell, offers, runner, rival, db, clock } = market;
    const errand = await tell.open();
    const { offer } = await offers.make(rival, errand.id, short());
    await offers.make(runner, errand.id, short());
    clock.forward(10 * minuteMs);
    await offers.make(runner, errand.id, short());
    expect((await db.read.offer.findUniqueOrThrow({ where: { id: offer.id } })).state).toBe('PENDING');
  });

  it('neither counts nor shows as live, and cannot be withdrawn, before any timer has looked at it', async () => {
    const { tell, offers, customer, runner, tenantId, clock } = market;
    const { errand } = await tell.offered();
    const { offer } = await offers.make(market.rival, errand.id, short());
    const count = async () => (await offers.countsFor(tenantId, [errand.id])).get(errand.id);
    clock.forward(10 * minuteMs - 1);
    expect(await count()).toBe(2);
    clock.forward(1);
    expect(await count()).toBe(1);
    const seen = new Map((await offers.listFor(customer, errand.id)).map((one) => [one.runnerId, one.state]));
    expect([seen.get(runner.userId), seen.get(market.rival.userId)]).toEqual(['PENDING', 'EXPIRED']);
    await expect(offers.withdraw(market.rival, offer.id)).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      message: 'The offer is EXPIRED; only a PENDING or COUNTERED one can be withdrawn.',
    });
  });

  it('is expired by the timers on the dot, all of an errand in one go, and no other offer or errand with it', async () => {
    const { tell, offers, errands, runner, rival, customer, timers, tenantId, addPerson, db, clock } = market;
    const third = await addPerson(tenantId, 'RUNNER');
    const [first, second] = [await tell.open(), await tell.open()];
    for (const { id } of [first, second]) for (const who of [runner, rival]) await offers.make(who, id, short());
    const { offer: kept } = await offers.make(third, first.id, { amountMinor: 6n });
    clock.forward(10 * minuteMs - 1);
    expect(await timers.fireDue()).toEqual({ fired: 0, skipped: 0, failed: 0 });
    clock.forward(1);
    expect(await timers.fireDue(1)).toEqual({ fired: 1, skipped: 0, failed: 0 });
    expect(await timers.fireDue(1)).toEqual({ fired: 1, skipped: 0, failed: 0 });
    expect(await timers.fireDue()).toEqual({ fired: 0, skipped: 0, failed: 0 });
    const rows = await db.read.offer.findMany({ orderBy: { createdAt: 'asc' } });
    expect(rows.filter(({ id }) => id !== kept.id).map(({ state, version }) => `${state} ${version}`)).toEqual(
      Array.from({ length: 4 }, () => 'EXPIRED 2'),
    );
    expect(rows.find(({ id }) => id === kept.id)).toMatchObject({ state: 'PENDING', version: 1 });
    expect(await errands.get(customer, first.id)).toEqual(first);
  });

  it('on an errand that cannot be had now holds up no other errand, and is expired in the next round', async () => {
    const { tell, offers, runner, db, clock } = market;
    const ids: string[] = [];
    for (const { id } of [await tell.open(), await tell.open()]) {
      ids.push((await offers.make(runner, id, short())).offer.id);
      clock.forward(1);
    }
    const states = async () => {
      const rows = await db.read.offer.findMany();
      return ids.map((id) => rows.find((row) => row.id === id)?.state);
    };
    clock.forward(10 * minuteMs);
    let writes = 0;
    const write: typeof db.write = async (work) => {
      writes += 1;
      if (writes === 1) throw new AppError('UNAVAILABLE', 'Somebody holds the errand.');
      return db.write(work);
    };
    const timers = createTimerService({ db: { read: db.read, write }, clock });
    expect(await timers.fireDue(1)).toEqual({ fired: 1, skipped: 0, failed: 1 });
    expect(await states()).toEqual(['PENDING', 'EXPIRED']);
    expect(await timers.fireDue(1)).toEqual({ fired: 1, skipped: 0, failed: 0 });
    expect(await states()).toEqual(['EXPIRED', 'EXPIRED']);
  });

  it('that was answered between look-up and lock is left alone', async () => {
    const { tell, offers, runner, db, clock } = market;
    const errand = await tell.open();
    await offers.make(runner, errand.id, short());
    clock.forward(10 * minuteMs);
    const write: typeof db.write = async (work) => {
      await offers.make(runner, errand.id, short());
      return db.write(work);
    };
    const timers = createTimerService({ db: { read: db.read, write }, clock });
    expect(await timers.fireDue()).toEqual({ fired: 0, skipped: 1, failed: 0 });
  });
});
