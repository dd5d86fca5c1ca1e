import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '../../src/db/index.js';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import {
  createMarketService,
  standardFees,
  type MarketFees,
  type MarketService,
  type NewMarket,
} from '../../src/modules/markets/index.js';
import { createPasswords } from '../../src/modules/users/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let db: Db;
let now: Date;
let markets: MarketService;

beforeAll(async () => {
  database = await createTestDatabase();
  db = createDb({ url: database.url, logger: silentLogger });
  now = new Date('2026-11-20T10:00:00Z');
  markets = createMarketService({ db, clock: { now: () => now }, passwords: createPasswords() });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const admin = { email: ' Ops@Example.com ', password: 'a long password', displayName: 'Ops' };
const lagos: NewMarket = { slug: 'lagos', name: ' Lagos ', currency: 'NGN', admin };

const counts = async (): Promise<readonly number[]> =>
  Promise.all([db.read.tenant.count(), db.read.feePlan.count(), db.read.user.count(), db.read.roleGrant.count()]);

describe('a market', () => {
  it('is opened with its fees and an admin who signs in by the rules of everybody, and is listed with them', async () => {
    const opened = await markets.open({ ...lagos, fees: { vatBps: 0 } });
    const fees = { ...standardFees, vatBps: 0, version: 1, since: now };
    const listing = { id: opened.id, slug: 'lagos', name: 'Lagos', currency: 'NGN', openedAt: now, fees };
    expect(opened).toEqual({ ...listing, admin: { id: opened.admin.id, email: 'ops@example.com' } });
    expect(await markets.all()).toEqual([listing]);
    const [grant] = await db.read.roleGrant.findMany({ include: { user: { include: { profile: true } } } });
    expect(grant).toMatchObject({
      role: 'ADMIN',
      scope: '*',
      user: { id: opened.admin.id, status: 'ACTIVE', profile: { displayName: 'Ops' } },
    });
    expect(await createPasswords().verify(grant?.user.passwordHash, admin.password)).toBe(true);
  });

  it('that is there is refused with ALREADY_EXISTS, and nothing of it is changed', async () => {
    const before = await counts();
    const other = { ...lagos, name: 'Other', admin: { ...admin, email: 'other@example.com' } };
    await expect(markets.open(other)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await counts()).toEqual(before);
    expect(await db.read.tenant.findFirst()).toMatchObject({ name: 'Lagos' });
  });

  it('that several open at once from connections of their own is opened by one of them', async () => {
    const others = Array.from({ length: 4 }, () => createDb({ url: database.url, logger: silentLogger, poolMax: 1 }));
    try {
      const outcomes = await Promise.allSettled(
        others.map((other, index) =>
          createMarketService({ db: other, clock: { now: () => now }, passwords: createPasswords() }).open({
            ...lagos,
            slug: 'abuja',
            admin: { ...admin, email: `ops-${index}@example.com` },
          }),
        ),
      );
      const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      expect(refused).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({ code: 'ALREADY_EXISTS' })));
      const { id } = await db.read.tenant.findUniqueOrThrow({ where: { slug: 'abuja' } });
      const where = { tenantId: id };
      expect([await db.read.user.count({ where }), await db.read.feePlan.count({ where })]).toEqual([1, 1]);
    } finally {
      await Promise.all(others.map((other) => other.close()));
    }
  });

  it('whose admin cannot be written is not opened at all', async () => {
    const before = await counts();
    const broken = createMarketService({ db, clock: { now: () => now }, passwords: { hash: async () => 'no\0text' } });
    await expect(broken.open({ ...lagos, slug: 'kano' })).rejects.toThrow(/invalid byte sequence/);
    expect(await counts()).toEqual(before);
  });

  it('is not opened beside a demo that is being loaded, and none can look like one', async () => {
    const before = await counts();
    const id = uuidv7();
    const loading = { id, slug: 'demo-loading', name: 'Demo', currency: 'NGN', createdAt: now };
    await db.write((tx) => tx.tenant.create({ data: loading }));
    const waiting = { code: 'UNAVAILABLE', retryable: true };
    await expect(markets.open({ ...lagos, slug: 'kano' })).rejects.toMatchObject(waiting);
    await db.write((tx) => tx.tenant.delete({ where: { id } }));
    await expect(markets.open({ ...lagos, slug: 'kano-loading' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(await counts()).toEqual(before);
  });
});

const payable: readonly Partial<MarketFees>[] = [
  { commissionBps: 0, vatBps: 0, cancellationBps: 0, freeCancelMinutes: 0, payoutFee: 0n },
  { commissionBps: 10_000, vatBps: 0 },
  { commissionBps: 8_000, vatBps: 2_500, cancellationBps: 10_000 },
  { freeCancelMinutes: 2 ** 31 - 1, payoutFee: 1_000_000_000_000n },
];
const unpayable: readonly Partial<MarketFees>[] = [
  { commissionBps: -1 },
  { commissionBps: 10_001, vatBps: 0 },
  { vatBps: 10_001, commissionBps: 0 },
  { cancellationBps: 10_001 },
  { commissionBps: 8_001, vatBps: 2_500 },
  { freeCancelMinutes: -1 },
  { freeCancelMinutes: 2 ** 31 },
  { payoutFee: -1n },
];

describe('what is asked for', () => {
  it.each([
    { faulty: { slug: 'Lagos!' }, says: 'slug: takes 2 to 40' },
    { faulty: { slug: 'x' }, says: 'slug: takes 2 to 40' },
    { faulty: { name: ' ' }, says: 'name: takes one line' },
    { faulty: { name: 'La\ngos' }, says: 'name: takes one line' },
    { faulty: { currency: 'ngn' }, says: 'currency: takes one of NGN' },
    { faulty: { admin: { ...admin, email: 'ops' } }, says: 'admin.email: must be an email address' },
    { faulty: { admin: { ...admin, password: 'short' } }, says: 'admin.password: must have 10 to 128' },
    { faulty: { admin: { ...admin, displayName: '' } }, says: 'admin.displayName: must have 1 to 60' },
    { faulty: { fees: { commissionBps: 9_999 } }, says: 'fees.commissionBps: and the VAT on it' },
  ])('$faulty is BAD_INPUT that says $says, and nothing is written', async ({ faulty, says }) => {
    const before = await counts();
    const message = expect.stringContaining(says) as string;
    await expect(markets.open({ ...lagos, slug: 'kano', ...faulty })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message,
    });
    expect(await counts()).toEqual(before);
  });

  it.each(payable)('fees of %o are taken', async (fees) => {
    expect((await markets.changeFees('lagos', fees)).fees).toMatchObject(fees);
  });

  it.each(unpayable)('fees of %o are refused, as the database would', async (fees) => {
    await markets.changeFees('lagos', standardFees);
    await expect(markets.changeFees('lagos', fees)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const { id: tenantId } = await db.read.tenant.findUniqueOrThrow({ where: { slug: 'lagos' } });
    const row = { id: uuidv7(), tenantId, name: uuidv7(), version: 1, createdAt: now, ...standardFees, ...fees };
    await expect(db.write((tx) => tx.feePlan.create({ data: row }))).rejects.toThrow(
      /fee_plan_|out of range|INT4|32-bit/i,
    );
  });
});

describe('new fees', () => {
  it('keep what is not named, and are the newest also by a clock that was set back', async () => {
    const before = await markets.changeFees('lagos', { ...standardFees, vatBps: 100 });
    now = new Date(now.getTime() - 3_600_000);
    const { fees, isNew } = await markets.changeFees('lagos', { commissionBps: 900 });
    expect({ fees, isNew }).toEqual({
      isNew: true,
      fees: { ...before.fees, commissionBps: 900, version: before.fees.version + 1 },
    });
    const listed = (await markets.all()).find(({ slug }) => slug === 'lagos');
    expect(listed?.fees).toEqual(fees);
  });

  it('that say what holds already write nothing, so that a repeated command is harmless', async () => {
    const { fees } = await markets.changeFees('lagos', { commissionBps: 700 });
    const before = await counts();
    expect(await markets.changeFees('lagos', { commissionBps: 700 })).toMatchObject({ fees, isNew: false });
    expect(await counts()).toEqual(before);
  });

  it('of several people at once become versions one after another, each with what the one before had', async () => {
    const { fees } = await markets.changeFees('lagos', standardFees);
    const changes: readonly Partial<MarketFees>[] = [
      { commissionBps: 1 },
      { vatBps: 2 },
      { cancellationBps: 3 },
      { payoutFee: 4n },
    ];
    const changed = await Promise.all(changes.map((change) => markets.changeFees('lagos', change)));
    const versions = changed.map((one) => one.fees.version).toSorted((one, other) => one - other);
    expect(versions).toEqual([1, 2, 3, 4].map((step) => fees.version + step));
    const listed = (await markets.all()).find(({ slug }) => slug === 'lagos');
    expect(listed?.fees).toMatchObject(Object.assign({}, ...changes));
  });

  it('of no market are NOT_FOUND, and no fees, or parts of a basis point, are BAD_INPUT', async () => {
    for (const slug of ['atlantis', '', 'x\0', "' OR true --"])
      await expect(markets.changeFees(slug, { vatBps: 1 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (const fees of [{}, { vatBps: 1.5 }])
      await expect(markets.changeFees('lagos', fees)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
