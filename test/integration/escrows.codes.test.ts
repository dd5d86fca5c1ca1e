import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createIdempotencyService } from '../../src/modules/idempotency/index.js';
import { deliverySettlement } from '../../src/modules/escrows/index.js';
import { hourMs, minuteMs, proof, startMarket, storyFees, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
beforeAll(async () => {
  market = await startMarket();
});
afterEach(() => market.assertSound());
afterAll(() => market.close());

const service = 450_000n;
const net = deliverySettlement(storyFees, { service, goods: 0n }, 0n).runner;
const withCodes = { requiresCodes: ['PICKUP', 'DROPOFF'] as const };
const refused = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const issue = async (errandId: string, phase: 'PICKUP' | 'DROPOFF') =>
  (await market.handovers.issue(market.customer, errandId, phase)).issued;
/** Six digits that are not the code. */
const wrong = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
const walletOf = async (who: 'customer' | 'runner') => (await market.wallets.wallet(market[who])).minor;
const stateOf = async (errandId: string) => (await market.errands.find(market.tenantId, errandId)).state;

describe('a pick-up code', () => {
  it('is needed to start where the errand asks for one, and only there', async () => {
    const { errands, runner, tell } = market;
    const { errand } = await tell.assigned(withCodes, service);
    await expect(errands.start(runner, errand.id)).rejects.toEqual(refused('BAD_INPUT', /pickupCode/));
    const start = (code: string) => errands.start(runner, errand.id, null, code);
    await expect(start('123456')).rejects.toEqual(refused('ILLEGAL_TRANSITION', /customer issues/));
    const { code } = await issue(errand.id, 'PICKUP');
    expect(code).toMatch(/^[0-9]{6}$/);
    await expect(start(wrong(code))).rejects.toEqual(refused('BAD_INPUT', /4 of 5 guesses are left/));
    expect((await start(code)).state).toBe('IN_PROGRESS');
    await expect(issue(errand.id, 'PICKUP')).rejects.toEqual(refused('ILLEGAL_TRANSITION'));
    expect((await tell.started({}, service)).errand.state).toBe('IN_PROGRESS');
  });
});

describe('codes', () => {
  it('are issued ten times an hour for an errand, for both doors together; then it is said from when on again', async () => {
    const { clock, tell } = market;
    const { errand } = await tell.assigned(withCodes, service);
    await issue(errand.id, 'PICKUP');
    const againAt = new Date(clock.now().getTime() + hourMs);
    clock.forward(minuteMs);
    for (let more = 0; more < 9; more += 1) await issue(errand.id, more % 2 === 0 ? 'DROPOFF' : 'PICKUP');
    clock.forward(59 * minuteMs - 1);
    const tooOften = refused('LIMIT_EXCEEDED', new RegExp(`10 .* codes an hour; .* from ${againAt.toISOString()} on`));
    await expect(issue(errand.id, 'DROPOFF')).rejects.toEqual(tooOften);
    clock.forward(1);
    await issue(errand.id, 'DROPOFF');
    await expect(issue(errand.id, 'PICKUP')).rejects.toEqual(refused('LIMIT_EXCEEDED'));
    await issue((await tell.assigned(withCodes, service)).errand.id, 'PICKUP');
  });

  it('end with the runner they were told to: who takes the errand next needs others', async () => {
    const { escrows, errands, offers, wallets, customer, runner, rival, tell } = market;
    const { errand } = await tell.assigned(withCodes, service);
    const [pickup, dropoff] = [await issue(errand.id, 'PICKUP'), await issue(errand.id, 'DROPOFF')];
    await escrows.drop(runner, errand.id);
    const { offer } = await offers.make(rival, errand.id, { amountMinor: service });
    const { escrow } = await escrows.acceptOffer(customer, offer.id);
    await wallets.topUp(customer, { amountMinor: escrow.gross, currency: 'NGN' });
    await escrows.fund(customer, errand.id);
    const none = refused('ILLEGAL_TRANSITION', /customer issues one/);
    await expect(errands.start(rival, errand.id, null, pickup.code)).rejects.toEqual(none);
    await errands.start(rival, errand.id, null, (await issue(errand.id, 'PICKUP')).code);
    await expect(escrows.confirmByCode(rival, errand.id, { code: dropoff.code })).rejects.toEqual(none);
    const { code } = await issue(errand.id, 'DROPOFF');
    expect((await escrows.confirmByCode(rival, errand.id, { code })).errand.state).toBe('COMPLETED');
  });
});

describe('a drop-off code', () => {
  it('settles the delivery as a confirmation does, from the way or after the proof, and leaves a proof of it', async () => {
    const { escrows, errands, runner, tell, db } = market;
    for (const chapter of ['started', 'delivered'] as const) {
      const before = await walletOf('runner');
      const { errand } = await tell[chapter]({}, service);
      const { code } = await issue(errand.id, 'DROPOFF');
      const done = await escrows.confirmByCode(runner, errand.id, { code });
      expect([done.errand.state, done.escrow.state]).toEqual(['COMPLETED', 'RELEASED']);
      expect((await walletOf('runner')) - before).toBe(net);
      const proofs = await db.read.proof.findMany({ where: { errandId: errand.id, kind: 'OTP' } });
      expect(proofs.length).toBe(1);
      await expect(escrows.confirmByCode(runner, errand.id, { code })).rejects.toEqual(refused('ILLEGAL_TRANSITION'));
    }
    expect((await errands.listMine(runner, {})).rows.length).toBeGreaterThan(1);
  });

  it('is kept as a salted hash, told to the customer once, and replaced by the next', async () => {
    const { escrows, handovers, runner, stranger, tell, db } = market;
    const { errand } = await tell.started({}, service);
    const first = await issue(errand.id, 'DROPOFF');
    let second = first;
    while (second.code === first.code) second = await issue(errand.id, 'DROPOFF');
    const kept = await db.read.handoverCode.findMany({ where: { errandId: errand.id } });
    expect(kept.length).toBe(1);
    expect(Buffer.from(kept[0]!.hash).includes(second.code)).toBe(false);
    await expect(escrows.confirmByCode(runner, errand.id, { code: first.code })).rejects.toEqual(refused('BAD_INPUT'));
    for (const who of [runner, stranger])
      await expect(handovers.issue(who, errand.id, 'DROPOFF')).rejects.toEqual(refused('FORBIDDEN'));
    await expect(escrows.confirmByCode(stranger, errand.id, { code: second.code })).rejects.toEqual(
      refused('FORBIDDEN'),
    );
    await escrows.confirmByCode(runner, errand.id, { code: second.code });
  });

  it('takes five guesses, counted although each call fails, under keys too; then only another code opens', async () => {
    const { escrows, runner, tell, db, clock } = market;
    const { errand } = await tell.started({}, service);
    const { code } = await issue(errand.id, 'DROPOFF');
    const idempotency = createIdempotencyService({ db, clock, ttlMs: hourMs });
    const guess = (given: string, key: string) => {
      const call = { operation: 'confirmByCode', key, request: given };
      return idempotency.once(runner, call, () => escrows.confirmByCode(runner, errand.id, { code: given }));
    };
    for (const left of [4, 3, 2, 1, 0])
      await expect(guess(wrong(code), `guess ${left}`)).rejects.toEqual(
        refused('BAD_INPUT', new RegExp(`${left} of 5 guesses are left`)),
      );
    await expect(guess(code, 'the right one')).rejects.toEqual(refused('LIMIT_EXCEEDED', /issues another/));
    expect(await stateOf(errand.id)).toBe('IN_PROGRESS');
    const another = await issue(errand.id, 'DROPOFF');
    expect((await guess(another.code, 'the right one')).answer.errand.state).toBe('COMPLETED');
    expect((await guess(another.code, 'the right one')).isReplay).toBe(true);
  });

  it('guessed at eight times at once is guessed at five times', async () => {
    const { escrows, runner, tell, db } = market;
    const { errand } = await tell.started({}, service);
    const { code } = await issue(errand.id, 'DROPOFF');
    const guesses = Array.from({ length: 8 }, () => escrows.confirmByCode(runner, errand.id, { code: wrong(code) }));
    const codes = (await Promise.allSettled(guesses)).map((one) => one.status === 'rejected' && one.reason.code);
    expect(codes.filter((one) => one === 'BAD_INPUT').length).toBe(5);
    expect(codes.filter((one) => one === 'LIMIT_EXCEEDED').length).toBe(3);
    expect((await db.read.handoverCode.findFirst({ where: { errandId: errand.id } }))?.attempts).toBe(5);
  });

  it('that was told without data is good two days later, at the time it was told', async () => {
    const { escrows, runner, tell, clock } = market;
    const { errand } = await tell.started({}, service);
    const { code, expiresAt } = await issue(errand.id, 'DROPOFF');
    const confirm = (takenAt?: Date) => escrows.confirmByCode(runner, errand.id, { code, takenAt });
    const issuedAt = clock.now();
    await expect(confirm(new Date(issuedAt.getTime() - 1))).rejects.toEqual(refused('BAD_INPUT', /issued/));
    await expect(confirm(new Date(issuedAt.getTime() + 6 * minuteMs))).rejects.toEqual(refused('BAD_INPUT', /future/));
    clock.forward(expiresAt.getTime() - issuedAt.getTime() + 47 * hourMs);
    await expect(confirm()).rejects.toEqual(refused('ILLEGAL_TRANSITION', /expired/));
    await expect(confirm(new Date(clock.now().getTime() - 49 * hourMs))).rejects.toEqual(refused('BAD_INPUT', /48/));
    await expect(confirm(expiresAt)).rejects.toEqual(refused('ILLEGAL_TRANSITION', /expired/));
    expect((await confirm(new Date(expiresAt.getTime() - 1))).errand.state).toBe('COMPLETED');
  });

  it('that the errand asks for keeps silence from paying: the code, the customer or a dispute does', async () => {
    const { escrows, errands, disputes, runner, customer, tell, timers, clock } = market;
    const story = async () => {
      const { errand } = await tell.assigned({ requiresCodes: ['DROPOFF'] }, service);
      await errands.start(runner, errand.id);
      return errands.submitProof(runner, errand.id, [proof]);
    };
    const [byCustomer, byCode, byDispute] = [await story(), await story(), await story()];
    expect(byCode.autoReleaseAt).toBeNull();
    clock.forward(30 * 24 * hourMs);
    await timers.fireDue();
    for (const { id } of [byCustomer, byCode, byDispute]) expect(await stateOf(id)).toBe('DELIVERED');
    await escrows.confirm(customer, byCustomer.id);
    const { code } = await issue(byCode.id, 'DROPOFF');
    await escrows.confirmByCode(runner, byCode.id, { code });
    const claim = { reason: 'They took it and keep the code from me.', claimMinor: service };
    await disputes.open(runner, byDispute.id, claim);
    const before = await walletOf('runner');
    for (const hours of [49, 49]) {
      clock.forward(hours * hourMs);
      await timers.fireDue();
    }
    expect(await stateOf(byDispute.id)).toBe('COMPLETED');
    expect((await walletOf('runner')) - before).toBe(net);
  });

  it('pays goods by their receipts, because the customer says nothing of them', async () => {
    const { escrows, customer, runner, tell } = market;
    const before = await walletOf('customer');
    const { errand } = await tell.started({ goodsBudget: { minor: 5_000n, currency: 'NGN' } }, service);
    await escrows.addReceipts(runner, errand.id, [{ amountMinor: 3_000n, sha256: 'ab'.repeat(32) }]);
    const { code } = await issue(errand.id, 'DROPOFF');
    const { escrow } = await escrows.confirmByCode(runner, errand.id, { code });
    expect(escrow.refunded).toBe(2_000n);
    expect((await walletOf('customer')) - before).toBe(2_000n);
    expect(await escrows.get(customer, escrow.id)).toEqual(escrow);
  });
});
