import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { silentLogger, type UserViewer } from '../../src/kernel/index.js';
import type { Dispute } from '../../src/modules/disputes/index.js';
import { createServices, hourMs, startMarket, type StoryErrand, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let arbiter: UserViewer;
beforeEach(async () => {
  market = await startMarket();
  arbiter = await market.addPerson(market.tenantId, 'ARBITER');
});
afterEach(async () => {
  await market.assertSound();
  await market.close();
});

const reason = 'We do not agree at all.';
const quiet = { fired: 0, skipped: 0, failed: 0 };
const fired = (count: number) => ({ ...quiet, fired: count });
const walletOf = async (viewer: UserViewer): Promise<bigint> => (await market.wallets.wallet(viewer)).minor;
const wallets = async () => [await walletOf(market.customer), await walletOf(market.runner)];
const stateOf = async ({ id }: Dispute) => (await market.disputes.get(arbiter, id)).state;

async function open(who: UserViewer, story: StoryErrand, claimMinor: bigint): Promise<Dispute> {
  return (await market.disputes.open(who, story.errand.id, { reason, claimMinor })).dispute;
}

const decisionOf = async ({ id }: Dispute) => (await market.disputes.decisionsFor(market.tenantId, [id])).at(-1)!;

/** Nothing a millisecond early, once on time, nothing a second time. */
async function firesOnceAfter(ms: number): Promise<void> {
  const { clock, timers } = market;
  clock.forward(ms - 1);
  expect(await timers.fireDue()).toEqual(quiet);
  clock.forward(1);
  expect(await timers.fireDue()).toEqual(fired(1));
  expect(await timers.fireDue()).toEqual(quiet);
}

describe('the other party that stays silent for 48 hours', () => {
  it('loses what the customer claims, fees are taken of the rest, and may still appeal', async () => {
    const dispute = await open(market.customer, await market.tell.delivered({}, 800_000n), 200_000n);
    await firesOnceAfter(48 * hourMs);
    expect(await stateOf(dispute)).toBe('RESOLVED');
    expect(await decisionOf(dispute)).toMatchObject({ outcome: 'SPLIT', rule: 'NO_RESPONSE', proposedById: null });
    expect(await wallets()).toEqual([0n, 0n]);
    await firesOnceAfter(48 * hourMs);
    expect(await wallets()).toEqual([200_000n, 519_375n]);
  });

  it('loses what the runner claims: the customer keeps the rest', async () => {
    const dispute = await open(market.runner, await market.tell.started({}, 800_000n), 600_000n);
    await firesOnceAfter(48 * hourMs);
    expect(await decisionOf(dispute)).toMatchObject({ outcome: 'SPLIT', customerAmount: 200_000n });
    await firesOnceAfter(48 * hourMs);
    expect(await wallets()).toEqual([200_000n, 519_375n]);
  });

  it('gets the time to appeal in full, however late the timer came', async () => {
    const { clock, timers, disputes, runner } = market;
    const dispute = await open(market.customer, await market.tell.delivered(), 450_000n);
    clock.forward(1000 * hourMs);
    expect(await timers.fireDue()).toEqual(fired(1));
    clock.forward(48 * hourMs - 1);
    expect((await disputes.appeal(runner, dispute.id, 'I was away.')).dispute.state).toBe('APPEALED');
    expect(await wallets()).toEqual([0n, 0n]);
  });

  it('cannot respond any more once the time is over, timer or not', async () => {
    const { clock, disputes, runner } = market;
    const dispute = await open(market.customer, await market.tell.delivered(), 1n);
    clock.forward(48 * hourMs);
    const late = disputes.respond(runner, dispute.id, { statement: 'Wait.' });
    await expect(late).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });
});

describe('arbiters who do not decide within 72 hours', () => {
  it.each([
    { from: 'delivered', outcome: 'RELEASE', ends: [0n, 692_500n] },
    { from: 'started', outcome: 'REFUND', ends: [800_000n, 0n] },
  ] as const)('leave an errand that was $from to $outcome', async ({ from, outcome, ends }) => {
    const dispute = await open(market.customer, await market.tell[from]({}, 800_000n), 5n);
    await market.disputes.respond(market.runner, dispute.id, { statement: 'No.' });
    await firesOnceAfter(72 * hourMs);
    expect(await decisionOf(dispute)).toMatchObject({ outcome, rule: 'NO_DECISION' });
    await firesOnceAfter(48 * hourMs);
    expect(await wallets()).toEqual(ends);
  });

  it('decide nothing by a proposal that nobody approved', async () => {
    const { disputes, customer, runner, clock } = market;
    const story = await market.tell.delivered({ budget: { minor: 20_000_000n, currency: 'NGN' } }, 10_000_001n);
    const dispute = await open(customer, story, 5n);
    await disputes.respond(runner, dispute.id, { statement: 'No.' });
    await disputes.propose(arbiter, dispute.id, { outcome: 'REFUND', reason });
    expect(await stateOf(dispute)).toBe('UNDER_REVIEW');
    clock.forward(72 * hourMs);
    expect(await market.timers.fireDue()).toEqual(fired(1));
    expect(await decisionOf(dispute)).toMatchObject({ outcome: 'RELEASE', rule: 'NO_DECISION' });
  });
});

describe('many servers whose timers fire at once', () => {
  it('move a dispute on once a step, and the money once', async () => {
    const { clock, database } = market;
    const dbs = Array.from({ length: 6 }, () => createDb({ url: database.url, logger: silentLogger, poolMax: 1 }));
    const servers = dbs.map((db) => createServices(db, clock));
    await Promise.all(servers.map(({ db }) => db.read.tenant.count()));
    const dispute = await open(market.customer, await market.tell.delivered({}, 800_000n), 800_000n);
    const rounds: number[] = [];
    for (let step = 0; step < 2; step += 1) {
      clock.forward(48 * hourMs);
      const done = await Promise.all(servers.map(({ timers }) => timers.fireDue()));
      rounds.push(done.reduce((sum, { fired: count }) => sum + count, 0));
    }
    await Promise.all(dbs.map((db) => db.close()));
    // One that waited too long for the lock looks again later; nobody is counted twice.
    expect(rounds).toEqual([1, 1]);
    expect(await stateOf(dispute)).toBe('FINAL');
    expect(await wallets()).toEqual([800_000n, 0n]);
    const journals = await market.db.read.journal.count({ where: { kind: 'errand.refundDispute' } });
    expect(journals).toBe(1);
  });
});
