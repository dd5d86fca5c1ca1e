import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { AppError, silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { accounts, ledgerHealth, postJournal, transfer } from '../../src/modules/ledger/index.js';
import {
  createServices,
  minuteMs,
  newErrand,
  startMarket,
  type StoryMarket,
  type StoryServices,
} from '../support/stories.js';

/** Each rival has a server of its own: one pool, one connection, opened before the race starts. */
const rivalsMax = 50;
let market: StoryMarket;
let rivals: readonly StoryServices[];

beforeAll(async () => {
  market = await startMarket();
  rivals = Array.from({ length: rivalsMax }, () =>
    createServices(
      createDb({ url: market.database.url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 30_000 }),
      market.clock,
    ),
  );
  await Promise.all(rivals.map(({ db }) => db.read.tenant.count()));
});
afterAll(async () => {
  await Promise.all(rivals.map(({ db }) => db.close()));
  await market.close();
});

/** Lets everybody go at once. @returns 'won' or the code of what each was told */
async function race(attempts: readonly ((one: StoryServices) => Promise<unknown>)[]): Promise<string[]> {
  const results = await Promise.allSettled(attempts.map((attempt, index) => attempt(rivals[index]!)));
  return results.map((result) => {
    if (result.status === 'fulfilled') return 'won';
    if (result.reason instanceof AppError) return result.reason.code;
    throw result.reason;
  });
}

const tally = (outcomes: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
};

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe('accepting', () => {
  it('gives an errand to one runner when fifty connections accept fifty offers of it', async () => {
    const { tell, offers, customer, tenantId, addPerson, db } = market;
    const errand = await tell.open();
    const made: string[] = [];
    for (let index = 0; index < rivalsMax; index += 1) {
      const runner = await addPerson(tenantId, 'RUNNER');
      made.push((await offers.make(runner, errand.id, { amountMinor: 1000n + BigInt(index) })).offer.id);
    }
    const outcomes = await race(
      made.map(
        (offerId) =>
          ({ escrows }) =>
            escrows.acceptOffer(customer, offerId),
      ),
    );
    expect(tally(outcomes)).toEqual({ won: 1, ILLEGAL_TRANSITION: rivalsMax - 1 });
    const accepted = await db.read.offer.findMany({ where: { errandId: errand.id, state: 'ACCEPTED' } });
    const after = await db.read.errand.findUniqueOrThrow({ where: { id: errand.id } });
    expect(accepted.map(({ id, runnerId }) => [id, runnerId])).toEqual([
      [made[outcomes.indexOf('won')], after.runnerId],
    ]);
    expect(after).toMatchObject({
      state: 'AWAITING_FUNDING',
      acceptedOfferId: accepted[0]!.id,
      version: errand.version + 1,
    });
    expect(await db.read.escrow.count({ where: { errandId: errand.id } })).toBe(1);
    expect(await db.read.processEvent.count({ where: { errandId: errand.id, transition: 'acceptOffer' } })).toBe(1);
  });

  it('leaves one live offer when a runner makes ten at once', async () => {
    const { tell, runner, db } = market;
    const errand = await tell.open();
    const outcomes = await race(
      times(
        10,
        () =>
          ({ offers }) =>
            offers.make(runner, errand.id, { amountMinor: 5n }),
      ),
    );
    expect(tally(outcomes)).toEqual({ won: 1, ALREADY_EXISTS: 9 });
    expect(await db.read.offer.count({ where: { errandId: errand.id } })).toBe(1);
  });

  it('takes no offer on an errand that is being taken', async () => {
    const { tell, customer, rival, db } = market;
    const { errand, offer } = await tell.offered();
    await race([
      ({ escrows }) => escrows.acceptOffer(customer, offer.id),
      ({ offers }) => offers.make(rival, errand.id, { amountMinor: 5n }),
    ]);
    const events = await db.read.processEvent.findMany({ where: { errandId: errand.id }, orderBy: { seq: 'asc' } });
    const placed = events.filter(({ transition }) => transition === 'placeOffer').map(({ seq }) => seq);
    const acceptedAt = events.find(({ transition }) => transition === 'acceptOffer')!.seq;
    expect(placed.every((seq) => seq < acceptedAt)).toBe(true);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  });
});

describe('funding', () => {
  it('takes the money once when ten connections fund one errand', async () => {
    const { tell, customer, wallets } = market;
    const { errand, escrow } = await tell.accepted();
    await wallets.topUp(customer, { amountMinor: escrow.gross * 5n, currency: 'NGN' });
    const before = (await wallets.wallet(customer)).minor;
    const outcomes = await race(
      times(
        10,
        () =>
          ({ escrows }) =>
            escrows.fund(customer, errand.id),
      ),
    );
    expect(tally(outcomes)).toEqual({ won: 1, ILLEGAL_TRANSITION: 9 });
    expect((await wallets.wallet(customer)).minor).toBe(before - escrow.gross);
  });

  it('never spends a wallet twice: of ten errands funded at once it pays for the three it holds money for', async () => {
    const { addPerson, tenantId, errands, offers, escrows, wallets, runner } = market;
    const spender = await addPerson(tenantId, 'CUSTOMER');
    const ids: string[] = [];
    for (let index = 0; index < 10; index += 1) {
      const errand = await errands.post(spender, newErrand());
      const { offer } = await offers.make(runner, errand.id, { amountMinor: 1_000n });
      ids.push((await escrows.acceptOffer(spender, offer.id)).errand.id);
    }
    await wallets.topUp(spender, { amountMinor: 3_999n, currency: 'NGN' });
    const outcomes = await race(
      ids.map(
        (id) =>
          ({ escrows }) =>
            escrows.fund(spender, id),
      ),
    );
    expect(tally(outcomes)).toEqual({ won: 3, INSUFFICIENT_FUNDS: 7 });
    expect((await wallets.wallet(spender)).minor).toBe(999n);
  });

  it('is either funded or called off when both race, and the money is where the state says', async () => {
    const { tell, customer, wallets, escrows } = market;
    for (let round = 0; round < 8; round += 1) {
      const { errand, escrow } = await tell.accepted();
      await wallets.topUp(customer, { amountMinor: escrow.gross, currency: 'NGN' });
      const before = (await wallets.wallet(customer)).minor;
      const [funded, cancelled] = await race([
        ({ escrows }) => escrows.fund(customer, errand.id),
        ({ escrows }) => escrows.cancel(customer, errand.id),
      ]);
      const after = await escrows.get(customer, escrow.id);
      const spent = before - (await wallets.wallet(customer)).minor;
      // Both may win, one after the other: an errand just funded may be called off for free.
      const ends =
        funded === 'won' ? { state: cancelled === 'won' ? 'REFUNDED' : 'FUNDED' } : { state: 'VOID', funded: 0n };
      expect(after).toMatchObject(ends);
      expect(spent).toBe(after.funded - after.refunded);
    }
  });
});

describe('settling', () => {
  it('pays the runner once when a delivery is confirmed and called off twenty times at once', async () => {
    const { tell, customer, runner, wallets, escrows, ledger, tenantId } = market;
    const { errand, escrow } = await tell.delivered({}, 800_000n);
    const before = (await wallets.wallet(runner)).minor;
    const outcomes = await race([
      ...times(
        10,
        () =>
          ({ escrows }: StoryServices) =>
            escrows.confirm(customer, errand.id),
      ),
      ...times(
        10,
        () =>
          ({ escrows }: StoryServices) =>
            escrows.cancel(customer, errand.id),
      ),
    ]);
    expect(tally(outcomes)).toEqual({ won: 1, ILLEGAL_TRANSITION: 19 });
    // 12.5 % of 800,000 is 100,000; VAT on it 7,500.
    expect((await wallets.wallet(runner)).minor - before).toBe(692_500n);
    expect(await escrows.get(customer, escrow.id)).toMatchObject({
      state: 'RELEASED',
      released: 800_000n,
      refunded: 0n,
    });
    expect(await ledger.balance(tenantId, 'NGN', accounts.escrowService(escrow.id))).toBe(0n);
  });

  it('either starts or is called off when runner and customer race, never both', async () => {
    const { tell, customer, runner, db, clock } = market;
    for (let round = 0; round < 8; round += 1) {
      const { errand } = await tell.assigned();
      clock.forward(20 * minuteMs);
      const outcomes = await race([
        ({ errands }) => errands.start(runner, errand.id),
        ({ escrows }) => escrows.cancel(customer, errand.id),
      ]);
      expect(tally(outcomes)).toEqual({ won: 1, ILLEGAL_TRANSITION: 1 });
      const { state } = await db.read.errand.findUniqueOrThrow({ where: { id: errand.id } });
      expect(state).toBe(outcomes[0] === 'won' ? 'IN_PROGRESS' : 'CANCELLED');
    }
  });
});

describe('money coming in', () => {
  it('arrives once when ten connections top up with one reference, and one of them is told that it brought it', async () => {
    const { addPerson, tenantId, wallets } = market;
    const saver = await addPerson(tenantId, 'CUSTOMER');
    const topUp = { amountMinor: 70_000n, currency: 'NGN', reference: 'salary-march' };
    const replays: boolean[] = [];
    const outcomes = await race(
      times(
        10,
        () =>
          ({ wallets }) =>
            wallets.topUp(saver, topUp).then(({ isReplay }) => replays.push(isReplay)),
      ),
    );
    expect(tally(outcomes)).toEqual({ won: 10 });
    expect(replays.filter((isReplay) => !isReplay)).toHaveLength(1);
    expect((await wallets.wallet(saver)).minor).toBe(70_000n);
  });
});

describe('the ledger', () => {
  const journal = (debitId: string, creditId: string, amount: bigint, id = uuidv7()) => ({
    id,
    tenantId: market.tenantId,
    kind: 'test',
    businessRef: `test:${id}`,
    currency: 'NGN' as const,
    effectiveAt: market.clock.now(),
    recordedAt: market.clock.now(),
    actorId: null,
    postings: transfer(accounts.wallet(debitId), accounts.wallet(creditId), amount),
  });
  const fill = async (userId: string, amount: bigint): Promise<void> => {
    const draft = {
      ...journal(userId, userId, 0n),
      postings: transfer(accounts.pspClearing('sandbox'), accounts.wallet(userId), amount),
    };
    await market.db.write((tx) => postJournal(tx, draft));
  };

  it('books a journal once when ten connections post the same id', async () => {
    const [from, to] = [uuidv7(), uuidv7()];
    await fill(from, 1_000n);
    const draft = journal(from, to, 100n);
    const outcomes = await race(
      times(
        10,
        () =>
          ({ db }: { db: Db }) =>
            db.write((tx) => postJournal(tx, draft)),
      ),
    );
    expect(tally(outcomes)).toEqual({ won: 1, ALREADY_EXISTS: 9 });
    expect(await market.ledger.balance(market.tenantId, 'NGN', accounts.wallet(to))).toBe(100n);
  });

  it('loses no transfer and sums to zero at every moment while money crosses between wallets both ways', async () => {
    const [one, two] = [uuidv7(), uuidv7()];
    await Promise.all([fill(one, 10_000n), fill(two, 10_000n)]);
    const load = { isRunning: true };
    const watch = async (): Promise<number> => {
      let looks = 0;
      for (; load.isRunning; looks += 1) {
        expect(await ledgerHealth(market.db.read, market.tenantId)).toMatchObject({ ok: true });
      }
      return looks;
    };
    const watching = watch();
    const outcomes = await race(
      times(20, (index) => async ({ db }: { db: Db }) => {
        for (let round = 0n; round < 10n; round += 1n) {
          const [from, to] = index % 2 === 0 ? [one, two] : [two, one];
          await db.write((tx) => postJournal(tx, journal(from, to, round + 1n)));
        }
      }),
    );
    load.isRunning = false;
    expect(await watching).toBeGreaterThan(0);
    expect(tally(outcomes)).toEqual({ won: 20 });
    expect(await market.ledger.balance(market.tenantId, 'NGN', accounts.wallet(one))).toBe(10_000n);
    const account = await market.db.read.ledgerAccount.findFirstOrThrow({ where: { code: `user:${one}:wallet` } });
    expect(account.seq).toBe(201);
  });
});
