import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, postJournal, recoverReceivables, transfer } from '../../src/modules/ledger/index.js';
import {
  createPayoutWorker,
  createReconciliationService,
  readWaitingPayouts,
  type Payout,
} from '../../src/modules/payouts/index.js';
import { publishNews } from '../../src/modules/news/index.js';
import { magicAccounts } from '../../src/modules/providers/index.js';
import { uuidv7, type UserViewer } from '../../src/kernel/index.js';
import { anotherProcess, startPayoutMarket, type PayoutMarket } from '../support/payouts.js';
import { createChargebackService } from '../../src/modules/escrows/index.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let market: PayoutMarket;
let otherFinance: UserViewer;
beforeAll(async () => {
  market = await startPayoutMarket({ clearingMs: 2 * dayMs, approvalAbove: () => 90_000n });
  otherFinance = await market.addPerson(market.tenantId, 'FINANCE');
});
afterAll(() => market.close());

/** Somebody whose money has cleared. */
async function payee(minor = 100_000n, accountNumber?: string) {
  const found = await market.payee(minor, accountNumber);
  market.clock.forward(2 * dayMs);
  return found;
}

/** A payout that the provider has paid by another amount. */
async function paidOtherwise(told: bigint, minor = 40_000n, funds = 100_000n) {
  const { viewer, account } = await payee(funds, magicAccounts.staysPending);
  const asked = await market.request(viewer, account.id, minor);
  if (asked.state === 'REQUESTED') await market.payouts.approve(market.finance, asked.id);
  await market.worker.work();
  market.sandbox.book.payTransfer(asked.clientRef, told);
  market.clock.forward(hourMs);
  await market.worker.work();
  return { viewer, id: asked.id, asked };
}

const naira = (minor: bigint) => ({ minor, currency: 'NGN' });

describe('a payout that the provider has paid by another amount', () => {
  it('moves nothing, waits for a person, and is asked about ever more rarely', async () => {
    const { db, worker, wallet, clock, payouts, finance } = market;
    const { viewer, id } = await paidOtherwise(30_000n);
    expect(await payouts.get(finance, id)).toMatchObject({ state: 'UNKNOWN', toldAmount: 30_000n, toldFee: 1_000n });
    expect(await wallet(viewer)).toBe(57_500n);
    const pauses: number[] = [];
    for (let look = 0; look < 9; look += 1) {
      const { nextCheckAt } = await db.read.payout.findUniqueOrThrow({ where: { id } });
      pauses.push(nextCheckAt!.getTime() - clock.now().getTime());
      clock.forward(pauses.at(-1)!);
      await worker.work();
    }
    expect(pauses.slice(0, 3)).toEqual([10 * 60_000, 20 * 60_000, 40 * 60_000]);
    expect(pauses.at(-1)).toBe(dayMs);
    const steps = (await payouts.eventsFor(market.tenantId, [id])).map(({ transition }) => transition);
    expect(steps.filter((name) => name === 'doubt')).toHaveLength(1);
    const listed = await payouts.register(finance, { doubted: true });
    expect(listed.rows.map((one) => one.id)).toContain(id);
    await market.assertSound();
  });

  it('is booked by FINANCE as the provider tells, and by nothing else: what was not paid is back in the wallet', async () => {
    const { payouts, finance, wallet, ledger, tenantId, clock, worker, db, sandbox, provider } = market;
    const { viewer, id, asked } = await paidOtherwise(30_000n);
    const settle = (by: UserViewer, minor: bigint) => payouts.settle(by, id, { paid: naira(minor), reason: 'Seen.' });
    await expect(settle(finance, 40_000n)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await expect(settle(viewer, 30_000n)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await settle(finance, 30_000n)).toMatchObject({ state: 'PAID', providerFee: 1_000n, doubtedAt: null });
    await expect(settle(finance, 30_000n)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect(await wallet(viewer)).toBe(67_500n);
    expect(await ledger.balance(tenantId, 'NGN', accounts.payoutTransit(id))).toBe(0n);
    const day = clock.now().toISOString().slice(0, 10);
    const reconciliation = createReconciliationService({ db, providers: [provider] });
    const { differences } = await reconciliation.ofDay(finance, 'sandbox', day);
    expect(differences.filter(({ reference }) => reference === asked.clientRef)).toEqual([]);
    const { action, after } = await db.read.auditEntry.findFirstOrThrow({
      where: { targetId: id },
      orderBy: { id: 'desc' },
    });
    expect([action, after]).toMatchObject(['settlePayout', { state: 'PAID', toldAmount: '30000' }]);
    // It may come back like every other, and then the whole of it is in the wallet again but for the fee.
    sandbox.book.reverseTransfer(asked.clientRef);
    clock.forward(dayMs + 1);
    await worker.work();
    expect((await payouts.get(finance, id)).state).toBe('REVERSED');
    expect(await wallet(viewer)).toBe(97_500n);
    await market.assertSound();
  });

  it('by more than was asked for costs its owner nothing: what is beyond is an expense until somebody gives it back', async () => {
    const { payouts, finance, wallet, ledger, tenantId } = market;
    const { viewer, id } = await paidOtherwise(45_000n);
    const before = await ledger.balance(tenantId, 'NGN', accounts.overpaid());
    await payouts.settle(finance, id, { paid: naira(45_000n), reason: 'Paid too much.' });
    expect(await wallet(viewer)).toBe(57_500n);
    expect((await ledger.balance(tenantId, 'NGN', accounts.overpaid())) - before).toBe(5_000n);
    await market.assertSound();
  });

  it('takes two of FINANCE above the limit of approvals', async () => {
    const { payouts, finance, db } = market;
    const { id } = await paidOtherwise(95_000n, 95_000n - 1_000n, 200_000n);
    const settle = (by: UserViewer) => payouts.settle(by, id, { paid: naira(95_000n), reason: 'Seen.' });
    expect(await settle(finance)).toMatchObject({ state: 'UNKNOWN', settleProposedById: finance.userId });
    await expect(settle(finance)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const settled: PromiseSettledResult<Payout>[] = await Promise.allSettled([
      settle(otherFinance),
      settle(otherFinance),
    ]);
    expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await payouts.get(finance, id)).state).toBe('PAID');
    expect(await db.read.journal.count({ where: { businessRef: `payout:${id}`, kind: 'payout.settle' } })).toBe(1);
    await market.assertSound();
  });

  it('goes its way by itself when the provider puts itself right', async () => {
    const { payouts, finance, workerWith, provider, clock, wallet, db } = market;
    const { viewer, id } = await paidOtherwise(30_000n);
    clock.forward(hourMs);
    await workerWith({ ...provider, transferOf: async () => ({ kind: 'NOT_FOUND' }) }).work();
    expect((await payouts.get(finance, id)).state).toBe('UNKNOWN');
    clock.forward(hourMs);
    await workerWith({ ...provider, transferOf: async () => ({ kind: 'FAILED', reason: 'sent back' }) }).work();
    expect(await payouts.get(finance, id)).toMatchObject({ state: 'FAILED', doubtedAt: null, toldAmount: null });
    expect(await wallet(viewer)).toBe(100_000n);
    expect(await db.read.payout.count({ where: { id, doubtedAt: { not: null } } })).toBe(0);
    await market.assertSound();
  });
});

describe('a payout that waits for FINANCE', () => {
  it('is told of after three days, and back in the wallet with its fee after seven, once, on however many workers', async () => {
    const { worker, payouts, wallet, clock, request, db, tenantId, provider, cipher } = market;
    const { viewer, account } = await payee(200_000n);
    const { id, state } = await request(viewer, account.id, 95_000n);
    expect([state, await wallet(viewer)]).toEqual(['REQUESTED', 102_500n]);
    const steps = async () => (await payouts.eventsFor(tenantId, [id])).map(({ transition }) => transition);
    clock.forward(3 * dayMs - 1);
    await worker.work();
    expect(await steps()).toEqual(['request']);
    clock.forward(1);
    await worker.work();
    await worker.work();
    expect(await steps()).toEqual(['request', 'remind']);
    clock.forward(4 * dayMs);
    const processes = [anotherProcess(market), anotherProcess(market), anotherProcess(market)];
    const workers = processes.map((one) => createPayoutWorker({ db: one, clock, providers: [provider], cipher }));
    await Promise.all(workers.map((one) => one.work()));
    for (const one of processes) await one.close();
    expect(await steps()).toEqual(['request', 'remind', 'expire']);
    expect(await payouts.get(viewer, id)).toMatchObject({ state: 'REJECTED', nextCheckAt: null });
    expect(await wallet(viewer)).toBe(200_000n);
    expect(await db.read.journal.count({ where: { businessRef: `payout:${id}` } })).toBe(2);
    await market.assertSound();
  });

  it('is either approved or given back when both come at once', async () => {
    const { worker, payouts, wallet, clock, request, finance } = market;
    const { viewer, account } = await payee(200_000n);
    const { id } = await request(viewer, account.id, 95_000n);
    clock.forward(7 * dayMs);
    const [, approved] = await Promise.allSettled([worker.work(), payouts.approve(finance, id)]);
    await worker.work();
    const { state } = await payouts.get(viewer, id);
    expect(state).toBe(approved.status === 'fulfilled' ? 'PAID' : 'REJECTED');
    expect(await wallet(viewer)).toBe(state === 'PAID' ? 102_500n : 200_000n);
    await market.assertSound();
  });
});

describe('money that came in lately', () => {
  it('can be spent at once, is paid out when it has cleared, and is told with its time', async () => {
    const { request, payouts, clock, wallet } = market;
    const { viewer, account } = await market.payee(100_000n);
    const now = clock.now();
    clock.forward(dayMs);
    await market.wallets.topUp(viewer, { amountMinor: 50_000n, currency: 'NGN' });
    const until = new Date(now.getTime() + 2 * dayMs);
    const later = new Date(until.getTime() + dayMs);
    expect(await payouts.payable(viewer)).toEqual({
      currency: 'NGN',
      payable: 0n,
      holds: [
        { minor: 100_000n, until },
        { minor: 50_000n, until: later },
      ],
    });
    await expect(request(viewer, account.id, 40_000n)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(
        new RegExp(`NGN 0.00 can be paid out now, NGN 1,000.00 from ${until.toISOString()}`),
      ),
    });
    clock.forward(dayMs);
    expect((await payouts.payable(viewer)).payable).toBe(100_000n);
    await expect(request(viewer, account.id, 97_501n)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect((await request(viewer, account.id, 40_000n)).state).toBe('QUEUED');
    expect(await wallet(viewer)).toBe(107_500n);
    await market.assertSound();
  });

  it('is held as before when it went into an escrow and came back, and what a runner earned is not', async () => {
    const { payouts, tell, escrows, customer, runner, errands } = market;
    const { errand } = await tell.assigned();
    const inEscrow = await market.wallet(customer);
    await escrows.cancel(customer, errand.id);
    expect(await market.wallet(customer)).toBeGreaterThan(inEscrow);
    expect((await payouts.payable(customer)).payable).toBe(0n);
    const before = await payouts.payable(runner);
    const { errand: done } = await tell.delivered();
    await escrows.confirm(customer, done.id);
    const after = await payouts.payable(runner);
    expect(after.payable).toBeGreaterThan(before.payable);
    expect([after.holds, (await errands.get(customer, done.id)).state]).toEqual([[], 'COMPLETED']);
    await market.assertSound();
  });

  it('stays whole under two payouts at once', async () => {
    const { payouts, wallet } = market;
    const { viewer, account } = await payee(50_000n);
    await market.wallets.topUp(viewer, { amountMinor: 100_000n, currency: 'NGN' });
    const asked = await Promise.allSettled(
      Array.from({ length: 4 }, () => market.request(viewer, account.id, 30_000n)),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await wallet(viewer)).toBe(117_500n);
    expect((await payouts.payable(viewer)).payable).toBe(17_500n);
  });

  it.each([0n, 80_000n])(
    'is free again when it was taken back, of which %s was spent by then and is owed',
    async (spent) => {
      const { payouts, db, finance, clock } = market;
      const [{ viewer: other }, { viewer }] = [await payee(200_000n), await market.payee(100_000n)];
      if (spent > 0n) await pay(viewer, other, spent);
      const { provider, providerRef } = await db.read.charge.findFirstOrThrow({ where: { userId: viewer.userId } });
      const taken = { provider, providerRef, eventId: `of ${providerRef}`, amountMinor: 100_000n, currency: 'NGN' };
      await createChargebackService({ db, clock }).record(finance, { ...taken, reason: 'Stolen.' });
      await pay(other, viewer, 200_000n);
      await recoverReceivables(db, clock);
      expect(await payouts.payable(viewer)).toMatchObject({ payable: 200_000n - spent, holds: [] });
      await market.assertSound();
    },
  );
});

/** As an errand would move it. */
async function pay(from: UserViewer, to: UserViewer, minor: bigint): Promise<void> {
  const { db, clock, tenantId } = market;
  const [id, now] = [uuidv7(), clock.now()];
  const postings = transfer(accounts.wallet(from.userId), accounts.wallet(to.userId), minor);
  const named = {
    id,
    tenantId,
    kind: 'test.earned',
    businessRef: `test:${id}`,
    actorId: null,
    currency: 'NGN',
  } as const;
  await db.write((tx) => postJournal(tx, { ...named, effectiveAt: now, recordedAt: now, postings }));
}

describe('what people are told', () => {
  it('is of FINANCE what waits for them, of its owner how it ends, and of nobody what they did themselves', async () => {
    const { db, clock, finance, payouts } = market;
    const { viewer, id } = await paidOtherwise(30_000n);
    const { doubted, doubtedMs } = await readWaitingPayouts(db.read, clock.now());
    expect(doubted).toBeGreaterThan(0);
    expect(doubtedMs).toBeGreaterThan(0);
    await payouts.settle(finance, id, { paid: naira(30_000n), reason: 'Seen.' });
    await publishNews({ db, clock, giveUpAfterMs: dayMs });
    const told = async ({ userId }: UserViewer) =>
      (await db.read.notification.findMany({ where: { userId, params: { path: ['payoutId'], equals: id } } })).map(
        ({ kind }) => kind,
      );
    expect(await told(viewer)).toEqual(['payout.settle']);
    expect(await told(finance)).toEqual(['payout.doubt']);
    expect(await told(otherFinance)).toEqual(['payout.doubt']);
    expect(await told(market.customer)).toEqual([]);
  });
});

describe('the lease of a payout', () => {
  it('is longer than the slowest provider takes, and no call is begun that would outlast it', async () => {
    const { request, payouts, clock, db, provider, cipher } = market;
    const { viewer, account } = await payee();
    const { id } = await request(viewer, account.id, 40_000n);
    const deps = { db, clock, providers: [provider], cipher } as const;
    expect(() => createPayoutWorker({ ...deps, askMsMax: 360_000, leaseMs: 360_000 })).toThrow(/one hand/);
    let asked = 0;
    const slow = {
      ...provider,
      sendTransfer: async () => ((asked += 1), { kind: 'UNKNOWN' as const, reason: 'slow' }),
    };
    const held = { ...db, write: heldUp(db.write, () => clock.forward(91_000)) };
    await createPayoutWorker({ ...deps, db: held as typeof db, providers: [slow], askMsMax: 360_000 }).work();
    expect(asked).toBe(0);
    const { state, claimedUntil } = await db.read.payout.findUniqueOrThrow({ where: { id } });
    expect([state, claimedUntil!.getTime() - clock.now().getTime()]).toEqual(['SUBMITTING', 359_000]);
    clock.forward(450_000);
    // Nobody was asked: it is found to be unknown to the provider, and handed over by the same name.
    for (let round = 0; round < 4; round += 1) {
      await market.worker.work();
      clock.forward(10 * 60_000);
    }
    expect((await payouts.get(viewer, id)).state).toBe('PAID');
  });
});

/** Transactions behind the first take time before anything else is done. */
function heldUp<Write extends (...given: never[]) => Promise<unknown>>(write: Write, wait: () => void): Write {
  let nth = 0;
  return (async (...given: never[]) => {
    const result = await write(...given);
    nth += 1;
    if (nth === 2) wait();
    return result;
  }) as Write;
}
