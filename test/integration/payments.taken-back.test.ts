import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts } from '../../src/modules/ledger/index.js';
import { createChargebacksRound } from '../../src/modules/payments/index.js';
import { createReconciliationService } from '../../src/modules/payouts/index.js';
import type { Db } from '../../src/db/index.js';
import { beginTopUp, moneyOf, openPaymentStage, paymentsOn, type PaymentStage } from '../support/payments.js';
import { anotherProcess } from '../support/payouts.js';
import { hourMs } from '../support/stories.js';

let stage: PaymentStage;
let market: PaymentStage['market'];
let sandbox: PaymentStage['sandbox'];
let payments: PaymentStage['payments'];
beforeAll(async () => {
  stage = await openPaymentStage();
  ({ market, sandbox, payments } = stage);
});
afterAll(() => stage.close());

/** The round of one process, as that starts. */
function roundOn(db: Db = market.db) {
  const { charges, chargebacks } = paymentsOn(db, market.clock, sandbox.provider);
  return createChargebacksRound({ db, clock: market.clock, provider: sandbox.provider, charges, chargebacks });
}

const chargebacksOf = (id: string) =>
  market.db.read.journal.count({ where: { businessRef: `charge:${id}`, kind: 'charge.chargeback' } });

describe('a charge that came and went before anybody looked', () => {
  it('is booked as both in one transaction: its errand is not funded, and nobody can spend it', async () => {
    const { errand, charge } = await stage.begin();
    const { balance } = market.ledger;
    const fees = () => balance(market.tenantId, 'NGN', accounts.pspFees());
    const [wallet, feesBefore, clearing] = [
      await stage.wallet(),
      await fees(),
      await stage.held(accounts.pspClearing('sandbox')),
    ];
    sandbox.server.book.succeedCharge(charge.providerRef);
    sandbox.server.book.reverseCharge(charge.providerRef);
    const verified = await payments.charges.verify(market.customer, charge.id);
    expect(moneyOf(verified)).toMatchObject({ state: 'SUCCEEDED', landed: 'WALLET', detour: 'TAKEN_BACK' });
    expect(verified.nextCheckAt).toBeNull();
    expect(await stage.stateOf(errand.id)).toBe('AWAITING_FUNDING');
    expect(await stage.wallet()).toBe(wallet);
    const fee = verified.fee ?? 0n;
    expect(fee).toBeGreaterThan(0n);
    expect((await fees()) - feesBefore).toBe(fee);
    expect(clearing - (await stage.held(accounts.pspClearing('sandbox')))).toBe(fee);
    await market.assertSound();
  });

  it('is taken back once, also when it is told of in a webhook and found in the book besides', async () => {
    const charge = await beginTopUp(payments, await market.addPerson(market.tenantId, 'CUSTOMER'));
    sandbox.told();
    sandbox.server.book.succeedCharge(charge.providerRef);
    sandbox.server.book.chargeBack(charge.providerRef, 4_000n);
    sandbox.server.book.reverseCharge(charge.providerRef);
    for (const webhook of sandbox.told()) await payments.deliver(webhook);
    await payments.inbox.work(100);
    await roundOn()();
    expect(await chargebacksOf(charge.id)).toBe(1);
    expect(await stage.held(accounts.wallet(charge.userId))).toBe(0n);
    const failed = await market.db.read.webhookInbox.count({ where: { state: 'FAILED' } });
    expect(failed).toBe(0);
    const { differences } = await reconciled();
    expect(differences).toEqual([]);
    await market.assertSound();
  });
});

async function reconciled() {
  const finance = await market.addPerson(market.tenantId, 'FINANCE');
  const reconciliation = createReconciliationService({ db: market.db, providers: [sandbox.provider] });
  return reconciliation.ofDay(finance, 'sandbox', market.clock.now().toISOString().slice(0, 10));
}

describe('a chargeback that no webhook told of', () => {
  it("is found in the provider's book within an hour and booked once, on however many processes", async () => {
    const owner = await market.addPerson(market.tenantId, 'CUSTOMER');
    const { charge } = await payments.wallets.topUp(owner, { amountMinor: 50_000n, currency: 'NGN' });
    const round = roundOn();
    expect(await round()).toBe(0);
    sandbox.server.book.chargeBack(charge.providerRef, 20_000n);
    sandbox.told();
    market.clock.forward(hourMs - 1);
    expect(await round()).toBe(0);
    market.clock.forward(1);
    const others = [anotherProcess(market), anotherProcess(market)];
    const found = await Promise.all([round(), ...others.map((db) => roundOn(db)())]);
    for (const other of others) await other.close();
    expect(found.toSorted()).toEqual([0, 0, 1]);
    expect(await stage.held(accounts.wallet(owner.userId))).toBe(30_000n);
    expect((await reconciled()).differences).toEqual([]);
    market.clock.forward(hourMs);
    expect(await round()).toBe(0);
    expect(await chargebacksOf(charge.id)).toBe(1);
    await market.assertSound();
  });

  it('of a charge that nobody has asked about yet has that booked first, and one of nobody is left to reconciliation', async () => {
    const charge = await beginTopUp(payments, await market.addPerson(market.tenantId, 'CUSTOMER'));
    const { book } = sandbox.server;
    book.succeedCharge(charge.providerRef);
    book.chargeBack(charge.providerRef, 1_000n);
    book.charge({ reference: 'nobody', amount: { minor: 5_000n, currency: 'NGN' }, email: 'nobody@runam.test' });
    book.chargeBack('nobody');
    expect(await roundOn()()).toBe(1);
    expect(await stage.held(accounts.wallet(charge.userId))).toBe(charge.amount - 1_000n);
    const { differences } = await reconciled();
    expect(new Set(differences.map(({ reference }) => reference))).toEqual(new Set(['nobody']));
    await market.assertSound();
  });
});
