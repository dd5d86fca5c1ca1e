import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserViewer } from '../../src/kernel/index.js';
import { accounts } from '../../src/modules/ledger/index.js';
import type { Charge } from '../../src/modules/payments/index.js';
import type { ChargeReport } from '../../src/modules/providers/index.js';
import {
  amountStaysPending as waits,
  moneyOf,
  openPaymentStage,
  paymentsOn,
  type PaymentStage,
} from '../support/payments.js';
import { scriptedProvider, succeeded } from '../support/scripted-provider.js';
import { hourMs, minuteMs } from '../support/stories.js';

let stage: PaymentStage;
let market: PaymentStage['market'];
let sandbox: PaymentStage['sandbox'];
let payments: PaymentStage['payments'];
afterAll(() => stage.close());

async function open(): Promise<void> {
  await stage?.close();
  stage = await openPaymentStage();
  ({ market, sandbox, payments } = stage);
}

const clearing = accounts.pspClearing('sandbox');

describe('an errand that is paid straight from a charge', () => {
  beforeAll(open);

  it('is funded in the transaction that books the money, the fee and what the caches are told', async () => {
    const { tell, customer, db, ledger, tenantId } = market;
    const { errand, escrow } = await tell.accepted({}, 450_000n);
    const paid = await payments.charges.payForErrand(customer, errand.id, { expectedVersion: errand.version });
    expect(paid).toMatchObject({ isReplay: false, errand: { state: 'ASSIGNED', version: errand.version + 1 } });
    const fee = 6_750n;
    expect(moneyOf(paid.charge)).toMatchObject({ state: 'SUCCEEDED', landed: 'ERRAND', detour: null, fee });
    expect([await stage.wallet(), await stage.held(accounts.escrowService(escrow.id))]).toEqual([0n, 450_000n]);
    expect([await stage.held(clearing), await stage.held(accounts.pspFees())]).toEqual([450_000n - fee, fee]);
    const journals = await db.read.journal.findMany({ orderBy: { seq: 'asc' } });
    expect(journals.map(({ kind, actorId }) => [kind, actorId])).toEqual([
      ['wallet.topUp', customer.userId],
      ['errand.fundFromCharge', null],
    ]);
    const event = await db.read.processEvent.findFirstOrThrow({ orderBy: { seq: 'desc' } });
    expect(event).toMatchObject({ transition: 'fundFromCharge', actorRole: 'system', to: 'ASSIGNED' });
    const { changes } = await db.read.charge.findUniqueOrThrow({ where: { id: paid.charge.id } });
    expect((changes as { model: string }[]).map(({ model }) => model)).toEqual(
      expect.arrayContaining(['Errand', 'Escrow']),
    );
    const [item] = sandbox.server.book.items();
    expect(await ledger.balance(tenantId, 'NGN', clearing)).toBe(item!.amount.minor - item!.fee.minor);
    await market.assertSound();
  });

  it('is funded when its payer has paid, whichever of webhook, question and round comes to know of it', async () => {
    const ways: readonly ((charge: Charge) => Promise<unknown>)[] = [
      async () => {
        for (const webhook of sandbox.told()) await payments.deliver(webhook);
        await payments.inbox.work();
      },
      ({ id }) => payments.charges.verify(market.customer, id),
      async () => {
        market.clock.forward(minuteMs);
        expect(await payments.charges.checkDue()).toEqual({ checked: 1, ended: 1, failed: 0 });
      },
    ];
    for (const way of ways) {
      const { errand, charge } = await stage.begin();
      sandbox.told();
      sandbox.server.book.succeedCharge(charge.providerRef);
      await way(charge);
      expect(moneyOf(await stage.chargeOf(charge))).toMatchObject({ state: 'SUCCEEDED', landed: 'ERRAND' });
      expect(await stage.stateOf(errand.id)).toBe('ASSIGNED');
    }
    expect(await stage.wallet()).toBe(0n);
    await market.assertSound();
  });

  it('needs what funding it from the wallet needs, but the money', async () => {
    const { tell, customer, stranger, runner, escrows } = market;
    const { errand } = await tell.accepted({}, waits);
    const pay = (who: UserViewer, expectedVersion?: number) =>
      payments.charges.payForErrand(who, errand.id, { expectedVersion });
    await expect(pay(customer, errand.version - 1)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await expect(pay(stranger)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(pay(runner)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await escrows.cancel(customer, errand.id);
    await expect(pay(customer)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect(await market.db.read.charge.count({ where: { errandId: errand.id } })).toBe(0);
  });

  it('is charged once however often it is asked for with one reference, and answered how that went', async () => {
    const before = sandbox.server.book.items().length;
    const { errand } = await market.tell.accepted({}, 450_000n);
    const pay = () => payments.charges.payForErrand(market.customer, errand.id, { reference: 'mine' });
    expect((await pay()).isReplay).toBe(false);
    const told = new Set<string>();
    market.db.onCommitted(async (changes) => changes.forEach(({ model }) => told.add(model)));
    expect(await pay()).toMatchObject({ isReplay: true, charge: { landed: 'ERRAND' }, errand: { state: 'ASSIGNED' } });
    // Who asks again is answered no earlier than the caches are told.
    expect([...told].toSorted()).toEqual(['Errand', 'Escrow']);
    expect(sandbox.server.book.items().length - before).toBe(1);
    const other = await market.tell.accepted({}, 450_000n);
    const again = payments.charges.payForErrand(market.customer, other.errand.id, { reference: 'mine' });
    await expect(again).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});

describe('a charge of which the provider says nothing clear', () => {
  beforeAll(open);

  const unclear: readonly ChargeReport[] = [
    { kind: 'UNKNOWN', reason: 'the provider answered 502' },
    { kind: 'PENDING', checkoutUrl: 'https://pay.test/1', providerRef: undefined },
    {
      kind: 'SUCCEEDED',
      amount: { minor: 0n, currency: 'NGN' },
      fee: { minor: 0n, currency: 'NGN' },
      providerRef: 'p',
    },
    {
      kind: 'SUCCEEDED',
      amount: { minor: 5n, currency: 'NGN' },
      fee: { minor: -1n, currency: 'NGN' },
      providerRef: 'p',
    },
    {
      kind: 'SUCCEEDED',
      amount: { minor: 5n, currency: 'NGN' },
      fee: { minor: 1n, currency: 'KES' },
      providerRef: 'p',
    },
  ];

  it('is never given up, and asked about less and less often, up to every six hours', async () => {
    const { db, clock, customer } = market;
    const initiateCharge = (): ChargeReport => ({ kind: 'PENDING', checkoutUrl: undefined, providerRef: undefined });
    let asked = 0;
    const chargeOfReference = (): ChargeReport => unclear[asked++ % unclear.length]!;
    const own = paymentsOn(db, clock, scriptedProvider({ initiateCharge, chargeOf: chargeOfReference }));
    const { charge } = await own.wallets.topUp(customer, { amountMinor: 700n, currency: 'NGN' });
    const pauses: number[] = [];
    while (pauses.length < 13) {
      const { nextCheckAt } = await db.read.charge.findUniqueOrThrow({ where: { id: charge.id } });
      const pauseMs = nextCheckAt!.getTime() - clock.now().getTime();
      clock.forward(pauseMs - 1);
      expect(await own.charges.checkDue()).toEqual({ checked: 0, ended: 0, failed: 0 });
      clock.forward(1);
      expect(await own.charges.checkDue()).toEqual({ checked: 1, ended: 0, failed: 0 });
      pauses.push(pauseMs / 1000);
    }
    expect(pauses).toEqual([20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240, 20_480, 21_600, 21_600]);
    const { state, checkoutUrl, landed } = await stage.chargeOf(charge);
    expect({ state, checkoutUrl, landed }).toEqual({
      state: 'PENDING',
      checkoutUrl: 'https://pay.test/1',
      landed: null,
    });
    expect(await stage.wallet()).toBe(0n);
  });

  it('fails when the provider has not known it for longer than it takes to know its own, and not before', async () => {
    const { db, clock, customer } = market;
    const initiateCharge = (): ChargeReport => ({ kind: 'UNKNOWN', reason: 'no answer' });
    const own = paymentsOn(db, clock, scriptedProvider({ initiateCharge }));
    const topUp = { amountMinor: 700n, currency: 'NGN', reference: 'mine' };
    await expect(own.wallets.topUp(customer, topUp)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    const charge = await db.read.charge.findFirstOrThrow({ orderBy: { createdAt: 'desc' } });
    clock.forward(minuteMs);
    expect(await own.charges.verify(customer, charge.id)).toMatchObject({ state: 'PENDING' });
    clock.forward(1);
    expect(await own.charges.verify(customer, charge.id)).toMatchObject({
      state: 'FAILED',
      failure: 'The provider has no such payment.',
    });
  });

  it('comes in after all when the provider says so later, though it had failed', async () => {
    const { db, clock, customer } = market;
    const said: { report: ChargeReport } = { report: { kind: 'FAILED', reason: 'abandoned' } };
    const own = paymentsOn(
      db,
      clock,
      scriptedProvider({ initiateCharge: () => said.report, chargeOf: () => said.report }),
    );
    const { errand } = await market.tell.accepted({}, waits);
    await expect(own.charges.payForErrand(customer, errand.id)).rejects.toThrow('The payment was declined: abandoned');
    const charge = await db.read.charge.findFirstOrThrow({ orderBy: { createdAt: 'desc' } });
    expect(charge).toMatchObject({ state: 'FAILED', failure: 'abandoned' });
    said.report = succeeded({ reference: charge.providerRef, amount: { minor: waits, currency: 'NGN' }, email: '' });
    expect(moneyOf((await own.charges.noticed('sandbox', charge.providerRef))!)).toMatchObject({ landed: 'ERRAND' });
    expect(await stage.stateOf(errand.id)).toBe('ASSIGNED');
    await market.assertSound();
  });

  it('is not failed by an answer from before the provider was asked to charge once more', async () => {
    const { db, clock, customer } = market;
    const topUp = { amountMinor: 700n, currency: 'NGN', reference: 'another' };
    const again = { reports: [] as ChargeReport[] };
    let meanwhile = async (): Promise<void> => {};
    const provider = scriptedProvider({
      initiateCharge: () => ({ kind: 'PENDING', checkoutUrl: undefined, providerRef: undefined }),
      chargeOf: async () => {
        await meanwhile();
        return again.reports.shift()!;
      },
    });
    const own = paymentsOn(db, clock, provider);
    const { charge } = await own.wallets.topUp(customer, topUp);
    again.reports = [{ kind: 'FAILED', reason: 'declined' }];
    meanwhile = async () => void (await own.wallets.topUp(customer, topUp));
    expect(await own.charges.verify(customer, charge.id)).toMatchObject({ state: 'PENDING', asks: 2 });
  });
});

describe('a charge', () => {
  beforeAll(open);

  it('is asked about by one of many processes at a time', async () => {
    const { db, clock, tenantId } = market;
    const payer = await market.addPerson(tenantId, 'CUSTOMER');
    let asked = 0;
    const provider = scriptedProvider({
      initiateCharge: () => ({ kind: 'PENDING', checkoutUrl: undefined, providerRef: undefined }),
      chargeOf: () => {
        asked += 1;
        return { kind: 'PENDING', checkoutUrl: undefined, providerRef: undefined };
      },
    });
    const own = paymentsOn(db, clock, provider);
    for (let count = 0; count < 5; count += 1) await own.wallets.topUp(payer, { amountMinor: 7n, currency: 'NGN' });
    clock.forward(hourMs);
    const rounds = await Promise.all(
      Array.from({ length: 4 }, () => paymentsOn(db, clock, provider).charges.checkDue(3)),
    );
    const left = await own.charges.checkDue();
    expect(asked).toBe(5);
    expect(rounds.reduce((sum, { checked }) => sum + checked, left.checked)).toBe(5);
  });

  it('is shown to its payer and to FINANCE of its market, and to nobody else', async () => {
    const { charge } = await stage.begin();
    const { customer, runner, staff, stranger, tenantId, addPerson, addTenant } = market;
    const elsewhere = await addTenant('elsewhere', 'NGN');
    for (const viewer of [customer, await addPerson(tenantId, 'FINANCE')]) {
      expect((await payments.charges.get(viewer, charge.id)).id).toBe(charge.id);
    }
    for (const viewer of [runner, staff, stranger, await addPerson(elsewhere, 'FINANCE')]) {
      await expect(payments.charges.get(viewer, charge.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(payments.charges.verify(viewer, charge.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect((await payments.charges.list(viewer, {})).rows).toEqual([]);
    }
    expect((await payments.charges.list(customer, { state: 'PENDING' })).rows.map(({ id }) => id)).toEqual([charge.id]);
    expect((await payments.charges.list(customer, { state: 'FAILED' })).rows).toEqual([]);
  });

  it('that has come in is held by the database, whoever writes', async () => {
    const { db, customer } = market;
    const { charge } = await payments.wallets.topUp(customer, { amountMinor: 700n, currency: 'NGN' });
    const where = { id: charge.id };
    for (const data of [{ amount: 7_000n }, { landed: 'SUSPENSE' as const }, { userId: market.stranger.userId }]) {
      await expect(db.write((tx) => tx.charge.update({ where, data }))).rejects.toThrow('does not change any more');
    }
  });
});
