import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts } from '../../src/modules/ledger/index.js';
import { magicAccounts } from '../../src/modules/providers/index.js';
import { rightPassword, startPayoutMarket, type PayoutMarket } from '../support/payouts.js';

let market: PayoutMarket;
beforeAll(async () => void (market = await startPayoutMarket()));
afterAll(() => market.close());

const hourMs = 3_600_000;

describe('a payout', () => {
  it('leaves the wallet with its fee, waits in transit, and leaves the books when the provider has paid', async () => {
    const { payee, request, wallet, worker, payouts, ledger, tenantId, effectsOf } = market;
    const { viewer, account } = await payee();
    const asked = await request(viewer, account.id, 40_000n);
    expect(asked).toMatchObject({ state: 'QUEUED', amount: 40_000n, fee: 2_500n, attempt: 0 });
    expect(await wallet(viewer)).toBe(57_500n);
    const balance = (account_: Parameters<typeof ledger.balance>[2]) => ledger.balance(tenantId, 'NGN', account_);
    const clearing = await balance(accounts.pspClearing('sandbox'));
    expect(await balance(accounts.payoutTransit(asked.id))).toBe(40_000n);
    expect(await worker.work()).toEqual({ claimed: 1, moved: 1, failed: 0 });
    const paid = await payouts.get(viewer, asked.id);
    expect(paid).toMatchObject({ state: 'PAID', provider: 'sandbox', attempt: 1, providerFee: 1_000n });
    expect(await balance(accounts.payoutTransit(asked.id))).toBe(0n);
    expect(clearing - (await balance(accounts.pspClearing('sandbox')))).toBe(41_000n);
    expect(effectsOf(paid).map(({ kind, amount }) => [kind, amount.minor])).toEqual([['transfer', 40_000n]]);
    const steps = (await payouts.eventsFor(tenantId, [asked.id])).map(({ transition, actorRole }) => [
      transition,
      actorRole,
    ]);
    expect(steps).toEqual([
      ['request', 'owner'],
      ['approve', 'system'],
      ['submit', 'system'],
      ['pay', 'system'],
    ]);
    const news = await market.db.read.outbox.count({ where: { topic: 'payout.transition', aggregateId: asked.id } });
    expect(news).toBe(4);
    await market.assertSound();
  });

  it('that the provider refuses for good comes back to the wallet, fee and all', async () => {
    const { payee, request, wallet, worker, payouts, effectsOf } = market;
    const { viewer, account } = await payee(100_000n, magicAccounts.fails);
    const { id } = await request(viewer, account.id, 40_000n);
    await worker.work();
    const failed = await payouts.get(viewer, id);
    expect(failed).toMatchObject({ state: 'FAILED', lastError: expect.stringContaining('refused') });
    expect(await wallet(viewer)).toBe(100_000n);
    expect(effectsOf(failed)).toEqual([]);
    await market.assertSound();
  });

  it('that was paid and came back is back in the wallet, also when nobody tells', async () => {
    const { payee, request, wallet, worker, payouts, clock, effectsOf } = market;
    const { viewer, account } = await payee(100_000n, magicAccounts.reversedLater);
    const { id } = await request(viewer, account.id, 40_000n);
    await worker.work();
    expect((await payouts.get(viewer, id)).state).toBe('PAID');
    clock.forward(25 * hourMs);
    await worker.work();
    const reversed = await payouts.get(viewer, id);
    expect(reversed).toMatchObject({ state: 'REVERSED', nextCheckAt: null });
    expect(await wallet(viewer)).toBe(97_500n);
    expect(effectsOf(reversed).map(({ kind }) => kind)).toEqual(['transfer', 'reversal']);
    const { ledger, db, finance } = market;
    const journals = await db.read.journal.findMany({ where: { businessRef: `payout:${id}` } });
    expect(journals.map(({ kind }) => kind).toSorted()).toEqual(['payout.pay', 'payout.request', 'payout.reverse']);
    for (const journal of journals)
      await expect(ledger.reverse(finance, journal.id, 'by hand')).rejects.toMatchObject({
        code: 'ILLEGAL_TRANSITION',
      });
    await market.assertSound();
  });

  it('for which the provider wants a one-time password says so, and goes on when it was given', async () => {
    const { payee, request, worker, payouts, clock, sandbox } = market;
    const { viewer, account } = await payee(100_000n, magicAccounts.needsOtp);
    const { id, clientRef } = await request(viewer, account.id, 40_000n);
    await worker.work();
    expect((await payouts.get(viewer, id)).state).toBe('NEEDS_OTP');
    sandbox.book.confirmTransfer(clientRef);
    clock.forward(hourMs);
    await worker.work();
    expect((await payouts.get(viewer, id)).state).toBe('PAID');
  });

  it('that the provider hints at is asked about at once, and a hint by itself moves nothing', async () => {
    const { payee, request, worker, payouts, sandbox } = market;
    const { viewer, account } = await payee(100_000n, magicAccounts.staysPending);
    const { id, clientRef } = await request(viewer, account.id, 40_000n);
    await worker.work();
    expect(await payouts.noticed(clientRef)).toBe(true);
    expect(await worker.work()).toEqual({ claimed: 1, moved: 0, failed: 0 });
    expect((await payouts.get(viewer, id)).state).toBe('PENDING');
    sandbox.book.payTransfer(clientRef);
    expect(await worker.work()).toEqual({ claimed: 0, moved: 0, failed: 0 });
    await payouts.noticed(clientRef);
    expect(await worker.work()).toEqual({ claimed: 1, moved: 1, failed: 0 });
    expect((await payouts.get(viewer, id)).state).toBe('PAID');
    expect(await payouts.noticed('po-of-nobody')).toBe(false);
  });

  it('is asked for with the password, and without it nothing moves', async () => {
    const { payee, payouts, wallet } = market;
    const { viewer, account } = await payee();
    const input = { payoutAccountId: account.id, amountMinor: 1_000n, currency: 'NGN' };
    await expect(payouts.request(viewer, input, 'guessed')).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
    expect(await wallet(viewer)).toBe(100_000n);
    await expect(payouts.request(viewer, { ...input, amountMinor: 97_501n }, rightPassword)).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
    expect(await market.db.read.payout.count({ where: { userId: viewer.userId } })).toBe(0);
    await market.assertSound();
  });
});
