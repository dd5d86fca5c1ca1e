import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError, type UserViewer } from '../../src/kernel/index.js';
import { createOfferService } from '../../src/modules/errands/index.js';
import { createClosingService, createStandingService } from '../../src/modules/people/index.js';
import { createPasswords, createUserService } from '../../src/modules/users/index.js';
import { anotherProcess, ordinaryAccount, startPayoutMarket, type PayoutMarket } from '../support/payouts.js';
import { newErrand } from '../support/stories.js';
import { releaseTogether } from './users.support.js';

let market: PayoutMarket;
let admin: UserViewer;
beforeAll(async () => {
  market = await startPayoutMarket();
  admin = await market.addPerson(market.tenantId, 'ADMIN');
});
afterAll(() => market.close());

const reason = 'Complaints of three customers.';
const password = 'a long password';

function standing(db = market.db) {
  return createStandingService({ db, clock: market.clock });
}

/** The password is asked for over HTTP: test/integration/people.test.ts holds that. */
function closing(db = market.db) {
  const { clock } = market;
  return createClosingService({ db, clock, passwords: createPasswords(), confirmPassword: async () => undefined });
}

async function obstaclesOf(viewer: UserViewer): Promise<readonly string[]> {
  const error = await closing()
    .close(viewer, password)
    .then(() => undefined)
    .catch((caught: unknown) => caught);
  if (error === undefined) return [];
  if (!(error instanceof AppError) || error.code !== 'ILLEGAL_TRANSITION') throw error;
  expect(error.fields.every(({ path, message }) => error.message.includes(`${path}: ${message}`))).toBe(true);
  return error.fields.map(({ path }) => path);
}

async function statusOf({ userId }: UserViewer): Promise<string> {
  return (await market.db.read.user.findUniqueOrThrow({ where: { id: userId } })).status;
}

describe('an account', () => {
  it('is not closed while its owner owes, is owed, or is in the middle of something, and says all of it', async () => {
    const { tenantId, addPerson, errands, offers, escrows, wallets, disputes, payee, request, worker } = market;
    const [customer, runner] = [await addPerson(tenantId, 'CUSTOMER'), await addPerson(tenantId, 'RUNNER')];
    const draft = await errands.post(customer, newErrand({ publish: false }));
    expect(await obstaclesOf(customer)).toEqual(['errands']);
    await escrows.cancel(customer, draft.id);
    const { id } = await errands.post(customer, newErrand());
    const { offer } = await offers.make(runner, id, { amountMinor: 10_000n });
    await escrows.acceptOffer(customer, offer.id);
    await wallets.topUp(customer, { amountMinor: 15_000n, currency: 'NGN' });
    await escrows.fund(customer, id);
    expect(await obstaclesOf(customer)).toEqual(['errands', 'wallet']);
    expect(await obstaclesOf(runner)).toEqual(['errands']);
    await errands.start(runner, id);
    await disputes.open(customer, id, { reason: 'It never came to my door.', claimMinor: 1n });
    expect(await obstaclesOf(runner)).toEqual(['errands', 'disputes']);

    const { viewer, account } = await payee();
    const payout = await request(viewer, account.id, 97_500n);
    expect(await obstaclesOf(viewer)).toEqual(['payouts']);
    await worker.work();
    expect((await market.payouts.get(viewer, payout.id)).state).toBe('PAID');
    expect(await obstaclesOf(viewer)).toEqual([]);
    expect(await statusOf(viewer)).toBe('CLOSED');
    const kept = await market.db.read.payoutAccount.findUniqueOrThrow({ where: { id: account.id } });
    expect(kept.status, 'whom money went to is part of the books').toBe('REMOVED');
    await market.assertSound();
  });

  it('that is closed leaves nothing of who it was but what books and deeds need, and its address is free again', async () => {
    const { tenantId, addPerson, offers, escrows, tell, clock, db, customer, payee } = market;
    const { viewer: runner } = await payee(0n);
    const home = {
      bio: 'I run.',
      avatarUrl: 'https://img.example/a.png',
      homeArea: 'Yaba',
      homeLat: 6.5,
      homeLng: 3.4,
    };
    await db.write(async (tx) => {
      await tx.user.update({ where: { id: runner.userId }, data: { phone: '+2348011112222' } });
      await tx.userProfile.update({ where: { userId: runner.userId }, data: home });
      const session = { id: runner.sessionId, tenantId, userId: runner.userId, userAgent: 'a phone' };
      const times = { createdAt: clock.now(), expiresAt: new Date(clock.now().getTime() + 1_000) };
      await tx.session.create({ data: { ...session, ...times } });
    });
    const open = await tell.open();
    await tellThem(runner);
    const { offer } = await offers.make(runner, open.id, { amountMinor: 10_000n });
    const { email } = await db.read.user.findUniqueOrThrow({ where: { id: runner.userId } });
    expect(await obstaclesOf(runner)).toEqual([]);

    const include = { profile: true, roleGrants: true, sessions: true, payoutAccounts: true };
    const left = await db.read.user.findUniqueOrThrow({ where: { id: runner.userId }, include });
    expect(left).toMatchObject({ status: 'CLOSED', phone: null, version: 2, roleGrants: [] });
    expect(left.email).toMatch(/^closed-[0-9a-f-]{36}@closed\.invalid$/);
    const nothing = { bio: null, avatarUrl: null, homeArea: null, homeLat: null, homeLng: null };
    expect(left.profile).toMatchObject({ displayName: 'Closed account', ...nothing });
    expect(left.sessions).toMatchObject([{ revokedReason: 'ACCOUNT_CLOSED', userAgent: null }]);
    expect(left.payoutAccounts, 'no money ever went to it').toEqual([]);
    expect(await db.read.notification.count({ where: { userId: runner.userId } })).toBe(0);
    const offered = await db.read.offer.findUniqueOrThrow({ where: { id: offer.id } });
    expect(offered).toMatchObject({ state: 'WITHDRAWN', runnerId: runner.userId });
    await expect(escrows.acceptOffer(customer, offer.id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    const next = await addPerson(tenantId, 'RUNNER');
    await db.write((tx) => tx.user.update({ where: { id: next.userId }, data: { email, phone: '+2348011112222' } }));
    await market.assertSound();
  });

  it('is closed whoever took an address that looks like that of a closed one', async () => {
    const { addPerson, tenantId, db } = market;
    const [viewer, squatter] = [await addPerson(tenantId, 'CUSTOMER'), await addPerson(tenantId, 'CUSTOMER')];
    const email = `closed-${viewer.userId}@closed.invalid`;
    await db.write((tx) => tx.user.update({ where: { id: squatter.userId }, data: { email } }));
    await closing().close(viewer, password);
    expect(await statusOf(viewer)).toBe('CLOSED');
  });

  it('that is closed is told nothing of its owner by requests that were under way', async () => {
    const { tenantId, addPerson, db, clock, accounts, bankId } = market;
    const viewer = await addPerson(tenantId, 'RUNNER');
    await closing().close(viewer, password);
    const renaming = createUserService({ db, clock }).updateProfile(viewer, { displayName: 'Ada of Yaba' });
    await expect(renaming).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const adding = accounts.add(viewer, { bankId, accountNumber: ordinaryAccount() });
    await expect(adding).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const left = await db.read.user.findUniqueOrThrow({
      where: { id: viewer.userId },
      include: { profile: true, payoutAccounts: true },
    });
    expect(left).toMatchObject({ profile: { displayName: 'Closed account' }, payoutAccounts: [] });
    await expect(standing().verify(admin, viewer.userId, 3, 'Saw it.')).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
    });
  });

  it('that is closed takes no tip, so that no money is where nobody can take it', async () => {
    const { errands, offers, escrows, wallets, actions, customer, payouts, worker } = market;
    const { viewer: runner, account } = await market.payee(0n);
    const { id } = await errands.post(customer, newErrand());
    const { offer } = await offers.make(runner, id, { amountMinor: 100_000n });
    await escrows.acceptOffer(customer, offer.id);
    await wallets.topUp(customer, { amountMinor: 200_000n, currency: 'NGN' });
    await escrows.fund(customer, id);
    await errands.start(runner, id);
    await errands.submitProof(runner, id, [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }]);
    await escrows.confirm(customer, id);
    const tipping = async () =>
      (await actions.forErrands(customer, [id])).get(id)!.find(({ name }) => name === 'tipRunner')!;
    expect(await tipping()).toMatchObject({ enabled: true });
    const earned = (await market.wallets.wallet(runner)).minor;
    await payouts.request(runner, { payoutAccountId: account.id, amountMinor: earned - 2_500n, currency: 'NGN' });
    await worker.work();
    expect(await obstaclesOf(runner)).toEqual([]);
    const refusal = { code: 'ILLEGAL_TRANSITION', message: expect.stringContaining('closed the account') };
    await expect(escrows.tip(customer, id, 1n)).rejects.toMatchObject(refusal);
    expect(await tipping()).toMatchObject({ enabled: false, reasons: [refusal] });
    await market.assertSound();
  });

  it('is not closed by the last admin of a market, and is by one of two', async () => {
    const tenantId = await market.addTenant('closing', 'NGN');
    const [first, second] = [await market.addPerson(tenantId, 'ADMIN'), await market.addPerson(tenantId, 'ADMIN')];
    await closing().close(first, password);
    await expect(closing().close(second, password)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect([await statusOf(first), await statusOf(second)]).toEqual(['CLOSED', 'ACTIVE']);
  });
});

describe('while an account is suspended', () => {
  it('a payout that was let go waits in transit, and goes on when they are reinstated', async () => {
    const { payee, request, worker, payouts, effectsOf, clock } = market;
    const { viewer, account } = await payee();
    const payout = await request(viewer, account.id, 40_000n);
    expect(payout.state).toBe('QUEUED');
    await standing().suspend(admin, viewer.userId, reason);
    await worker.work();
    expect(await payouts.get(admin, payout.id)).toMatchObject({ state: 'QUEUED', lastError: 'its owner is suspended' });
    expect(effectsOf(payout)).toEqual([]);
    await standing().reinstate(admin, viewer.userId, 'It was somebody else.');
    clock.forward(3_600_000);
    await worker.work();
    expect((await payouts.get(viewer, payout.id)).state).toBe('PAID');
    await market.assertSound();
  });

  it('a delivered errand is paid for all the same, whichever of the two it is, and support takes one on its way', async () => {
    const { tenantId, addPerson, errands, offers, escrows, wallets, timers, clock, staff } = market;
    const [customer, runner] = [await addPerson(tenantId, 'CUSTOMER'), await addPerson(tenantId, 'RUNNER')];
    await wallets.topUp(customer, { amountMinor: 200_000n, currency: 'NGN' });
    const ids = [];
    for (const isDone of [true, false]) {
      const { id } = await errands.post(customer, newErrand());
      const { offer } = await offers.make(runner, id, { amountMinor: 100_000n });
      await escrows.acceptOffer(customer, offer.id);
      await escrows.fund(customer, id);
      await errands.start(runner, id);
      if (isDone) await errands.submitProof(runner, id, [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }]);
      ids.push(id);
    }
    for (const { userId } of [customer, runner]) await standing().suspend(admin, userId, reason);
    await escrows.drop(staff, ids[1]!);
    clock.forward(73 * 3_600_000);
    await timers.fireDue();
    const states = await Promise.all(ids.map(async (id) => (await errands.get(staff, id)).state));
    expect(states).toEqual(['COMPLETED', 'OPEN']);
    expect((await wallets.wallet(runner)).minor).toBeGreaterThan(0n);
    expect((await wallets.wallet(customer)).minor).toBe(100_000n);
    await market.assertSound();
  });
});

describe('at the same moment', () => {
  it('a runner bids and is suspended: no live offer of theirs is left, whoever came first', async () => {
    const { tenantId, addPerson, tell, offers, clock, db, database } = market;
    const processes = [anotherProcess(market), anotherProcess(market)];
    try {
      for (let round = 0; round < 4; round += 1) {
        const runner = await addPerson(tenantId, 'RUNNER');
        const errand = await tell.open();
        const bidding = createOfferService({ db: processes[0]!, clock });
        const bid = () => bidding.make(runner, errand.id, { amountMinor: 5n });
        const suspend = () => standing(processes[1]).suspend(admin, runner.userId, reason);
        const done: Promise<PromiseSettledResult<unknown>[]>[] = [];
        const holding = ['SELECT 1 FROM app_user WHERE id = $1 FOR UPDATE', runner.userId] as const;
        await releaseTogether(database.url, holding, 2, () => {
          const both = round % 2 === 0 ? [bid, suspend] : [suspend, bid];
          done.push(Promise.allSettled(both.map((act) => act())));
        });
        const results = await done[0]!;
        expect(results.filter(({ status }) => status === 'rejected').length).toBeLessThanOrEqual(1);
        expect(await statusOf(runner)).toBe('SUSPENDED');
        const live = {
          runnerId: runner.userId,
          state: { in: ['PENDING', 'COUNTERED'] as ('PENDING' | 'COUNTERED')[] },
        };
        expect(await db.read.offer.count({ where: live })).toBe(0);
      }
    } finally {
      for (const process of processes) await process.close();
    }
    await expect(offers.make(await suspended(), (await tell.open()).id, { amountMinor: 5n })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('two admins suspend each other: one of them stays', async () => {
    const { addPerson, addTenant, db, database } = market;
    const tenantId = await addTenant('mutual', 'NGN');
    const [one, other] = [await addPerson(tenantId, 'ADMIN'), await addPerson(tenantId, 'ADMIN')];
    const processes = [anotherProcess(market), anotherProcess(market)];
    try {
      const grant = await db.read.roleGrant.findFirstOrThrow({ where: { tenantId }, orderBy: { id: 'asc' } });
      const done: Promise<PromiseSettledResult<unknown>[]>[] = [];
      await releaseTogether(database.url, ['SELECT 1 FROM role_grant WHERE id = $1 FOR UPDATE', grant.id], 2, () => {
        const acts = [
          standing(processes[0]).suspend(one, other.userId, reason),
          standing(processes[1]).suspend(other, one.userId, reason),
        ];
        done.push(Promise.allSettled(acts));
      });
      const results = await done[0]!;
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect((await Promise.all([statusOf(one), statusOf(other)])).toSorted()).toEqual(['ACTIVE', 'SUSPENDED']);
    } finally {
      for (const process of processes) await process.close();
    }
  });
});

async function tellThem({ userId, tenantId }: UserViewer): Promise<void> {
  const notification = { id: randomUUID(), tenantId, userId, kind: 'errand.acceptOffer', params: {} };
  await market.db.write((tx) => tx.notification.create({ data: { ...notification, createdAt: market.clock.now() } }));
}

async function suspended(): Promise<UserViewer> {
  const runner = await market.addPerson(market.tenantId, 'RUNNER');
  await standing().suspend(admin, runner.userId, reason);
  return runner;
}
