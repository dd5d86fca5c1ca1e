import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { AppError, silentLogger } from '../../src/kernel/index.js';
import {
  createServices,
  hourMs,
  proof,
  startMarket,
  type StoryMarket,
  type StoryServices,
} from '../support/stories.js';

/** Each rival has a server of its own: one pool, one connection, opened before the race starts. */
const rivalsMax = 12;
const rounds = 4;
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

type Attempt = (one: StoryServices) => Promise<unknown>;

/** Lets everybody go at once. @returns 'won' or the code of what each was told */
async function race(attempts: readonly Attempt[]): Promise<string[]> {
  const results = await Promise.allSettled(attempts.map((attempt, index) => attempt(rivals[index]!)));
  return results.map((result) => {
    if (result.status === 'fulfilled') return 'won';
    if (result.reason instanceof AppError) return result.reason.code;
    throw result.reason;
  });
}

/** A delivery in two steps, with money for more in the customer's wallet. */
async function delivered(): Promise<string> {
  const { tell, escrows, errands, wallets, customer, runner } = market;
  const { errand } = await tell.assigned({ goodsBudget: { minor: 5_000n, currency: 'NGN' } }, 10_001n);
  const steps = [4_000n, 6_001n].map((amountMinor) => ({ title: 'A step', amountMinor }));
  await escrows.agreeMilestones(customer, errand.id, steps);
  await errands.start(runner, errand.id);
  await errands.submitProof(runner, errand.id, [proof]);
  await wallets.topUp(customer, { amountMinor: 20_000n, currency: 'NGN' });
  return errand.id;
}

const endings = new Set(['openDispute', 'confirm', 'autoRelease', 'confirmByCode']);
const outflows = new Set(['releaseMilestone', 'topUpEscrow', ...endings]);

/** What happened of an errand, in order, and that its money and its books tell the same. */
async function expectOneStory(errandId: string): Promise<readonly string[]> {
  const { db } = market;
  const events = await db.read.processEvent.findMany({ where: { errandId }, orderBy: { seq: 'asc' } });
  const names = events.map(({ transition }) => transition);
  const journals = await db.read.journal.findMany({ where: { businessRef: `errand:${errandId}` } });
  const escrow = await db.read.escrow.findFirstOrThrow({ where: { errandId }, include: { milestones: true } });
  const released = escrow.milestones.filter(({ state }) => state === 'RELEASED');
  const count = (name: string): number => names.filter((each) => each === name).length;
  expect(released.length).toBe(count('releaseMilestone'));
  expect(escrow.serviceReleased).toBe(released.reduce((sum, { amount }) => sum + amount, 0n));
  for (const name of ['releaseMilestone', 'topUpEscrow', 'tipRunner'])
    expect(journals.filter(({ kind }) => kind === `errand.${name}`).length).toBe(count(name));
  expect(count('confirm') + count('autoRelease') + count('confirmByCode') + count('openDispute')).toBeLessThanOrEqual(
    1,
  );
  const last = names.findIndex((name) => endings.has(name));
  expect(last < 0 ? [] : names.slice(last + 1).filter((name) => outflows.has(name))).toEqual([]);
  await market.assertSound();
  return names;
}

describe('at once, from connections of their own', () => {
  it('a milestone is paid once by ten who release it', async () => {
    const errandId = await delivered();
    const { customer } = market;
    const outcomes = await race(
      Array.from(
        { length: 10 },
        (): Attempt =>
          ({ escrows }) =>
            escrows.releaseMilestone(customer, errandId, 1),
      ),
    );
    expect(outcomes.toSorted()).toEqual([...Array<string>(9).fill('ILLEGAL_TRANSITION'), 'won']);
    expect((await expectOneStory(errandId)).filter((name) => name === 'releaseMilestone').length).toBe(1);
  });

  it('confirmation, milestones, a dispute, top-ups, a tip and a code leave one story', async () => {
    const { customer, runner, handovers } = market;
    const reached = new Set<string>();
    for (let round = 0; round < rounds; round += 1) {
      const errandId = await delivered();
      const { issued } = await handovers.issue(customer, errandId, 'DROPOFF');
      const attempts: readonly Attempt[] = [
        ({ escrows }) => escrows.confirm(customer, errandId),
        ({ escrows }) => escrows.releaseMilestone(customer, errandId, 1),
        ({ disputes }) => disputes.open(runner, errandId, { reason: 'They keep me waiting.', claimMinor: 1n }),
        ({ escrows }) => escrows.topUp(customer, errandId, { serviceMinor: 7n }),
        ({ escrows }) => escrows.confirmByCode(runner, errandId, { code: issued.code }),
        ({ escrows }) => escrows.releaseMilestone(customer, errandId, 2),
        ({ escrows }) => escrows.topUp(customer, errandId, { goodsMinor: 3n }),
        ({ escrows }) => escrows.tip(customer, errandId, 11n),
      ];
      const outcomes = await race([...attempts.slice(round * 2), ...attempts.slice(0, round * 2)]);
      expect(new Set(outcomes.filter((code) => code !== 'won'))).toEqual(new Set(['ILLEGAL_TRANSITION']));
      const names = await expectOneStory(errandId);
      for (const name of names.filter((each) => endings.has(each))) reached.add(name);
    }
    expect(reached.size).toBeGreaterThan(0);
  });

  it('automatic release on two servers, milestones and top-ups leave one story, and it ends', async () => {
    const { customer, clock, errands, tenantId } = market;
    for (let round = 0; round < rounds; round += 1) {
      const errandId = await delivered();
      clock.forward(73 * hourMs);
      const attempts: readonly Attempt[] = [
        ({ timers }) => timers.fireDue(),
        ({ escrows }) => escrows.releaseMilestone(customer, errandId, 1),
        ({ escrows }) => escrows.topUp(customer, errandId, { goodsMinor: 3n }),
        ({ timers }) => timers.fireDue(),
        ({ escrows }) => escrows.releaseMilestone(customer, errandId, 2),
        ({ escrows }) => escrows.confirm(customer, errandId),
      ];
      await race([...attempts.slice(round), ...attempts.slice(0, round)]);
      await expectOneStory(errandId);
      expect((await errands.find(tenantId, errandId)).state).toBe('COMPLETED');
    }
  });
});
