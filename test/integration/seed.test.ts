import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db, type Tx } from '../../src/db/index.js';
import { silentLogger, systemClock, type Clock, type Role } from '../../src/kernel/index.js';
import { importBanks, readBankDirectory } from '../../src/modules/banks/index.js';
import { disputeStates } from '../../src/modules/disputes/index.js';
import { errandStates } from '../../src/modules/errands/index.js';
import { chargebackJournalId, escrowStates } from '../../src/modules/escrows/index.js';
import { createLedgerService } from '../../src/modules/ledger/index.js';
import { createAccountCipher, createReconciliationService, payoutStates } from '../../src/modules/payouts/index.js';
import {
  appendBookLines,
  createSandboxServer,
  providerFrom,
  type BookLine,
} from '../../src/modules/providers/index.js';
import { demoBankIds, seedDemo, tellDemo, type World } from '../../src/seed/index.js';
import { faultsOf } from '../support/invariants.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { createStoryClock } from '../support/stories.js';

const clock = createStoryClock();
const now = clock.now();
const directory = await readBankDirectory();
const bringIn = (tx: Tx) => importBanks(tx, directory, clock);
const means = {
  cipher: createAccountCipher([{ id: 'test', key: Buffer.alloc(32, 7) }]),
  bankIds: demoBankIds(directory),
  hasBook: true,
};

/** The ids of the demo logins of Lagos, by what stands before the @. */
async function demoPeople(db: Db) {
  const people = await db.read.user.findMany({ where: { email: { endsWith: '@runam.test' } } });
  const of = (name: string) => people.find(({ email }) => email === `${name}@runam.test`)!;
  const [ada, bola, admin, arbiter, finance] = ['ada', 'bola', 'admin', 'arbiter', 'finance'].map(
    (name) => of(name).id,
  );
  return { tenantId: of('ada').tenantId, ada: ada!, bola: bola!, admin: admin!, arbiter: arbiter!, finance: finance! };
}

describe('the stories', () => {
  it('keep the books balanced, nothing negative and every escrow explained after every step', () => {
    let steps = 0;
    const check = (world: World): void => {
      steps += 1;
      const { books, rows } = world;
      const balances = books.balances();
      const held = (code: string): bigint => balances.get(code) ?? 0n;
      const negative = [...balances].filter(([, minor]) => minor < 0n);
      const mismatched = [...rows.escrows.values()].filter(
        ({ id, funded, released, refunded }) =>
          funded !== released + refunded + held(`escrow:${id}:service`) + held(`escrow:${id}:goods`),
      );
      expect([books.imbalance(), negative, mismatched]).toEqual([0n, [], []]);
    };
    tellDemo({ now, passwordHash: '-', means, scale: 0.1, onStep: check });
    expect(steps).toBeGreaterThan(800);
  });

  it('are the same for the same seed and others for another', () => {
    const tell = (seed: number): readonly unknown[] =>
      tellDemo({ now, passwordHash: '-', means, seed, scale: 0.05 }).map(({ rows, books }) => [
        [...rows.errands.values()],
        books.journals,
        rows.events,
      ]);
    expect(tell(7)).toEqual(tell(7));
    expect(tell(7)).not.toEqual(tell(8));
  });

  it('leave nothing that a timer would change at once: what runs out, runs out in the future', () => {
    const worlds = tellDemo({ now, passwordHash: '-', means });
    const errands = worlds.flatMap(({ rows }) => [...rows.errands.values()]);
    const disputes = worlds.flatMap(({ rows }) => [...rows.disputes.values()]);
    const payouts = worlds.flatMap(({ rows }) => [...rows.payouts.values()]);
    expect(disputes.filter(({ dueAt }) => dueAt && dueAt <= now)).toEqual([]);
    expect(payouts.filter(({ nextCheckAt }) => nextCheckAt && nextCheckAt <= now)).toEqual([]);
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

describe('the load', { timeout: 240_000 }, () => {
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
  const kept: BookLine[] = [];
  const keepBook = (lines: readonly BookLine[]): void => void kept.push(...lines);
  const seed = (options: { failAt?: number } = {}) => {
    let chunks = 0;
    const onProgress = (): void => {
      chunks += 1;
      if (chunks === options.failAt) throw new Error('the power went out');
    };
    return seedDemo({
      db,
      clock,
      logger: silentLogger,
      passwordHash: 'hash',
      means,
      keepBook,
      importBanks: bringIn,
      onProgress,
    });
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

  it('keeps every invariant that can be read from a database', async () => {
    for (const { id } of await db.read.tenant.findMany())
      expect(await faultsOf(db, id, { hasNews: false })).toEqual([]);
  });

  it('has errands, escrows and disputes in every state, and payouts in every one that lasts, in both markets', async () => {
    const [errands, escrows, disputes, payouts] = await Promise.all([
      db.read.errand.groupBy({ by: ['tenantId', 'state'] }),
      db.read.escrow.groupBy({ by: ['tenantId', 'state'] }),
      db.read.dispute.groupBy({ by: ['tenantId', 'state'] }),
      db.read.payout.groupBy({ by: ['tenantId', 'state'] }),
    ]);
    expect(errands.length).toBe(2 * errandStates.length);
    expect(escrows.length).toBe(2 * escrowStates.length);
    expect(disputes.length).toBe(2 * disputeStates.length);
    const passing = ['QUEUED', 'SUBMITTING'];
    expect(payouts.length).toBe(2 * (payoutStates.length - passing.length));
    expect(payouts.map(({ state }) => state)).not.toEqual(expect.arrayContaining(passing));
  });

  it('agrees with the book of the sandbox provider, day by day, and that book knows every payout under way', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runam-demo-'));
    const bookFile = join(folder, 'book.jsonl');
    appendBookLines(bookFile, kept);
    const sandbox = await createSandboxServer({ clock, bookFile });
    const { url: baseUrl, key: secretKey, webhookSecret } = sandbox;
    const provider = providerFrom({ name: 'sandbox', baseUrl, secretKey, webhookSecret, timeoutMs: 10_000 });
    const inFlight = await db.read.payout.findMany({ where: { state: { in: ['PENDING', 'NEEDS_OTP', 'UNKNOWN'] } } });
    const known = await Promise.all(inFlight.map(({ clientRef }) => provider.transferOf(clientRef)));
    expect(known.map(({ kind }) => kind)).not.toContain('NOT_FOUND');
    const reconciliation = createReconciliationService({ db, providers: [provider] });
    const { tenantId, finance: userId } = await demoPeople(db);
    const finance = { kind: 'user', tenantId, userId, sessionId: userId, roles: new Set<Role>(['FINANCE']) } as const;
    for (const daysAgo of [0, 3, 10, 20, 30]) {
      const day = new Date(now.getTime() - daysAgo * 86_400_000).toISOString().slice(0, 10);
      expect(await reconciliation.ofDay(finance, 'sandbox', day)).toMatchObject({ differences: [] });
    }
    // And nothing that the provider took back is left to be booked.
    const takenBack = (await provider.takenBack(new Date(0), new Date(now.getTime() + 1))) ?? [];
    const events = takenBack.map(({ eventId = '' }) => chargebackJournalId('sandbox', eventId));
    expect(events.length).toBeGreaterThan(0);
    expect(await db.read.journal.count({ where: { id: { in: events } } })).toBe(events.length);
    await sandbox.close();
    await rm(folder, { recursive: true });
  });

  it('gives every demo login something to do', async () => {
    const mine = await demoPeople(db);
    const counts = {
      adaConfirms: await db.read.errand.count({ where: { customerId: mine.ada, state: 'DELIVERED' } }),
      adaAnswers: await db.read.dispute.count({
        where: { customerId: mine.ada, openedByCustomer: false, state: 'AWAITING_RESPONSE' },
      }),
      bolaAnswers: await db.read.dispute.count({
        where: { runnerId: mine.bola, openedByCustomer: true, state: 'AWAITING_RESPONSE' },
      }),
      bolaWaits: await db.read.payout.count({ where: { userId: mine.bola, state: 'REQUESTED' } }),
      arbiterDecides: await db.read.dispute.count({ where: { tenantId: mine.tenantId, state: 'UNDER_REVIEW' } }),
      arbiterApproves: await db.read.disputeDecision.count({ where: { proposedById: mine.admin, decidedAt: null } }),
      adminApproves: await db.read.disputeDecision.count({ where: { proposedById: mine.arbiter, decidedAt: null } }),
      financeApproves: await db.read.payout.count({ where: { tenantId: mine.tenantId, state: 'REQUESTED' } }),
      supportHid: await db.read.review.count({ where: { tenantId: mine.tenantId, hiddenAt: { not: null } } }),
      adaReads: await db.read.notification.count({ where: { userId: mine.ada, readAt: null } }),
    };
    expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([]);
  });

  it('lets one of each role in, and ada with a wallet of 250,000 naira and errands in several states', async () => {
    const people = await db.read.user.findMany({
      where: { email: { endsWith: '@runam.test' } },
      include: { roleGrants: true },
    });
    const roles = Object.fromEntries(
      people.map(({ email, roleGrants }) => [email, roleGrants.map(({ role }) => role).join()]),
    );
    expect(roles).toEqual({
      'ada@runam.test': 'CUSTOMER',
      'bola@runam.test': 'RUNNER',
      'support@runam.test': 'SUPPORT',
      'arbiter@runam.test': 'ARBITER',
      'finance@runam.test': 'FINANCE',
      'admin@runam.test': 'ADMIN',
    });
    const [ada, bola] = ['ada', 'bola'].map((name) => people.find(({ email }) => email.startsWith(name))!);
    const wallet = await db.read.ledgerAccount.findFirstOrThrow({ where: { code: `user:${ada!.id}:wallet` } });
    expect(wallet.credits - wallet.debits).toBe(25_000_000n);
    const states = async (where: object) =>
      new Set((await db.read.errand.findMany({ where, select: { state: true } })).map(({ state }) => state)).size;
    expect(await states({ customerId: ada!.id })).toBe(errandStates.length);
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
    await seedDemo({ db: otherDb, clock, logger: silentLogger, passwordHash: 'hash', means, importBanks: bringIn });
    const rows = (await otherDb.read.errand.count()) + (await otherDb.read.journalLine.count());
    await otherDb.close();
    await other.drop();
    expect(statements).toBeLessThan(rows / 12);
  });
});

describe('servers that start at once on an empty database', { timeout: 240_000 }, () => {
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
      db.read.milestone.count(),
      db.read.dispute.count(),
      db.read.disputeEvidence.count(),
      db.read.disputeDecision.count(),
      db.read.payoutAccount.count(),
      db.read.payout.count(),
      db.read.payoutEvent.count(),
      db.read.review.count(),
      db.read.notification.count(),
      db.read.auditEntry.count(),
      db.read.journal.count(),
      db.read.journalLine.count(),
      db.read.processEvent.count(),
      db.read.ledgerAccount.count(),
      db.read.bank.count(),
    ]);

  it('load one demo, whole, opened once, with the bank directory, and all of them return', async () => {
    const [together, alone] = [await createTestDatabase(), await createTestDatabase()];
    const dbs = [together, together, together, alone].map(({ url }) => createDb({ url, logger: silentLogger }));
    const seedWith = (db: Db, present: Clock) =>
      seedDemo({
        db,
        clock: present,
        logger: silentLogger,
        passwordHash: 'hash',
        scale: 0.3,
        means,
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
    const told = tellDemo({ now: present, passwordHash: 'hash', scale: 0.3, means }).flatMap((world) => [
      ...world.rows.errands.values(),
    ]);
    const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);
    expect(errands.toSorted(byId)).toEqual(told.toSorted(byId));
    await Promise.all(dbs.map((db) => db.close()));
    await Promise.all([together.drop(), alone.drop()]);
  });
});
