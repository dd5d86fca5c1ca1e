import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { silentLogger, uuidv7, type UserViewer } from '../../src/kernel/index.js';
import { createChargebackService, type Chargeback, type ChargebackService } from '../../src/modules/escrows/index.js';
import { accounts, createBookkeeping, recoverReceivables, type AccountRef } from '../../src/modules/ledger/index.js';
import { startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let finance: UserViewer;
let chargebacks: ChargebackService;
beforeEach(async () => {
  await market?.close();
  market = await startMarket();
  finance = await market.addPerson(market.tenantId, 'FINANCE');
  chargebacks = createChargebackService({ db: market.db, clock: market.clock });
});
afterAll(() => market.close());

const topUp = async (amountMinor: bigint, who = market.customer) =>
  (await market.wallets.topUp(who, { amountMinor, currency: 'NGN' })).charge.providerRef;
const taken = (providerRef: string, amountMinor: bigint, patch: Partial<Chargeback> = {}): Chargeback => {
  const event = { eventId: uuidv7(), reason: 'the card holder disputes it' };
  return { provider: 'sandbox', providerRef, amountMinor, currency: 'NGN', ...event, ...patch };
};
const held = (account: AccountRef) => market.ledger.balance(market.tenantId, 'NGN', account);
const wallet = () => accounts.wallet(market.customer.userId);
const receivable = () => accounts.receivable(market.customer.userId);
const psp = accounts.pspClearing('sandbox');
const booksHold = async () => expect(await market.ledger.verify()).toMatchObject({ ok: true, faults: [] });

describe('a charge that the provider takes back', () => {
  it('is taken from the wallet it had filled, as far as that goes; the rest is owed', async () => {
    const ref = await topUp(1_000n);
    const { journal, isReplay } = await chargebacks.record(finance, taken(ref, 400n));
    expect(isReplay).toBe(false);
    expect(journal).toMatchObject({ kind: 'charge.chargeback', actorId: finance.userId });
    expect(journal.reason).toContain('the card holder disputes it');
    expect([await held(wallet()), await held(receivable()), await held(psp)]).toEqual([600n, 0n, 600n]);
    await topUp(50n);
    const other = await topUp(2_000n);
    const { errand } = await market.tell.accepted({}, 2_500n);
    await market.escrows.fund(market.customer, errand.id);
    await chargebacks.record('provider', taken(other, 2_000n));
    expect([await held(wallet()), await held(receivable())]).toEqual([0n, 1_850n]);
    await booksHold();
  });

  it('after the runner was paid leaves errand, escrow and runner as they are', async () => {
    const { tell, escrows, customer, runner, db } = market;
    const { errand, escrow } = await tell.delivered({}, 10_000n);
    await escrows.confirm(customer, errand.id);
    const rows = async () => [
      await db.read.errand.findUniqueOrThrow({ where: { id: errand.id } }),
      await escrows.get(customer, escrow.id),
      await held(accounts.wallet(runner.userId)),
    ];
    const before = await rows();
    const charge = await db.read.charge.findFirstOrThrow({ where: { userId: customer.userId } });
    await chargebacks.record('provider', taken(charge.providerRef, 10_000n));
    expect(await rows()).toEqual(before);
    expect([await held(wallet()), await held(receivable()), await held(psp)]).toEqual([0n, 10_000n, 0n]);
    await booksHold();
  });

  it('can be borne by the house, as an expense', async () => {
    const ref = await topUp(1_000n);
    await chargebacks.record(finance, taken(ref, 1_000n, { bearer: 'HOUSE' }));
    expect([await held(wallet()), await held(accounts.chargebacks()), await held(psp)]).toEqual([1_000n, 1_000n, 0n]);
    await booksHold();
  });

  it('is booked once an event, told ten times at once, and never above what came in', async () => {
    const ref = await topUp(1_000n);
    const event = taken(ref, 700n);
    const services = Array.from({ length: 10 }, () => {
      const db = createDb({ url: market.database.url, logger: silentLogger, poolMax: 1 });
      return { db, chargebacks: createChargebackService({ db, clock: market.clock }) };
    });
    const told = await Promise.all(services.map((one) => one.chargebacks.record('provider', event)));
    expect(told.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
    expect(new Set(told.map(({ journal }) => journal.id)).size).toBe(1);
    const two = services.map((one) => one.chargebacks.record('provider', taken(ref, 200n)));
    const codes = (await Promise.allSettled(two)).map((one) =>
      one.status === 'rejected' ? one.reason.code : 'booked',
    );
    expect(codes.toSorted()).toEqual([...Array<string>(9).fill('LIMIT_EXCEEDED'), 'booked']);
    await Promise.all(services.map(({ db }) => db.close()));
    expect([await held(wallet()), await held(psp)]).toEqual([100n, 100n]);
    await booksHold();
  });

  it('can be taken back when the provider gives the money back, and then be taken again', async () => {
    const ref = await topUp(1_000n);
    const { journal } = await chargebacks.record(finance, taken(ref, 1_000n));
    await market.ledger.reverse(finance, journal.id, 'we won it');
    expect([await held(wallet()), await held(psp)]).toEqual([1_000n, 1_000n]);
    await chargebacks.record(finance, taken(ref, 1_000n));
    expect(await held(wallet())).toBe(0n);
    await booksHold();
  });

  it('is refused, and moves nothing, when it is not one', async () => {
    const ref = await topUp(1_000n);
    const event = taken(ref, 100n);
    await chargebacks.record(finance, event);
    const elsewhere = await market.addPerson(await market.addTenant('other', 'NGN'), 'FINANCE');
    const refused = async (code: string, by: UserViewer | 'provider', patch: Partial<Chargeback>) =>
      expect([code, await chargebacks.record(by, taken(ref, 1n, patch)).catch(({ code: was }) => was)]).toEqual([
        code,
        code,
      ]);
    await refused('ALREADY_EXISTS', finance, { eventId: event.eventId });
    await refused('LIMIT_EXCEEDED', finance, { amountMinor: 901n });
    await refused('BAD_INPUT', finance, { amountMinor: 0n });
    await refused('BAD_INPUT', finance, { currency: 'KES' });
    await refused('BAD_INPUT', finance, { eventId: '' });
    await refused('BAD_INPUT', finance, { reason: ' ' });
    await refused('BAD_INPUT', finance, { bearer: 'NOBODY' as 'USER' });
    await refused('NOT_FOUND', finance, { providerRef: 'nothing' });
    await refused('NOT_FOUND', finance, { provider: 'nobody' });
    await refused('NOT_FOUND', elsewhere, {});
    await refused('FORBIDDEN', market.customer, {});
    await refused('FORBIDDEN', market.staff, {});
    const { db, customer, tenantId, clock } = market;
    const times = { askedAt: clock.now(), createdAt: clock.now(), updatedAt: clock.now() };
    const money = { amount: 1n, currency: 'NGN', state: 'FAILED', failure: 'declined' } as const;
    const mine = { id: uuidv7(), tenantId, userId: customer.userId, provider: 'sandbox', providerRef: 'declined' };
    await db.write((tx) => tx.charge.create({ data: { ...mine, ...money, ...times } }));
    await refused('NOT_FOUND', 'provider', { providerRef: 'declined' });
    expect([await held(wallet()), await held(psp)]).toEqual([900n, 900n]);
    await booksHold();
  });
});

describe('what a user owes', () => {
  /** The customer spends a charge on an errand, then the provider takes it back. */
  async function owe(amount: bigint): Promise<void> {
    const { errand } = await market.tell.assigned({}, amount);
    expect(errand.state).toBe('ASSIGNED');
    const charge = await market.db.read.charge.findFirstOrThrow({ orderBy: { createdAt: 'desc' } });
    await chargebacks.record('provider', taken(charge.providerRef, amount));
    expect([await held(wallet()), await held(receivable())]).toEqual([0n, amount]);
  }

  it('is taken from what comes into the wallet later, and no more than is owed', async () => {
    await owe(1_000n);
    expect(await recoverReceivables(market.db, market.clock)).toBe(0);
    await topUp(300n);
    expect(await recoverReceivables(market.db, market.clock)).toBe(1);
    expect([await held(wallet()), await held(receivable())]).toEqual([0n, 700n]);
    await topUp(5_000n);
    expect(await recoverReceivables(market.db, market.clock)).toBe(1);
    expect([await held(wallet()), await held(receivable())]).toEqual([4_300n, 0n]);
    expect(await recoverReceivables(market.db, market.clock)).toBe(0);
    await booksHold();
  });

  it('is taken once, however many processes take it beside a customer who spends', async () => {
    await owe(1_000n);
    const dbs = Array.from({ length: 8 }, () =>
      createDb({ url: market.database.url, logger: silentLogger, poolMax: 2 }),
    );
    for (let round = 0n; round < 5n; round += 1n) {
      await topUp(150n + round);
      const { errand } = await market.tell.accepted({}, 100n);
      const spending = market.escrows.fund(market.customer, errand.id).catch((error: { code: string }) => error.code);
      await Promise.all([spending, ...dbs.map((db) => recoverReceivables(db, market.clock))]);
      await recoverReceivables(market.db, market.clock);
      expect(await held(wallet())).toBe(0n);
    }
    await Promise.all(dbs.map((db) => db.close()));
    const spent = await market.db.read.escrow.findMany({ where: { state: 'FUNDED', gross: 100n } });
    expect(await held(receivable())).toBe(1_000n - 760n + 100n * BigInt(spent.length));
    await booksHold();
  });

  it('is recovered, and the books sealed, by a round that nobody has to ask for', async () => {
    await owe(500n);
    await topUp(500n);
    market.clock.forward(60_000);
    const round = createBookkeeping({ db: market.db, clock: market.clock, logger: silentLogger });
    await round(() => true);
    expect(await held(receivable())).toBe(0n);
    // Closing waits for whoever is writing, in whatever database of the cluster.
    await expect
      .poll(() => round(() => true).then(() => market.db.read.ledgerSeal.count()), { timeout: 120_000 })
      .toBeGreaterThan(0);
    await booksHold();
  });
});
