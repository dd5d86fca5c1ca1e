import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Currency, UserViewer } from '../../src/kernel/index.js';
import { accounts } from '../../src/modules/ledger/index.js';
import type { Charge } from '../../src/modules/payments/index.js';
import type { ChargeReport } from '../../src/modules/providers/index.js';
import { moneyOf, paymentsOn, startTellingSandbox, type TellingSandbox } from '../support/payments.js';
import { scriptedProvider, succeeded } from '../support/scripted-provider.js';
import { hourMs, minuteMs, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let sandbox: TellingSandbox;
let payments: ReturnType<typeof paymentsOn>;
afterAll(() => close());

async function open(): Promise<void> {
  await close();
  market = await startMarket();
  sandbox = await startTellingSandbox(market.clock);
  payments = paymentsOn(market.db, market.clock, sandbox.provider);
}

async function close(): Promise<void> {
  await sandbox?.server.close();
  await market?.close();
}

const held = (account: Parameters<typeof accounts.wallet>[0] | ReturnType<typeof accounts.wallet>, currency = 'NGN') =>
  market.ledger.balance(market.tenantId, currency, typeof account === 'string' ? accounts.wallet(account) : account);
const clearing = accounts.pspClearing('sandbox');
/** The sandbox leaves this price unpaid until the test has it settled. */
const waits = 10_068n;
const begin = async () => {
  const { errand, escrow } = await market.tell.accepted({}, waits);
  const { charge } = await payments.charges.payForErrand(market.customer, errand.id);
  expect(charge).toMatchObject({ state: 'PENDING', purpose: 'ERRAND', amount: waits, landed: null });
  return { errand, escrow, charge };
};
const chargeOf = ({ id }: Charge) => payments.charges.get(market.customer, id);
const stateOf = async (id: string) => (await market.db.read.errand.findUniqueOrThrow({ where: { id } })).state;

describe('an errand that is paid straight from a charge', () => {
  beforeAll(open);

  it('is funded in the transaction that books the money, the fee and what the caches are told', async () => {
    const { tell, customer, db, ledger, tenantId } = market;
    const { errand, escrow } = await tell.accepted({}, 450_000n);
    const paid = await payments.charges.payForErrand(customer, errand.id, { expectedVersion: errand.version });
    expect(paid).toMatchObject({ isReplay: false, errand: { state: 'ASSIGNED', version: errand.version + 1 } });
    const fee = 6_750n;
    expect(moneyOf(paid.charge)).toMatchObject({ state: 'SUCCEEDED', landed: 'ERRAND', detour: null, fee });
    expect([await held(customer.userId), await held(accounts.escrowService(escrow.id))]).toEqual([0n, 450_000n]);
    expect([await held(clearing), await held(accounts.pspFees())]).toEqual([450_000n - fee, fee]);
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
      const { errand, charge } = await begin();
      sandbox.told();
      sandbox.server.book.succeedCharge(charge.providerRef);
      await way(charge);
      expect(moneyOf(await chargeOf(charge))).toMatchObject({ state: 'SUCCEEDED', landed: 'ERRAND' });
      expect(await stateOf(errand.id)).toBe('ASSIGNED');
    }
    expect(await held(market.customer.userId)).toBe(0n);
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
    expect(await pay()).toMatchObject({ isReplay: true, charge: { landed: 'ERRAND' }, errand: { state: 'ASSIGNED' } });
    expect(sandbox.server.book.items().length - before).toBe(1);
    const other = await market.tell.accepted({}, 450_000n);
    const again = payments.charges.payForErrand(market.customer, other.errand.id, { reference: 'mine' });
    await expect(again).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});

describe('money that an errand does not wait for any more', () => {
  beforeAll(open);

  const late: readonly [string, string, (errandId: string, offerId: string) => Promise<unknown>][] = [
    ['called it off', 'CANCELLED', (id) => market.escrows.cancel(market.customer, id)],
    [
      'funded it from the wallet',
      'ASSIGNED',
      async (id) => {
        for (const amountMinor of [1n, waits - 1n]) {
          await market.wallets.topUp(market.customer, { amountMinor, currency: 'NGN' });
        }
        await market.escrows.fund(market.customer, id);
      },
    ],
    [
      'let its time to be funded pass',
      'OPEN',
      async () => {
        market.clock.forward(25 * hourMs);
        await market.timers.fireDue();
      },
    ],
    [
      'let its time to be funded pass, before any timer saw it',
      'AWAITING_FUNDING',
      async () => market.clock.forward(24 * hourMs),
    ],
    [
      'took another offer of the same price',
      'AWAITING_FUNDING',
      async (id) => {
        market.clock.forward(24.5 * hourMs);
        await market.timers.fireDue();
        const { offer } = await market.offers.make(market.rival, id, { amountMinor: waits });
        await market.escrows.acceptOffer(market.customer, offer.id);
      },
    ],
  ];
  it.each(late)('because its customer %s is in the wallet, and the errand stays %s', async (_, state, moveOn) => {
    const inTwoDays = new Date(market.clock.now().getTime() + 48 * hourMs);
    const { errand, offer } = await market.tell.accepted({ expiresAt: inTwoDays }, waits);
    const { charge } = await payments.charges.payForErrand(market.customer, errand.id);
    await moveOn(errand.id, offer.id);
    const before = await market.db.read.errand.findUniqueOrThrow({ where: { id: errand.id } });
    expect(before.state).toBe(state);
    const wallet = await held(market.customer.userId);
    sandbox.server.book.succeedCharge(charge.providerRef);
    await payments.charges.verify(market.customer, charge.id);
    expect(moneyOf(await chargeOf(charge))).toMatchObject({
      landed: 'WALLET',
      detour: 'ERRAND_MOVED_ON',
      received: waits,
    });
    expect(await market.db.read.errand.findUniqueOrThrow({ where: { id: errand.id } })).toEqual(before);
    expect(await held(market.customer.userId)).toBe(wallet + waits);
    await market.assertSound();
  });

  it.each([waits - 1n, waits + 1n, 1n])('because it is %s minor units is in the wallet', async (minor) => {
    const { errand, charge } = await begin();
    const wallet = await held(market.customer.userId);
    sandbox.server.book.succeedCharge(charge.providerRef, minor);
    await payments.charges.verify(market.customer, charge.id);
    const wanted = { landed: 'WALLET', detour: 'OTHER_AMOUNT', amount: waits, received: minor };
    expect(moneyOf(await chargeOf(charge))).toMatchObject(wanted);
    expect(await stateOf(errand.id)).toBe('AWAITING_FUNDING');
    expect(await held(market.customer.userId)).toBe(wallet + minor);
    await market.assertSound();
  });

  it('because it is another currency waits in suspense, where FINANCE sees it, and a chargeback takes it from there', async () => {
    const { db, clock, customer, tenantId, addPerson, assertSound } = market;
    const finance = await addPerson(tenantId, 'FINANCE');
    const inCedis = { minor: waits, currency: 'GHS' as Currency };
    const provider = scriptedProvider({
      initiateCharge: ({ reference }) => ({
        kind: 'SUCCEEDED',
        amount: inCedis,
        fee: { ...inCedis, minor: 5n },
        providerRef: reference,
      }),
    });
    const own = paymentsOn(db, clock, provider);
    const { errand } = await market.tell.accepted({}, waits);
    const { charge } = await own.charges.payForErrand(customer, errand.id);
    expect(moneyOf(charge)).toMatchObject({ landed: 'SUSPENSE', detour: 'OTHER_CURRENCY', receivedCurrency: 'GHS' });
    expect(await stateOf(errand.id)).toBe('AWAITING_FUNDING');
    const suspense = accounts.suspense('sandbox');
    expect([await held(suspense, 'GHS'), await held(clearing, 'GHS')]).toEqual([waits, waits - 5n]);
    const page = await own.charges.inSuspense(finance, {});
    expect(page.rows.map(({ id }) => id)).toEqual([charge.id]);
    await expect(own.charges.inSuspense(customer, {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await own.chargebacks.record('provider', {
      provider: 'sandbox',
      eventId: 'e-1',
      providerRef: charge.providerRef,
      amountMinor: waits,
      currency: 'GHS',
      reason: 'taken back',
    });
    expect([await held(suspense, 'GHS'), await held(clearing, 'GHS')]).toEqual([0n, -5n]);
    await assertSound();
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
    const { state, checkoutUrl, landed } = await chargeOf(charge);
    expect({ state, checkoutUrl, landed }).toEqual({
      state: 'PENDING',
      checkoutUrl: 'https://pay.test/1',
      landed: null,
    });
    expect(await held(customer.userId)).toBe(0n);
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
    expect(await stateOf(errand.id)).toBe('ASSIGNED');
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
    const { charge } = await begin();
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
