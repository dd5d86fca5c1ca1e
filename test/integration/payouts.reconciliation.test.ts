import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidOf, type Viewer } from '../../src/kernel/index.js';
import { accounts, postJournal, transfer } from '../../src/modules/ledger/index.js';
import { createReconciliationService, type ReconciliationService } from '../../src/modules/payouts/index.js';
import { createLossyFront, createSandboxProvider, magicAccounts } from '../../src/modules/providers/index.js';
import { startPayoutMarket, type PayoutMarket } from '../support/payouts.js';

let market: PayoutMarket;
let books: ReconciliationService;
beforeAll(async () => {
  market = await startPayoutMarket();
  books = createReconciliationService({ db: market.db, providers: [market.provider] });
});
afterAll(() => market.close());

const today = () => market.clock.now().toISOString().slice(0, 10);

/** A day of payouts alone: the wallets of these stories are filled without this provider. */
async function reconcile(day = today(), viewer: Viewer = market.finance) {
  const report = await books.ofDay(viewer, 'sandbox', day);
  const differences = report.differences.filter(({ kind }) => kind !== 'charge');
  return { ...report, differences };
}

describe('the clearing account beside the book of the provider (I12)', () => {
  it('is the same, movement by movement, and what is under way is named', async () => {
    const { payee, request, worker, clock, sandbox } = market;
    const ask = async (number?: string) => {
      const { viewer, account } = await payee(100_000n, number);
      return request(viewer, account.id, 40_000n);
    };
    const [paid, , reversed, pending] = [
      await ask(),
      await ask(magicAccounts.fails),
      await ask(magicAccounts.reversedLater),
      await ask(magicAccounts.staysPending),
    ];
    await worker.work();
    const first = await reconcile();
    expect(first).toMatchObject({ matched: 2, differences: [] });
    expect(first.inFlight).toEqual([
      expect.objectContaining({ kind: 'transfer', reference: pending!.clientRef, ours: -40_000n, theirs: undefined }),
    ]);
    clock.forward(10_000);
    await market.payouts.noticed(reversed!.clientRef);
    sandbox.book.payTransfer(pending!.clientRef);
    const second = await reconcile();
    expect(second.differences).toMatchObject([{ kind: 'reversal', reference: reversed!.clientRef, ours: undefined }]);
    expect(second.inFlight).toMatchObject([{ reference: pending!.clientRef, ours: -40_000n, theirs: -41_000n }]);
    await market.payouts.noticed(pending!.clientRef);
    await worker.work();
    const third = await reconcile();
    expect(third).toMatchObject({ matched: 4, differences: [], inFlight: [] });
    expect(third.theirs).toBe(-3n * 41_000n + 40_000n);
    expect(paid!.clientRef).toMatch(/^po-/);
  });

  it('matches what the two sides have on both sides of midnight', async () => {
    const { payee, request, workerWith, worker, clock, sandbox } = market;
    const day = 86_400_000;
    clock.forward(day - (clock.now().getTime() % day) + day - 60_000);
    const before = today();
    // Those that were paid are asked about day by day, and are to meet no fault.
    await worker.work();
    const { key: secretKey, webhookSecret } = sandbox;
    let faults = 1;
    const plan = () => (faults-- > 0 ? ('dropAfterEffect' as const) : ('none' as const));
    const front = await createLossyFront({ handle: sandbox.handle, plan });
    const line = workerWith(createSandboxProvider({ baseUrl: front.url, secretKey, webhookSecret }));
    const { viewer, account } = await payee();
    await request(viewer, account.id, 40_000n);
    await line.work();
    clock.forward(120_000);
    await worker.work();
    expect(today()).not.toBe(before);
    expect(await reconcile(before)).toMatchObject({ matched: 1, differences: [], theirs: -41_000n });
    expect(await reconcile()).toMatchObject({ matched: 1, differences: [], theirs: 0n });
    await front.close();
  });

  it('names what only one of the two has, and what is not the same', async () => {
    const { sandbox, db, tenantId, clock, payee, request, worker } = market;
    clock.forward(8 * 86_400_000);
    const stray = 'po-of-nobody-at-all';
    sandbox.book.transfer({
      reference: stray,
      amount: { minor: 7_000n, currency: 'NGN' },
      accountNumber: '1111111111',
    });
    const { viewer, account } = await payee();
    const { id, clientRef } = await request(viewer, account.id, 40_000n);
    await worker.work();
    const now = clock.now();
    const journal = (name: string, businessRef: string, amount: bigint) =>
      db.write((tx) =>
        postJournal(tx, {
          id: uuidOf(name),
          tenantId,
          kind: 'payout.pay',
          businessRef,
          currency: 'NGN',
          effectiveAt: now,
          recordedAt: now,
          actorId: null,
          postings: transfer(accounts.pspFees(), accounts.pspClearing('sandbox'), amount),
        }),
      );
    await journal('too much', `payout:${id}`, 5n);
    await journal('invented', 'payout:none', 9n);
    const report = await reconcile();
    expect(report.ok).toBe(false);
    const found = report.differences.map(({ reference, ours, theirs }) => [reference, ours, theirs]);
    expect(found).toEqual(
      expect.arrayContaining([
        [stray, undefined, -8_000n],
        [clientRef, -41_005n, -41_000n],
        ['payout:none', -9n, undefined],
      ]),
    );
    expect(found).toHaveLength(3);
  });

  it('leaves out what belongs to other markets', async () => {
    const { addTenant, addPerson } = market;
    const elsewhere = await addTenant('elsewhere', 'NGN');
    const finance = await addPerson(elsewhere, 'FINANCE');
    const report = await reconcile(today(), finance);
    expect(report.differences.map(({ reference }) => reference)).toEqual(['po-of-nobody-at-all']);
    expect(report).toMatchObject({ matched: 0, inFlight: [] });
  });

  it('is shown to FINANCE and ADMIN, for a day and a provider there are, while their book can be read', async () => {
    const { customer, staff, sandbox, db, addPerson, tenantId } = market;
    for (const viewer of [customer, staff])
      await expect(books.ofDay(viewer, 'sandbox', today())).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const admin = await addPerson(tenantId, 'ADMIN');
    expect((await reconcile(today(), admin)).provider).toBe('sandbox');
    for (const [provider, day] of [
      ['paystack', today()],
      ['nobody', today()],
      ['sandbox', '2026-02-30'],
      ['sandbox', 'yesterday'],
      ['sandbox', '0000-01-01'],
    ] as const)
      await expect(books.ofDay(admin, provider, day)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const { key: secretKey, webhookSecret } = sandbox;
    const gone = createSandboxProvider({ baseUrl: 'http://127.0.0.1:9', secretKey, webhookSecret });
    const blind = createReconciliationService({ db, providers: [gone] });
    await expect(blind.ofDay(admin, 'sandbox', today())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    });
  });
});
