import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { silentLogger, systemClock, type Clock } from '../../src/kernel/index.js';
import { importBanks, readBankDirectory } from '../../src/modules/banks/index.js';
import { errandStates } from '../../src/modules/errands/index.js';
import { createLedgerService } from '../../src/modules/ledger/index.js';
import { seedDemo, tellDemo, type World } from '../../src/seed/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { createStoryClock } from '../support/stories.js';

const clock = createStoryClock();
const now = clock.now();

describe('the stories', () => {
  it('keep the books balanced, nothing negative and every escrow explained after every step', () => {
    let steps = 0;
    const check = (world: World): void => {
      steps += 1;
      const { books, escrows } = world;
      const balances = books.balances();
      const held = (code: string): bigint => balances.get(code) ?? 0n;
      const negative = [...balances].filter(([, minor]) => minor < 0n);
      const mismatched = [...escrows.values()].filter(
        ({ id, funded, released, refunded }) =>
          funded !== released + refunded + held(`escrow:${id}:service`) + held(`escrow:${id}:goods`),
      );
      expect([books.imbalance(), negative, mismatched]).toEqual([0n, [], []]);
    };
    tellDemo({ now, passwordHash: '-', scale: 0.1, onStep: check });
    expect(steps).toBeGreaterThan(800);
  });

  it('are the same for the same seed and others for another', () => {
    const tell = (seed: number): readonly unknown[] =>
      tellDemo({ now, passwordHash: '-', seed, scale: 0.05 }).map(({ errands, books, events }) => [
        [...errands.values()],
        books.journals,
        events,
      ]);
    expect(tell(7)).toEqual(tell(7));
    expect(tell(7)).not.toEqual(tell(8));
  });

  it('leave nothing that a timer would change at once: what runs out, runs out in the future', () => {
    const errands = tellDemo({ now, passwordHash: '-' }).flatMap((world) => [...world.errands.values()]);
    const overdue = errands.filter(
      ({ state, expiresAt, fundBy, autoReleaseAt }) =>
        (state === 'OPEN' && expiresAt <= now) ||
        (state === 'AWAITING_FUNDING' && fundBy! <= now) ||
        (state === 'DELIVERED' && autoReleaseAt! <= now),
    );
    expect(overdue).toEqual([]);
    expect(errands.length).toBe(2000);
  });
});

describe('the load', { timeout: 60_000 }, () => {
  let database: TestDatabase;
  let db: Db;
  beforeAll(async () => {
    database = await createTestDatabase();
    db = createDb({ url: database.url, logger: silentLogger });
  });
  afterAll(async () => {
    await db.close();
    await database.drop();
  });
  const seed = (options: { failAt?: number } = {}) => {
    let chunks = 0;
    const onProgress = (): void => {
      chunks += 1;
      if (chunks === options.failAt) throw new Error('the power went out');
    };
    return seedDemo({ db, clock, logger: silentLogger, passwordHash: 'hash', importBanks: async () => {}, onProgress });
  };

  it('shows no market while it is half loaded, and finishes a load that was cut off', async () => {
    await expect(seed({ failAt: 20 })).rejects.toThrow('the power went out');
    expect(await db.read.tenant.count({ where: { slug: { in: ['lagos', 'nairobi'] } } })).toBe(0);
    clock.forward(3_600_000);
    expect(await seed()).toMatchObject({ isNew: true, errands: 2000, users: 200 });
    expect((await db.read.tenant.findMany({ orderBy: { slug: 'asc' } })).map(({ slug }) => slug)).toEqual([
      'lagos',
      'nairobi',
    ]);
  });

  it('writes nothing the second time', async () => {
    const before = await db.read.errand.count();
    expect(await seed()).toMatchObject({ isNew: false });
    expect(await db.read.errand.count()).toBe(before);
  });

  it('leaves a ledger whose health is perfect, in both currencies', async () => {
    const health = await createLedgerService({ db, clock: systemClock }).health('all');
    expect(health).toMatchObject({
      ok: true,
      imbalance: [
        { currency: 'KES', minor: 0n },
        { currency: 'NGN', minor: 0n },
      ],
    });
    expect(health.journals).toBeGreaterThan(2000);
  });

  it('has errands in every state but DISPUTED, in both markets', async () => {
    const groups = await db.read.errand.groupBy({ by: ['tenantId', 'state'], _count: true });
    expect(groups.length).toBe(2 * (errandStates.length - 1));
  });

  it('lets ada and bola in, with a wallet of 250,000 naira and errands in several states', async () => {
    const people = await db.read.user.findMany({
      where: { email: { in: ['ada@runam.test', 'bola@runam.test', 'admin@runam.test'] } },
      include: { roleGrants: true },
    });
    const roles = Object.fromEntries(
      people.map(({ email, roleGrants }) => [email, roleGrants.map(({ role }) => role).join()]),
    );
    expect(roles).toEqual({ 'ada@runam.test': 'CUSTOMER', 'bola@runam.test': 'RUNNER', 'admin@runam.test': 'ADMIN' });
    const [ada, bola] = ['ada', 'bola'].map((name) => people.find(({ email }) => email.startsWith(name))!);
    const wallet = await db.read.ledgerAccount.findFirstOrThrow({ where: { code: `user:${ada!.id}:wallet` } });
    expect(wallet.credits - wallet.debits).toBe(25_000_000n);
    const states = async (where: object) =>
      new Set((await db.read.errand.findMany({ where, select: { state: true } })).map(({ state }) => state)).size;
    expect(await states({ customerId: ada!.id })).toBe(9);
    expect(await states({ runnerId: bola!.id })).toBeGreaterThanOrEqual(6);
    expect(await db.read.offer.count({ where: { runnerId: bola!.id, state: 'PENDING' } })).toBeGreaterThan(0);
  });

  it('numbers the events of every errand without gaps', async () => {
    const gaps = await db.read
      .$queryRaw`SELECT errand_id FROM process_event GROUP BY errand_id HAVING max(seq) <> count(*)`;
    expect(gaps).toEqual([]);
  });

  it('is loaded in bulk, with a statement for every dozen rows at most', async () => {
    const other = await createTestDatabase();
    let statements = 0;
    const otherDb = createDb({ url: other.url, logger: silentLogger, onStatement: () => void (statements += 1) });
    await seedDemo({ db: otherDb, clock, logger: silentLogger, passwordHash: 'hash', importBanks: async () => {} });
    const rows = (await otherDb.read.errand.count()) + (await otherDb.read.journalLine.count());
    await otherDb.close();
    await other.drop();
    expect(statements).toBeLessThan(rows / 12);
  });
});

describe('servers that start at once on an empty database', { timeout: 60_000 }, () => {
  const rowCounts = (db: Db) =>
    Promise.all([
      db.read.tenant.count(),
      db.read.user.count(),
      db.read.roleGrant.count(),
      db.read.errand.count(),
      db.read.offer.count(),
      db.read.escrow.count(),
      db.read.proof.count(),
      db.read.charge.count(),
      db.read.journal.count(),
      db.read.journalLine.count(),
      db.read.processEvent.count(),
      db.read.ledgerAccount.count(),
      db.read.bank.count(),
    ]);

  it('load one demo, whole, opened once, with the bank directory, and all of them return', async () => {
    const [together, alone] = [await createTestDatabase(), await createTestDatabase()];
    const dbs = [together, together, together, alone].map(({ url }) => createDb({ url, logger: silentLogger }));
    const directory = await readBankDirectory();
    const seedWith = (db: Db, present: Clock) =>
      seedDemo({
        db,
        clock: present,
        logger: silentLogger,
        passwordHash: 'hash',
        scale: 0.3,
        importBanks: (tx) => importBanks(tx, directory, present),
      });
    // Their clocks differ, as those of machines do: the first one to come sets the demo's present.
    const laterBy = (ms: number): Clock => ({ now: () => new Date(now.getTime() + ms) });
    const seeded = await Promise.all(dbs.slice(0, 3).map((db, index) => seedWith(db, laterBy(index * 777))));
    await seedWith(dbs[3]!, clock);
    expect(seeded.map(({ isNew }) => isNew).toSorted()).toEqual([false, false, true]);
    expect(await rowCounts(dbs[0]!)).toEqual(await rowCounts(dbs[3]!));
    expect(await createLedgerService({ db: dbs[0]!, clock: systemClock }).health('all')).toMatchObject({ ok: true });
    const [errands, tenants] = await Promise.all([dbs[0]!.read.errand.findMany(), dbs[0]!.read.tenant.findMany()]);
    const present = new Date(tenants[0]!.createdAt.getTime() + 75 * 86_400_000);
    const told = tellDemo({ now: present, passwordHash: 'hash', scale: 0.3 }).flatMap((world) => [
      ...world.errands.values(),
    ]);
    const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);
    expect(errands.toSorted(byId)).toEqual(told.toSorted(byId));
    await Promise.all(dbs.map((db) => db.close()));
    await Promise.all([together.drop(), alone.drop()]);
  });
});
