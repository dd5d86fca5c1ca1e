import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Charge } from '../../src/modules/payments/index.js';
import { accounts } from '../../src/modules/ledger/index.js';
import {
  amountStaysPending,
  beginTopUp,
  moneyOf,
  paymentsOn,
  startTellingSandbox,
  type SentWebhook,
  type TellingSandbox,
} from '../support/payments.js';
import { hourMs, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let sandbox: TellingSandbox;
let payments: ReturnType<typeof paymentsOn>;

beforeAll(async () => {
  market = await startMarket();
  sandbox = await startTellingSandbox(market.clock);
  payments = paymentsOn(market.db, market.clock, sandbox.provider);
});
afterAll(async () => {
  await sandbox.server.close();
  await market.close();
});

/** P is a round that asks about what has not ended; the others are what the sandbox told. */
type Step = 'charge' | 'chargeback' | 'second' | 'P';

/** Every different order of the steps. */
function ordersOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  if (steps.length === 0) return [[]];
  return [...new Set(steps)].flatMap((first) => {
    const rest = steps.toSpliced(steps.indexOf(first), 1);
    return ordersOf(rest).map((order) => [first, ...order]);
  });
}

/** A charge that came in and was taken back in part, twice; and what the sandbox told of it. */
async function chargedBack(): Promise<{ charge: Charge; told: Readonly<Record<Exclude<Step, 'P'>, SentWebhook>> }> {
  const charge = await beginTopUp(payments, await market.addPerson(market.tenantId, 'CUSTOMER'));
  sandbox.told();
  sandbox.server.book.succeedCharge(charge.providerRef);
  sandbox.server.book.chargeBack(charge.providerRef, 4_000n);
  sandbox.server.book.chargeBack(charge.providerRef, 1_000n);
  const [first, chargeback, second] = sandbox.told();
  return { charge, told: { charge: first!, chargeback: chargeback!, second: second! } };
}

async function settle(): Promise<void> {
  market.clock.forward(hourMs);
  await payments.inbox.work(1_000);
  await payments.charges.checkDue(1_000);
}

async function outcomeOf({ id, userId }: Charge): Promise<unknown> {
  const { db, ledger, tenantId } = market;
  const journals = await db.read.journal.findMany({
    where: { businessRef: `charge:${id}` },
    include: { lines: { orderBy: { seq: 'asc' } } },
  });
  return {
    charge: moneyOf(await db.read.charge.findUniqueOrThrow({ where: { id } })),
    booked: journals.map(({ kind, lines }) => [kind, ...lines.map(({ amount }) => amount)].join(' ')).toSorted(),
    wallet: await ledger.balance(tenantId, 'NGN', accounts.wallet(userId)),
    owed: await ledger.balance(tenantId, 'NGN', accounts.receivable(userId)),
  };
}

const fee = 152n;
const expected = {
  charge: {
    state: 'SUCCEEDED',
    amount: amountStaysPending,
    received: amountStaysPending,
    receivedCurrency: 'NGN',
    fee,
    landed: 'WALLET',
    detour: null,
    failure: null,
  },
  booked: ['charge.chargeback 1000 1000', 'charge.chargeback 4000 4000', 'wallet.topUp 10068 10068 152 152'],
  wallet: amountStaysPending - 5_000n,
  owed: 0n,
};

describe('what a provider tells of a charge and of two chargebacks of it', () => {
  const whole = ordersOf(['charge', 'charge', 'chargeback', 'second']);
  const polled = ordersOf(['P', 'charge', 'chargeback', 'chargeback']).map((order) => [...order, 'second' as const]);
  const lost = ordersOf(['chargeback', 'chargeback', 'second']);
  const orders = [...whole, ...polled, ...lost];

  it.each(['at once', 'in a heap'] as const)(
    'comes to the same rows and balances in every order, told once or twice, or never of the charge, followed up %s',
    async (how) => {
      expect(orders).toHaveLength(12 + 12 + 3);
      const charges = new Map<string, Charge>();
      for (const order of orders) {
        const { charge, told } = await chargedBack();
        charges.set(order.join(' '), charge);
        for (const step of order) {
          if (step === 'P') market.clock.forward(hourMs);
          if (step === 'P') await payments.charges.checkDue();
          else await payments.deliver(told[step]);
          if (how === 'at once') await payments.inbox.work();
        }
      }
      await settle();
      for (const [order, charge] of charges) expect(await outcomeOf(charge), order).toEqual(expected);
      expect(await market.db.read.webhookInbox.count({ where: { state: { not: 'DONE' } } })).toBe(0);
      await market.assertSound();
    },
    180_000,
  );
});
