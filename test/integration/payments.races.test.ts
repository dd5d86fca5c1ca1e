import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { silentLogger } from '../../src/kernel/index.js';
import { createEscrowService } from '../../src/modules/escrows/index.js';
import { accounts } from '../../src/modules/ledger/index.js';
import { amountStaysPending, paymentsOn, startTellingSandbox, type TellingSandbox } from '../support/payments.js';
import { startStatementLink, type CutAt } from '../support/statement-link.js';
import { minuteMs, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let sandbox: TellingSandbox;
let rivals: readonly Rival[];

type Rival = ReturnType<typeof rivalOn>;

/** A server of its own: one pool, one connection. */
function rivalOn(url: string) {
  const db: Db = createDb({ url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 30_000 });
  const { clock } = market;
  return { db, escrows: createEscrowService({ db, clock }), ...paymentsOn(db, clock, sandbox.provider) };
}

beforeAll(async () => {
  market = await startMarket();
  sandbox = await startTellingSandbox(market.clock);
  rivals = Array.from({ length: 5 }, () => rivalOn(market.database.url));
  await Promise.all(rivals.map(({ db }) => db.read.tenant.count()));
});
afterAll(async () => {
  await Promise.all(rivals.map(({ db }) => db.close()));
  await sandbox.server.close();
  await market.close();
});

/** An errand whose payment has come in at the provider, and nobody here knows it yet. */
async function paidUnnoticed() {
  const { tell, customer, clock } = market;
  const { errand, escrow } = await tell.accepted({}, amountStaysPending);
  const { charge } = await rivals[0]!.charges.payForErrand(customer, errand.id);
  sandbox.told();
  sandbox.server.book.succeedCharge(charge.providerRef);
  const [webhook] = sandbox.told();
  clock.forward(minuteMs);
  return { errand, escrow, charge, webhook: webhook! };
}

async function expectOneLanding(chargeId: string, errandId: string): Promise<string> {
  const { db } = market;
  const { state, landed } = await db.read.charge.findUniqueOrThrow({ where: { id: chargeId } });
  expect(state).toBe('SUCCEEDED');
  expect(await db.read.journal.count({ where: { businessRef: `charge:${chargeId}` } })).toBe(1);
  const events = await db.read.processEvent.findMany({ where: { errandId }, orderBy: { seq: 'asc' } });
  const fundings = events.map(({ transition }) => transition).filter((name) => name.startsWith('fund'));
  expect(fundings.length).toBeLessThanOrEqual(1);
  expect(fundings.includes('fundFromCharge')).toBe(landed === 'ERRAND');
  return `${landed} ${events.at(-1)!.transition}`;
}

/** Clearing is the provider's own book, to the unit. */
async function expectClearingIsTheBook(): Promise<void> {
  const items = sandbox.server.book.items();
  const book = items.reduce((sum, { amount, fee }) => sum + amount.minor - fee.minor, 0n);
  const story = market.db.read.charge.findMany({ where: { fee: 0n, state: 'SUCCEEDED' } });
  const elsewhere = (await story).reduce((sum, { received }) => sum + received!, 0n);
  const clearing = await market.ledger.balance(market.tenantId, 'NGN', accounts.pspClearing('sandbox'));
  expect(clearing - elsewhere).toBe(book);
}

describe('webhook, round, question, calling off and paying from the wallet, at once', () => {
  it('book the money once and land it in one place', async () => {
    const { customer, wallets } = market;
    const seen = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      await wallets.topUp(customer, { amountMinor: 20_000n, currency: 'NGN' });
      const { errand, charge, webhook } = await paidUnnoticed();
      const moves: readonly ((one: Rival) => Promise<unknown>)[] = [
        async (one) => {
          await one.deliver(webhook);
          await one.inbox.work();
        },
        (one) => one.charges.checkDue(),
        (one) => one.charges.verify(customer, charge.id),
        (one) => (round % 3 === 0 ? one.charges.verify(customer, charge.id) : one.escrows.cancel(customer, errand.id)),
        (one) => (round % 3 === 1 ? one.charges.checkDue() : one.escrows.fund(customer, errand.id)),
      ];
      // Another is the first to be let go each time.
      const order = moves.map((_, index) => (index + round) % moves.length);
      const outcomes = await Promise.allSettled(order.map((index) => moves[index]!(rivals[index]!)));
      const codes = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason.code ?? one.reason] : []));
      expect(codes.filter((code) => code !== 'ILLEGAL_TRANSITION')).toEqual([]);
      seen.add(await expectOneLanding(charge.id, errand.id));
    }
    expect(seen.size).toBeGreaterThan(1);
    await expectClearingIsTheBook();
    await market.assertSound();
  }, 180_000);
});

/** All of them with RUNAM_PAYMENT_CUTS=all. */
const step = process.env['RUNAM_PAYMENT_CUTS'] === 'all' ? 1 : 5;
const statementsMax = 200;
const waiting = { timeout: 20_000, interval: 20 };

describe.each<CutAt>(['request', 'answer'])('a server that is lost at the %s of any of its statements', (at) => {
  /** @returns how many were lost */
  async function loseEach(
    work: (doomed: Rival) => () => Promise<unknown>,
    check: () => Promise<void>,
  ): Promise<number> {
    let lost = 0;
    for (let nth = at === 'request' ? 1 : 2; nth <= statementsMax; nth += step) {
      const link = await startStatementLink(market.database.url);
      const doomed = rivalOn(link.url);
      const run = work(doomed);
      await doomed.db.read.tenant.count();
      link.cutAt(nth, at);
      await run().catch(() => 'lost');
      const { isCut } = link;
      await doomed.db.close().catch(() => 'lost');
      await link.close();
      market.clock.forward(2 * minuteMs);
      await check();
      if (!isCut) break;
      lost += 1;
    }
    // For whoever wants the figures.
    if (process.env['RUNAM_E2E_FIGURES']) process.stdout.write(`${JSON.stringify({ at, step, lost })}\n`);
    return lost;
  }

  it('while it has an errand paid leaves it to the rounds of others, and the payment can be repeated', async () => {
    const { tell, customer } = market;
    const [healthy] = rivals as [Rival];
    let errandId = '';
    const pay = (one: Rival) => one.charges.payForErrand(customer, errandId, { reference: errandId });
    ({ id: errandId } = (await tell.accepted({}, 30_000n)).errand);
    const lost = await loseEach(
      (doomed) => () => pay(doomed),
      async () => {
        const itemsOf = (reference: string) =>
          sandbox.server.book.items().filter((item) => item.reference === reference).length;
        // The database may take a moment to let go of what the lost server held; a later round finds it.
        await vi.waitFor(async () => {
          market.clock.forward(2 * minuteMs);
          await healthy.charges.checkDue();
          const noted = await market.db.read.charge.findFirst({ where: { errandId } });
          if (!noted) return;
          expect(noted).toMatchObject(itemsOf(noted.providerRef) === 1 ? { landed: 'ERRAND' } : { state: 'FAILED' });
        }, waiting);
        const { charge } = await pay(healthy);
        expect(charge.landed).toBe('ERRAND');
        expect(await expectOneLanding(charge.id, errandId)).toBe('ERRAND fundFromCharge');
        expect(itemsOf(charge.providerRef)).toBe(1);
        ({ id: errandId } = (await tell.accepted({}, 30_000n)).errand);
      },
    );
    expect(lost).toBeGreaterThan(4);
    await expectClearingIsTheBook();
    await market.assertSound();
  }, 180_000);

  it('while it follows a webhook up leaves it to another', async () => {
    const [healthy] = rivals as [Rival];
    let paid = await paidUnnoticed();
    const lost = await loseEach(
      (doomed) => async () => {
        await doomed.deliver(paid.webhook);
        await doomed.inbox.work();
      },
      async () => {
        await healthy.deliver(paid.webhook);
        await vi.waitFor(async () => {
          market.clock.forward(2 * minuteMs);
          await healthy.inbox.work();
          expect(await market.db.read.webhookInbox.count({ where: { state: { not: 'DONE' } } })).toBe(0);
        }, waiting);
        expect(await expectOneLanding(paid.charge.id, paid.errand.id)).toBe('ERRAND fundFromCharge');
        paid = await paidUnnoticed();
      },
    );
    expect(lost).toBeGreaterThan(4);
    await market.assertSound();
  }, 180_000);
});
