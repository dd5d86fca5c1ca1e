import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Currency } from '../../src/kernel/index.js';
import { accounts } from '../../src/modules/ledger/index.js';
import {
  amountStaysPending as waits,
  moneyOf,
  openPaymentStage,
  paymentsOn,
  type PaymentStage,
} from '../support/payments.js';
import { scriptedProvider } from '../support/scripted-provider.js';
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
