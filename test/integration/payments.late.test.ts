import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Currency } from '../../src/kernel/index.js';
import { accounts } from '../../src/modules/ledger/index.js';
import { createChargeService } from '../../src/modules/payments/index.js';
import { createStandingService } from '../../src/modules/people/index.js';
import type { ChargeReport } from '../../src/modules/providers/index.js';
import {
  amountStaysPending as waits,
  moneyOf,
  openPaymentStage,
  paymentsOn,
  type PaymentStage,
} from '../support/payments.js';
import { scriptedProvider, succeeded } from '../support/scripted-provider.js';
import { hourMs } from '../support/stories.js';

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
    const wallet = await stage.wallet();
    sandbox.server.book.succeedCharge(charge.providerRef);
    await payments.charges.verify(market.customer, charge.id);
    expect(moneyOf(await stage.chargeOf(charge))).toMatchObject({
      landed: 'WALLET',
      detour: 'ERRAND_MOVED_ON',
      received: waits,
    });
    expect(await market.db.read.errand.findUniqueOrThrow({ where: { id: errand.id } })).toEqual(before);
    expect(await stage.wallet()).toBe(wallet + waits);
    await market.assertSound();
  });

  it('because its runner was suspended meanwhile is in the wallet, and no payment for them is begun', async () => {
    const { db, clock, tenantId, customer, staff, tell, offers, escrows } = market;
    const runner = await market.addPerson(tenantId, 'RUNNER');
    const { id } = await tell.open();
    const { offer } = await offers.make(runner, id, { amountMinor: waits });
    await escrows.acceptOffer(customer, offer.id);
    const { charge } = await payments.charges.payForErrand(customer, id);
    await createStandingService({ db, clock }).suspend(staff, runner.userId, 'Complaints.');
    await expect(payments.charges.payForErrand(customer, id, { reference: 'another' })).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      message: expect.stringContaining('suspended'),
    });
    const wallet = await stage.wallet();
    sandbox.server.book.succeedCharge(charge.providerRef);
    await payments.charges.verify(customer, charge.id);
    expect(moneyOf(await stage.chargeOf(charge))).toMatchObject({ landed: 'WALLET', detour: 'ERRAND_MOVED_ON' });
    expect(await stage.stateOf(id)).toBe('AWAITING_FUNDING');
    expect(await stage.wallet()).toBe(wallet + waits);
    await market.assertSound();
  });

  it.each([waits - 1n, waits + 1n, 1n])('because it is %s minor units is in the wallet', async (minor) => {
    const { errand, charge } = await stage.begin();
    const wallet = await stage.wallet();
    sandbox.server.book.succeedCharge(charge.providerRef, minor);
    await payments.charges.verify(market.customer, charge.id);
    const wanted = { landed: 'WALLET', detour: 'OTHER_AMOUNT', amount: waits, received: minor };
    expect(moneyOf(await stage.chargeOf(charge))).toMatchObject(wanted);
    expect(await stage.stateOf(errand.id)).toBe('AWAITING_FUNDING');
    expect(await stage.wallet()).toBe(wallet + minor);
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
    expect(await stage.stateOf(errand.id)).toBe('AWAITING_FUNDING');
    const suspense = accounts.suspense('sandbox');
    expect([await stage.held(suspense, 'GHS'), await stage.held(clearing, 'GHS')]).toEqual([waits, waits - 5n]);
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
    expect([await stage.held(suspense, 'GHS'), await stage.held(clearing, 'GHS')]).toEqual([0n, -5n]);
    await assertSound();
  });
});

describe('a charge of a provider that is not set up any more', () => {
  beforeAll(open);

  it('waits for it, and is looked at less and less often', async () => {
    const { db, clock } = market;
    const { charge } = await stage.begin();
    const former = createChargeService({ db, clock, provider: undefined });
    const pauses: number[] = [];
    while (pauses.length < 6) {
      const { nextCheckAt } = await stage.chargeOf(charge);
      clock.forward(nextCheckAt!.getTime() - clock.now().getTime());
      expect(await former.checkDue()).toEqual({ checked: 0, ended: 0, failed: 1 });
      pauses.push((await stage.chargeOf(charge)).nextCheckAt!.getTime() - clock.now().getTime());
    }
    expect(pauses).toEqual(pauses.toSorted((one, other) => one - other));
    expect(pauses.at(-1)).toBe(1_280_000);
    const lastError = 'The payment provider sandbox is not set up on this server.';
    expect(await stage.chargeOf(charge)).toMatchObject({ state: 'PENDING', lastError });
    sandbox.server.book.succeedCharge(charge.providerRef);
    clock.forward(hourMs);
    expect(await payments.charges.checkDue()).toMatchObject({ ended: 1 });
  });
});

describe('a charge that has failed', () => {
  beforeAll(open);

  it('comes in when its payer tried again and nobody told: it is asked about for a week', async () => {
    const { db, clock, customer } = market;
    const said: { report: ChargeReport } = { report: { kind: 'FAILED', reason: 'declined' } };
    let asked = 0;
    const provider = scriptedProvider({ initiateCharge: () => said.report, chargeOf: () => (++asked, said.report) });
    const own = paymentsOn(db, clock, provider);
    const fail = async (reference: string) => {
      said.report = { kind: 'FAILED', reason: 'declined' };
      const topUp = { amountMinor: 700n, currency: 'NGN', reference };
      await expect(own.wallets.topUp(customer, topUp)).rejects.toThrow('The payment was declined');
      return db.read.charge.findFirstOrThrow({ orderBy: [{ createdAt: 'desc' }, { id: 'desc' }] });
    };
    const tried = await fail('tried again');
    clock.forward(6 * 24 * hourMs);
    expect(await own.charges.checkDue()).toMatchObject({ ended: 0, failed: 0 });
    expect(await stage.chargeOf(tried)).toMatchObject({ state: 'FAILED', failure: 'declined' });
    said.report = succeeded({ reference: tried.providerRef, amount: { minor: 700n, currency: 'NGN' }, email: '' });
    clock.forward(6 * hourMs);
    expect(await own.charges.checkDue()).toMatchObject({ ended: 1, failed: 0 });
    expect(moneyOf(await stage.chargeOf(tried))).toMatchObject({ landed: 'WALLET', received: 700n });
    const given = await fail('given up');
    for (let days = 0; days < 8; days += 1) {
      clock.forward(24 * hourMs);
      await own.charges.checkDue();
    }
    const before = asked;
    clock.forward(1_000 * hourMs);
    await own.charges.checkDue();
    expect([asked - before, (await stage.chargeOf(given)).nextCheckAt]).toEqual([0, null]);
    await market.assertSound();
  });
});
