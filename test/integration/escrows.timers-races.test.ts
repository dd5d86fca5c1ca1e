import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { AppError, silentLogger } from '../../src/kernel/index.js';
import { createTimerService, type TimerService } from '../../src/modules/escrows/index.js';
import { accounts } from '../../src/modules/ledger/index.js';
import { hourMs, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
/** Timers of servers of their own: one pool, one connection each. */
let servers: readonly { readonly db: Db; readonly timers: TimerService }[];

beforeAll(async () => {
  market = await startMarket();
  servers = [0, 1].map(() => {
    const db = createDb({ url: market.database.url, logger: silentLogger, poolMax: 1 });
    return { db, timers: createTimerService({ db, clock: market.clock }) };
  });
  await Promise.all(servers.map(({ db }) => db.read.tenant.count()));
});
afterAll(async () => {
  await Promise.all(servers.map(({ db }) => db.close()));
  await market.close();
});

const balanceOf = async (viewer: StoryMarket['customer']) => (await market.wallets.wallet(viewer)).minor;

describe('fifty errands due at once', () => {
  it('move on once each when two servers fire their timers at the same time, and every kobo arrives once', async () => {
    const { tell, clock, customer, runner, db, ledger, tenantId } = market;
    const startBy = new Date(clock.now().getTime() + hourMs);
    for (let round = 0; round < 13; round += 1) await tell.delivered({}, 800_000n);
    for (let round = 0; round < 12; round += 1) await tell.assigned({ startBy }, 70_000n);
    for (let round = 0; round < 12; round += 1) await tell.accepted();
    for (let round = 0; round < 13; round += 1) await tell.offered();
    const versions = await sumOfVersions();
    const [hadCustomer, hadRunner] = [await balanceOf(customer), await balanceOf(runner)];
    clock.forward(6.9 * 24 * hourMs);
    const isDue = 13 + 12 + 12;
    const rounds = await Promise.all(servers.map(({ timers }) => timers.fireDue()));
    expect(rounds.reduce((sum, { fired }) => sum + fired, 0)).toBe(isDue);
    expect(rounds.map(({ failed }) => failed)).toEqual([0, 0]);
    expect(await sumOfVersions()).toBe(versions + isDue);
    // 12.5 % of 800,000 is 100,000; VAT on it 7,500.
    expect((await balanceOf(runner)) - hadRunner).toBe(13n * 692_500n);
    expect((await balanceOf(customer)) - hadCustomer).toBe(12n * 70_000n);
    expect(await ledger.balance(tenantId, 'NGN', accounts.commission())).toBe(13n * 100_000n);

    // The timed-out errands have opened again, and are as old as those that nobody took.
    clock.forward(24 * hourMs);
    const [one, other] = await Promise.all(servers.map(({ timers }) => timers.fireDue()));
    expect(one!.fired + other!.fired).toBe(25);
    const groups = await db.read.errand.groupBy({ by: ['state'], _count: { _all: true } });
    expect(Object.fromEntries(groups.map(({ state, _count }) => [state, _count._all]))).toEqual({
      COMPLETED: 13,
      EXPIRED: 12 + 12 + 13,
    });
    expect(await ledger.health('all')).toMatchObject({ ok: true });
    const gaps = await db.read
      .$queryRaw`SELECT errand_id FROM process_event GROUP BY errand_id HAVING max(seq) <> count(*)`;
    expect(gaps).toEqual([]);
  });

  async function sumOfVersions(): Promise<number> {
    const { _sum } = await market.db.read.errand.aggregate({ _sum: { version: true } });
    return _sum.version ?? 0;
  }
});

describe('an errand that was due when it was looked up', () => {
  it('is left alone when its customer confirms before the timer has the lock', async () => {
    const { tell, clock, db, escrows, customer, runner } = market;
    const { errand, escrow } = await tell.delivered({ goodsBudget: { minor: 9_000n, currency: 'NGN' } });
    const had = await balanceOf(customer);
    clock.forward(100 * hourMs);
    const write: Db['write'] = async (work) => {
      await escrows.confirm(customer, errand.id, { goodsSpent: 0n });
      return db.write(work);
    };
    const timers = createTimerService({ db: { read: db.read, write }, clock });
    expect(await timers.fireDue()).toEqual({ fired: 0, skipped: 1, failed: 0 });
    expect((await balanceOf(customer)) - had).toBe(9_000n);
    expect(await escrows.get(runner, escrow.id)).toMatchObject({ state: 'RELEASED', refunded: 9_000n });
  });
});

describe('an errand that somebody holds for too long', () => {
  it('is left for the next round, and the others move on', async () => {
    const { tell, clock, database, errands, customer, timers } = market;
    const [held, free] = [(await tell.delivered()).errand, (await tell.delivered()).errand];
    clock.forward(100 * hourMs);
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT id FROM errand WHERE id = $1 FOR UPDATE', [held.id]);
      expect(await timers.fireDue()).toEqual({ fired: 1, skipped: 0, failed: 1 });
      expect((await errands.get(customer, free.id)).state).toBe('COMPLETED');
    } finally {
      await holder.end();
    }
    expect(await timers.fireDue()).toEqual({ fired: 1, skipped: 0, failed: 0 });
  });

  it('or that too many want at once, holds up no other', async () => {
    const { tell, clock, db } = market;
    await tell.delivered();
    await tell.delivered();
    clock.forward(100 * hourMs);
    let writes = 0;
    const write: Db['write'] = async (work) => {
      writes += 1;
      if (writes === 1) throw new AppError('UNAVAILABLE', 'Too many people changed the same thing at once; try again.');
      return db.write(work);
    };
    const timers = createTimerService({ db: { read: db.read, write }, clock });
    expect(await timers.fireDue()).toEqual({ fired: 1, skipped: 0, failed: 1 });
    expect(await timers.fireDue()).toEqual({ fired: 1, skipped: 0, failed: 0 });
  });
});

describe('a database that goes away', () => {
  it('ends the round at once, instead of failing every errand that is due', async () => {
    const doomed = await startMarket();
    await doomed.tell.delivered();
    await doomed.tell.delivered();
    doomed.clock.forward(100 * hourMs);
    let writes = 0;
    const write: Db['write'] = async (work) => {
      writes += 1;
      await doomed.database.drop();
      return doomed.db.write(work);
    };
    const timers = createTimerService({ db: { read: doomed.db.read, write }, clock: doomed.clock });
    await expect(timers.fireDue()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(writes).toBe(1);
    await expect(timers.fireDue()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(writes).toBe(1);
    await doomed.close();
  });
});

describe('the look-up of due errands', () => {
  it('reads the partial index of its timer', async () => {
    const { statements, timers, clock, database } = market;
    statements.length = 0;
    await timers.fireDue();
    const lookUps = statements.filter((sql) => /^\s*SELECT id, tenant_id/.test(sql));
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query('SET enable_seqscan = off');
    const offersDue = statements.find((sql) => /^\s*SELECT errand_id AS id/.test(sql));
    const planOf = async (columnOrSql: string): Promise<string> => {
      const sql = lookUps.find((text) => text.includes(`${columnOrSql} <=`)) ?? columnOrSql;
      const { rows } = await client.query<Record<string, string>>(`EXPLAIN ${sql}`, [clock.now(), 100]);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    expect(await planOf('auto_release_at')).toContain('errand_release_due');
    expect(await planOf('start_by')).toContain('errand_no_show_due');
    expect(await planOf('fund_by')).toContain('errand_funding_due');
    expect(await planOf('expires_at')).toContain('errand_expiring');
    expect(await planOf(offersDue!)).toContain('offer_expiring');
    await client.end();
  });
});
