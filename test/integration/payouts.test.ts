import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts } from '../../src/modules/ledger/index.js';
import {
  createAccountCipher,
  createPayoutAccountService,
  createPayoutWorker,
  type AccountCipher,
} from '../../src/modules/payouts/index.js';
import { magicAccounts, type PaymentProvider } from '../../src/modules/providers/index.js';
import { ordinaryAccount, startPayoutMarket, type PayoutMarket } from '../support/payouts.js';

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

  it('that came back is found also when nobody tells and every look of the days it is watched for goes unanswered', async () => {
    const { payee, request, wallet, worker, workerWith, payouts, clock, provider, sandbox } = market;
    const { viewer, account } = await payee();
    const { id, clientRef } = await request(viewer, account.id, 40_000n);
    await worker.work();
    sandbox.book.reverseTransfer(clientRef);
    const silent = workerWith({ ...provider, transferOf: async () => ({ kind: 'UNKNOWN', reason: 'no answer' }) });
    for (let day = 0; day < 9; day += 1) {
      clock.forward(24 * hourMs + 1);
      await silent.work();
    }
    expect((await payouts.get(viewer, id)).state).toBe('PAID');
    clock.forward(24 * hourMs + 1);
    await worker.work();
    expect((await payouts.get(viewer, id)).state).toBe('REVERSED');
    expect(await wallet(viewer)).toBe(97_500n);
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

  it('of more than the wallet holds with the fee moves nothing', async () => {
    const { payee, request, wallet } = market;
    const { viewer, account } = await payee();
    await expect(request(viewer, account.id, 97_501n)).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    expect(await wallet(viewer)).toBe(100_000n);
    expect(await market.db.read.payout.count({ where: { userId: viewer.userId } })).toBe(0);
    await market.assertSound();
  });

  it('to an account whose key is not set waits, and says so to those who keep the books, until it is', async () => {
    const { db, clock, payee, request, provider, payouts, worker } = market;
    const { viewer, account } = await payee();
    const { id } = await request(viewer, account.id, 10_000n);
    const other = createAccountCipher([{ id: 'other', key: randomBytes(32) }]);
    const blind = createPayoutWorker({ db, clock, providers: [provider], cipher: other });
    expect(await blind.work()).toEqual({ claimed: 1, moved: 0, failed: 0 });
    const lastError = 'its account is encrypted with the key one, which is not set';
    expect(await payouts.get(viewer, id)).toMatchObject({ state: 'QUEUED', attempt: 0, lastError });
    clock.forward(hourMs);
    await worker.work();
    expect((await payouts.get(viewer, id)).state).toBe('PAID');
  });

  it('to an account that somebody else has too waits for FINANCE, also when theirs was added under an earlier key', async () => {
    const { db, clock, payee, provider, bankId, tenantId, addPerson, finance, payouts } = market;
    const key = randomBytes(32);
    const old = createAccountCipher([{ id: 'old', key }]);
    const changed = createAccountCipher([
      { id: 'new', key: randomBytes(32) },
      { id: 'old', key },
    ]);
    const accountsWith = (cipher: AccountCipher) =>
      createPayoutAccountService({ db, clock, provider, cipher, coolOffMs: 0 });
    const another = ordinaryAccount();
    await accountsWith(old).add(await addPerson(tenantId, 'RUNNER'), { bankId, accountNumber: another });
    const { viewer } = await payee();
    const { account } = await accountsWith(changed).add(viewer, { bankId, accountNumber: another });
    const after = market.payoutsWith(changed);
    const input = { payoutAccountId: account.id, amountMinor: 10_000n, currency: 'NGN' };
    const waiting = await after.request(viewer, input);
    expect(waiting.state).toBe('REQUESTED');
    expect((await market.payoutsWith(undefined).request(viewer, input)).state).toBe('REQUESTED');
    await payouts.reject(finance, waiting.id, 'shared');
    await market.assertSound();
  });
});

describe('payout accounts', () => {
  it('are not kept of somebody who closed their account while the bank was being asked', async () => {
    const { db, clock, provider, cipher, bankId, tenantId } = market;
    const viewer = await market.addPerson(tenantId, 'RUNNER');
    const resolveAccount: PaymentProvider['resolveAccount'] = async (request) => {
      await db.write((tx) => tx.user.update({ where: { id: viewer.userId }, data: { status: 'CLOSED' } }));
      return provider.resolveAccount(request);
    };
    const slow = createPayoutAccountService({
      db,
      clock,
      provider: { ...provider, resolveAccount },
      cipher,
      coolOffMs: 0,
    });
    const added = slow.add(viewer, { bankId, accountNumber: ordinaryAccount() });
    await expect(added).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await db.read.payoutAccount.count({ where: { userId: viewer.userId } })).toBe(0);
  });

  it('tell whose they are of up to 20 numbers a day, removed or not, so that nobody goes through numbers for names', async () => {
    const { accounts: payoutAccounts, bankId, clock, provider, db } = market;
    const viewer = await market.addPerson(market.tenantId, 'RUNNER');
    let asked = 0;
    const resolveAccount: typeof provider.resolveAccount = (request) => (
      (asked += 1),
      provider.resolveAccount(request)
    );
    const counted = createPayoutAccountService({
      db,
      clock,
      provider: { ...provider, resolveAccount },
      cipher: market.cipher,
      coolOffMs: 0,
    });
    const addOne = () => counted.add(viewer, { bankId, accountNumber: ordinaryAccount() });
    for (let count = 0; count < 20; count += 1) {
      const { account } = await addOne();
      await payoutAccounts.remove(viewer, account.id);
    }
    await expect(addOne()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(asked).toBe(20);
    clock.forward(24 * hourMs);
    expect((await addOne()).account.status).toBe('ACTIVE');
  });
});
