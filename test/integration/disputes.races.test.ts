import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDb } from '../../src/db/index.js';
import { AppError, silentLogger, type UserViewer } from '../../src/kernel/index.js';
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
const rounds = 6;
let market: StoryMarket;
let arbiters: readonly UserViewer[];
let rivals: readonly StoryServices[];

beforeAll(async () => {
  market = await startMarket();
  const person = () => market.addPerson(market.tenantId, 'ARBITER');
  arbiters = [await person(), await person(), await person()];
  rivals = Array.from({ length: rivalsMax }, () =>
    createServices(
      createDb({ url: market.database.url, logger: silentLogger, poolMax: 1, transactionTimeoutMs: 30_000 }),
      market.clock,
    ),
  );
  await Promise.all(rivals.map(({ db }) => db.read.tenant.count()));
});
afterEach(async () => {
  await market.assertSound();
});
afterAll(async () => {
  await Promise.all(rivals.map(({ db }) => db.close()));
  await market.close();
});

const input = { reason: 'We do not agree at all.', claimMinor: 100_000n };
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

const wins = (outcomes: readonly string[]): number => outcomes.filter((outcome) => outcome === 'won').length;
const walletOf = async (viewer: UserViewer): Promise<bigint> => (await market.wallets.wallet(viewer)).minor;

/** Where errand, escrow and dispute stand. */
async function standing(errandId: string) {
  const { read } = market.db;
  const { state } = await read.errand.findUniqueOrThrow({ where: { id: errandId } });
  const escrow = await read.escrow.findFirstOrThrow({ where: { errandId, retiredAt: null } });
  const open = await read.dispute.findMany({ where: { errandId, dueAt: { not: null } } });
  return { state, escrow, open };
}

describe('a delivery that is disputed while it is released', () => {
  it('is either, never both: of customer, runner and confirmation one wins, and nothing flows while it is frozen', async () => {
    const { tell, customer, runner } = market;
    for (let round = 0; round < rounds; round += 1) {
      const { errand } = await tell.delivered({}, 800_000n);
      const before = await walletOf(runner);
      const attempts: Attempt[] = [
        ({ disputes }) => disputes.open(customer, errand.id, input),
        ({ escrows }) => escrows.confirm(customer, errand.id),
        ({ disputes }) => disputes.open(runner, errand.id, input),
        ({ escrows }) => escrows.confirm(customer, errand.id),
        ({ escrows }) => escrows.cancel(customer, errand.id),
        ({ escrows }) => escrows.drop(runner, errand.id),
      ];
      const turned = round % 2 === 0 ? attempts : attempts.toReversed();
      expect(wins(await race(turned))).toBe(1);
      const { state, escrow, open } = await standing(errand.id);
      expect(['DISPUTED', 'COMPLETED']).toContain(state);
      const isDisputed = state === 'DISPUTED';
      expect(escrow).toMatchObject(
        isDisputed
          ? { state: 'FUNDED', released: 0n, refunded: 0n, frozenByDispute: open[0]!.id }
          : { state: 'RELEASED', frozenByDispute: null },
      );
      expect(open).toHaveLength(isDisputed ? 1 : 0);
      expect((await walletOf(runner)) - before).toBe(isDisputed ? 0n : 692_500n);
    }
  });

  it('an instant before its automatic release is disputed or left to be released, on whichever side of the clock', async () => {
    const { tell, customer, clock, timers } = market;
    const { errand } = await tell.delivered({}, 800_000n);
    clock.forward(72 * hourMs - 1);
    const [disputed] = await race([
      ({ disputes }) => disputes.open(customer, errand.id, input),
      ({ timers }) => timers.fireDue(),
      ({ timers }) => timers.fireDue(),
    ]);
    expect(disputed).toBe('won');
    clock.forward(1);
    await timers.fireDue();
    expect((await standing(errand.id)).state).toBe('DISPUTED');
    const other = await tell.delivered({}, 800_000n);
    clock.forward(72 * hourMs);
    const [late] = await race([
      ({ disputes }) => disputes.open(customer, other.errand.id, input),
      ({ timers }) => timers.fireDue(),
      ({ timers }) => timers.fireDue(),
    ]);
    expect(late).toBe('ILLEGAL_TRANSITION');
    await timers.fireDue();
    expect((await standing(other.errand.id)).state).toBe('COMPLETED');
  });
});

describe('an errand on the way that is given back, delivered and disputed at once', () => {
  it('goes one of the three ways, and its money with it', async () => {
    const { tell, customer, runner, staff } = market;
    for (let round = 0; round < rounds; round += 1) {
      const { errand, escrow } = await tell.started({}, 800_000n);
      const before = await walletOf(customer);
      const outcomes = await race([
        ({ escrows }) => escrows.drop(runner, errand.id),
        ({ escrows }) => escrows.drop(staff, errand.id),
        ({ disputes }) => disputes.open(customer, errand.id, input),
        ({ errands }) => errands.submitProof(runner, errand.id, [proof]),
      ]);
      const after = await market.db.read.errand.findUniqueOrThrow({ where: { id: errand.id } });
      const { retiredAt } = await market.escrows.get(customer, escrow.id);
      // A dispute may still follow a delivery, and nothing else may follow anything.
      const isBoth = outcomes[2] === 'won' && outcomes[3] === 'won';
      expect(wins(outcomes)).toBe(isBoth ? 2 : 1);
      expect((await walletOf(customer)) - before).toBe(after.state === 'OPEN' ? 800_000n : 0n);
      expect(retiredAt !== null).toBe(after.state === 'OPEN');
    }
  });
});

describe('a dispute that many decide at once', () => {
  async function underReview() {
    const { tell, customer, runner, disputes } = market;
    const { errand } = await tell.delivered({}, 800_000n);
    const { dispute } = await disputes.open(customer, errand.id, input);
    return (await disputes.respond(runner, dispute.id, { statement: 'No.' })).dispute;
  }

  it('is withdrawn or decided by one of them', async () => {
    const { customer, db } = market;
    const because = 'The photos show it.';
    for (let round = 0; round < rounds; round += 1) {
      const { id, errandId } = await underReview();
      const outcomes = await race([
        ({ disputes }) => disputes.withdraw(customer, id),
        ({ disputes }) => disputes.propose(arbiters[0]!, id, { outcome: 'RELEASE', reason: because }),
        ({ disputes }) => disputes.propose(arbiters[1]!, id, { outcome: 'REFUND', reason: because }),
        ({ disputes }) => disputes.propose(arbiters[2]!, id, { outcome: 'REFUND', reason: because }),
      ]);
      expect(wins(outcomes)).toBe(1);
      const decided = await db.read.disputeDecision.count({ where: { disputeId: id, decidedAt: { not: null } } });
      const { state, escrow } = await standing(errandId);
      expect([decided, state, escrow.frozenByDispute]).toEqual(
        outcomes[0] === 'won' ? [0, 'DELIVERED', null] : [1, 'DISPUTED', id],
      );
      expect(escrow).toMatchObject({ released: 0n, refunded: 0n });
    }
  });

  it('takes effect or is appealed when the last instant to appeal meets the timer, and pays once', async () => {
    const { runner, clock, disputes } = market;
    const { id, errandId } = await underReview();
    await disputes.propose(arbiters[0]!, id, { outcome: 'REFUND', reason: 'The photos show it.' });
    clock.forward(48 * hourMs);
    const outcomes = await race([
      ({ disputes }) => disputes.appeal(runner, id, 'Too late?'),
      ...Array.from(
        { length: 6 },
        (): Attempt =>
          ({ timers }) =>
            timers.fireDue(),
      ),
    ]);
    expect(outcomes[0]).toBe('ILLEGAL_TRANSITION');
    await market.timers.fireDue();
    const { state, escrow } = await standing(errandId);
    expect(state).toBe('CANCELLED');
    expect(escrow).toMatchObject({ state: 'REFUNDED', refunded: 800_000n, frozenByDispute: null });
    const paid = await market.db.read.journal.count({
      where: { businessRef: `errand:${errandId}`, kind: 'errand.refundDispute' },
    });
    expect(paid).toBe(1);
  });
});

describe('the database', () => {
  it('lets nothing be booked out of a frozen escrow, and no second dispute be open, whoever writes', async () => {
    const { tell, customer, disputes, db } = market;
    const { errand, escrow } = await tell.delivered();
    const { dispute } = await disputes.open(customer, errand.id, input);
    const drain = db.write((tx) => tx.escrow.update({ where: { id: escrow.id }, data: { released: 1n } }));
    await expect(drain).rejects.toThrow(/is frozen by dispute/);
    const { id: _, ...row } = dispute;
    const second = db.write((tx) => tx.dispute.create({ data: { ...row, id: crypto.randomUUID() } }));
    await expect(second).rejects.toMatchObject({ code: 'P2002' });
    const own = { disputeId: dispute.id, tenantId: dispute.tenantId, seq: 1, outcome: 'REFUND', customerAmount: 1n };
    const nobody = { runnerAmount: 0n, commission: 0n, vat: 0n, reason: '-', proposedAt: dispute.createdAt };
    const by = { proposedById: arbiters[0]!.userId, approvedById: arbiters[0]!.userId, decidedAt: dispute.createdAt };
    const alone = db.write((tx) =>
      tx.disputeDecision.create({ data: { id: crypto.randomUUID(), ...own, ...nobody, ...by } as never }),
    );
    await expect(alone).rejects.toThrow(/dispute_decision_four_eyes/);
  });
});
