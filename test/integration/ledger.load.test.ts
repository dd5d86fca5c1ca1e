import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { silentLogger, type UserViewer } from '../../src/kernel/index.js';
import { accounts, createSealer } from '../../src/modules/ledger/index.js';
import {
  createServices,
  newErrand,
  proof,
  startMarket,
  type StoryMarket,
  type StoryServices,
} from '../support/stories.js';

/** Seconds of load; without it each writer tells four stories. */
const loadMs = Number(process.env['RUNAM_LEDGER_LOAD_S'] ?? 0) * 1000;
const storiesMin = 4;
const writersMax = 8;
const readersMax = 2;

interface Writer extends StoryServices {
  readonly customer: UserViewer;
  readonly runner: UserViewer;
}

vi.setConfig({ testTimeout: 120_000 });

let market: StoryMarket;
let writers: readonly Writer[];
beforeAll(async () => {
  market = await startMarket();
  writers = await Promise.all(
    Array.from({ length: writersMax }, async () => {
      const db = createDb({ url: market.database.url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 30_000 });
      const customer = await market.addPerson(market.tenantId, 'CUSTOMER');
      const runner = await market.addPerson(market.tenantId, 'RUNNER');
      return { ...createServices(db, market.clock), customer, runner };
    }),
  );
});
afterAll(async () => {
  await Promise.all(writers.map(({ db }) => db.close()));
  await market.close();
});

/** An errand with its money in escrow, of one writer and with a runner of anybody's. */
async function fundedErrand(
  { errands, offers, escrows, wallets, customer }: Writer,
  runner: UserViewer,
): Promise<string> {
  const errand = await errands.post(customer, newErrand({ goodsBudget: { minor: 5_000n, currency: 'NGN' } }));
  const { offer } = await offers.make(runner, errand.id, { amountMinor: 100_003n });
  await escrows.acceptOffer(customer, offer.id);
  await wallets.topUp(customer, { amountMinor: 105_003n, currency: 'NGN' });
  await escrows.fund(customer, errand.id);
  return errand.id;
}

async function deliveredErrand(writer: Writer, runner: UserViewer): Promise<string> {
  const id = await fundedErrand(writer, runner);
  await writer.errands.start(runner, id);
  await writer.errands.submitProof(runner, id, [proof]);
  return id;
}

/** Everything of the books, read at one moment. */
const snapshot = {
  sums: `SELECT currency, sum(CASE side WHEN 'DEBIT' THEN amount ELSE -amount END)::text AS off, count(*)::int AS lines
         FROM journal_line GROUP BY currency`,
  offAccounts: `SELECT a.code FROM ledger_account a LEFT JOIN journal_line l ON l.account_id = a.id WHERE a.floored
         GROUP BY a.id HAVING a.debits <> coalesce(sum(l.amount) FILTER (WHERE l.side = 'DEBIT'), 0)
                           OR a.credits <> coalesce(sum(l.amount) FILTER (WHERE l.side = 'CREDIT'), 0)
                           OR CASE a.type WHEN 'ASSET' THEN a.debits - a.credits ELSE a.credits - a.debits END < 0`,
  offLines: `SELECT journal_id FROM journal_line WHERE balance_after < 0`,
  offEscrows: `SELECT e.id FROM escrow e JOIN errand t ON t.id = e.errand_id LEFT JOIN ledger_account a ON a.owner_id = e.id
         GROUP BY e.id, t.state HAVING e.funded <> e.released + e.refunded + coalesce(sum(a.credits - a.debits), 0)
                    OR (t.state IN ('COMPLETED', 'CANCELLED') AND coalesce(sum(a.credits - a.debits), 0) <> 0)`,
} as const;

/** Looks at the whole ledger in one REPEATABLE READ transaction after the other. @returns how often, and the lines last seen */
async function readOn(goesOn: () => boolean): Promise<{ readonly looks: number; readonly lines: number }> {
  const client = new Client({ connectionString: market.database.url });
  await client.connect();
  let looks = 0;
  let lines = 0;
  try {
    while (goesOn() || looks === 0) {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const sums = (await client.query<{ currency: string; off: string; lines: number }>(snapshot.sums)).rows;
      expect(sums.filter(({ off }) => off !== '0')).toEqual([]);
      for (const sql of [snapshot.offAccounts, snapshot.offLines, snapshot.offEscrows]) {
        expect((await client.query(sql)).rows, sql).toEqual([]);
      }
      // The same statement again in the same snapshot, however much was booked meanwhile.
      expect((await client.query(snapshot.sums)).rows).toEqual(sums);
      await client.query('COMMIT');
      looks += 1;
      lines = sums.reduce((total, row) => total + row.lines, 0);
    }
    return { looks, lines };
  } finally {
    await client.end();
  }
}

describe('the whole ledger under load', () => {
  it(
    'sums to zero in every currency at every moment, with nothing negative, while money is released and refunded',
    {
      timeout: loadMs + 240_000,
    },
    async () => {
      const startedMs = performance.now();
      const load = { left: writers.length };
      const counts = { released: 0, refunded: 0, seals: 0 };
      const telling = writers.map(async (writer, index) => {
        for (let told = 0; told < storiesMin || performance.now() - startedMs < loadMs; told += 1) {
          const { runner } = writers[(index + told) % writers.length]!;
          if (told % 3 === 2) {
            await writer.escrows.cancel(writer.customer, await fundedErrand(writer, runner));
            counts.refunded += 1;
          } else {
            const id = await deliveredErrand(writer, runner);
            await writer.escrows.confirm(writer.customer, id, { goodsSpent: BigInt(told % 5) * 1_000n });
            counts.released += 1;
          }
          market.clock.forward(100);
        }
      });
      const written = Promise.all(telling.map((one) => one.finally(() => (load.left -= 1))));
      const reading = Array.from({ length: readersMax }, () => readOn(() => load.left > 0));
      const sealer = createSealer({ db: market.db, clock: market.clock, lagMs: 500 });
      const sealing = (async () => {
        while (load.left > 0) counts.seals += (await sealer.round()).seals;
      })();
      const [, , ...readers] = await Promise.all([written, sealing, ...reading]);
      const seconds = (performance.now() - startedMs) / 1000;
      if (loadMs > 0) process.stdout.write(`${JSON.stringify({ seconds, ...counts, readers })}\n`);
      expect(counts.released).toBeGreaterThan(0);
      expect(counts.refunded).toBeGreaterThan(0);
      for (const { looks } of readers) expect(looks).toBeGreaterThan(0);
      expect(await market.ledger.verify()).toMatchObject({ ok: true });
    },
  );

  it('would be seen to move by a reader without a snapshot: the sums above can differ', async () => {
    const [writer] = writers;
    const client = new Client({ connectionString: market.database.url });
    await client.connect();
    const moved = async (isolation: string) => {
      await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
      const before = (await client.query(snapshot.sums)).rows;
      await fundedErrand(writer!, writer!.runner);
      const after = (await client.query(snapshot.sums)).rows;
      await client.query('COMMIT');
      return JSON.stringify(before) !== JSON.stringify(after);
    };
    expect([await moved('REPEATABLE READ'), await moved('READ COMMITTED')]).toEqual([false, true]);
    await client.end();
  });
});

describe('releases of different errands', () => {
  it('do not wait for one another, although all of them book commission and VAT', async () => {
    const [one, two, three] = writers;
    // The first release ever opens the accounts of the house; those after it find them.
    await three!.escrows.confirm(three!.customer, await deliveredErrand(three!, three!.runner));
    const [held, other] = [await deliveredErrand(one!, one!.runner), await deliveredErrand(two!, two!.runner)];
    const commission = () => market.ledger.balance(market.tenantId, 'NGN', accounts.commission());
    const before = await commission();
    let booked!: () => void;
    let goOn!: () => void;
    const isBooked = new Promise<void>((resolve) => void (booked = resolve));
    const mayCommit = new Promise<void>((resolve) => void (goOn = resolve));
    const holding = one!.db.write(async () => {
      await one!.escrows.confirm(one!.customer, held);
      booked();
      await mayCommit;
    });
    await Promise.race([isBooked, holding]);
    // Booked, not committed; the other release comes and goes.
    await two!.escrows.confirm(two!.customer, other).catch((error: unknown) => {
      goOn();
      throw error;
    });
    expect(await commission()).toBe(before + 12_500n);
    goOn();
    await holding;
    expect(await commission()).toBe(before + 25_000n);
    expect(await market.ledger.health('all')).toMatchObject({ ok: true });
  });
});
