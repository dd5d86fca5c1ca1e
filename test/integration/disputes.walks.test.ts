import { array, assert, asyncProperty, constant, constantFrom, nat, oneof, record } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError, type UserViewer } from '../../src/kernel/index.js';
import { createDisputeService, type Dispute } from '../../src/modules/disputes/index.js';
import { hourMs, minuteMs, proof, startMarket, type StoryMarket } from '../support/stories.js';

let market: StoryMarket;
let arbiters: readonly UserViewer[];
beforeAll(async () => {
  market = await startMarket();
  arbiters = [
    await market.addPerson(market.tenantId, 'ARBITER'),
    await market.addPerson(market.tenantId, 'ADMIN'),
    await market.addPerson(market.tenantId, 'ARBITER'),
  ];
});
afterAll(() => market.close());

const names = [
  'open',
  'respond',
  'addEvidence',
  'withdraw',
  'propose',
  'approve',
  'appeal',
  'drop',
  'deliver',
  'confirm',
  'cancel',
  'timers',
] as const;
const command = record({
  /** Half of the time the next step of the dispute's road, else anything. */
  name: oneof(constantFrom(...names), constant('onwards' as const)),
  who: nat(1),
  arbiter: nat(2),
  claim: constantFrom(1n, 99_999n, 400_001n, 650_002n),
  outcome: constantFrom('RELEASE', 'REFUND', 'SPLIT'),
  passMs: constantFrom(minuteMs, minuteMs, minuteMs, minuteMs, hourMs, 49 * hourMs, 73 * hourMs),
});
interface Command {
  readonly name: (typeof names)[number] | 'onwards';
  readonly who: number;
  readonly arbiter: number;
  readonly claim: bigint;
  readonly outcome: 'RELEASE' | 'REFUND' | 'SPLIT';
  readonly passMs: number;
}

async function act(errandId: string, dispute: Dispute | undefined, step: Command): Promise<unknown> {
  const { customer, runner, escrows, errands, timers, db, clock } = market;
  const who = step.who === 0 ? customer : runner;
  const arbiter = arbiters[step.arbiter]!;
  const reason = 'We do not agree at all.';
  // Some escrows need two to decide, by the claim that is made about them.
  const disputes = createDisputeService({ db, clock, fourEyesAbove: step.claim % 2n === 0n ? 0n : 1_000_000n });
  const id = dispute?.id ?? errandId;
  switch (step.name === 'onwards' ? nextOf(dispute, step) : step.name) {
    case 'open':
      return disputes.open(who, errandId, { reason, claimMinor: step.claim });
    case 'respond':
      return disputes.respond(step.name === 'onwards' && dispute?.openedByCustomer ? runner : who, id, {
        statement: 'No.',
      });
    case 'addEvidence':
      return disputes.addEvidence(who, id, [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }]);
    case 'withdraw':
      return disputes.withdraw(who, id);
    case 'propose': {
      const customerAmountMinor = step.outcome === 'SPLIT' ? step.claim : undefined;
      return disputes.propose(arbiter, id, { outcome: step.outcome, customerAmountMinor, reason });
    }
    case 'approve': {
      const decisions = await disputes.decisionsFor(market.tenantId, [id]);
      return disputes.approve(arbiter, id, decisions.at(-1)?.id ?? id);
    }
    case 'appeal':
      return disputes.appeal(who, id, reason);
    case 'drop':
      return escrows.drop(runner, errandId);
    case 'deliver':
      return errands.submitProof(runner, errandId, [proof]);
    case 'confirm':
      return escrows.confirm(customer, errandId);
    case 'cancel':
      return escrows.cancel(customer, errandId);
    case 'timers':
      return timers.fireDue();
  }
}

function nextOf(dispute: Dispute | undefined, { who }: Command): (typeof names)[number] {
  switch (dispute?.state) {
    case 'AWAITING_RESPONSE':
      return 'respond';
    case 'UNDER_REVIEW':
    case 'APPEALED':
      return 'propose';
    case 'RESOLVED':
      return who === 0 ? 'appeal' : 'timers';
    default:
      return 'open';
  }
}

/** Where everything about an errand stands. */
async function look(errandId: string) {
  const { read } = market.db;
  const errand = await read.errand.findUniqueOrThrow({ where: { id: errandId } });
  const escrow = await read.escrow.findFirstOrThrow({ where: { errandId }, orderBy: { createdAt: 'asc' } });
  const disputes = await read.dispute.findMany({ where: { errandId }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
  const decisions = await read.disputeDecision.findMany({ where: { dispute: { errandId } } });
  const journals = await read.journal.count({ where: { businessRef: `errand:${errandId}` } });
  const news = await read.outbox.count();
  return { errand, escrow, disputes, decisions, journals, news };
}

type Look = Awaited<ReturnType<typeof look>>;
const over: ReadonlySet<string> = new Set(['OPEN', 'COMPLETED', 'CANCELLED', 'EXPIRED']);

/** What holds between any two commands. */
function expectSound({ errand, escrow, disputes, decisions, journals }: Look): void {
  const open = disputes.filter(({ dueAt }) => dueAt !== null);
  expect(open.map(({ id }) => id)).toEqual(errand.state === 'DISPUTED' ? [escrow.frozenByDispute] : []);
  expect(escrow.frozenByDispute !== null).toBe(errand.state === 'DISPUTED');
  // Funded once, emptied at most once, and never while it stays frozen.
  const isEmpty = escrow.released + escrow.refunded === escrow.funded;
  expect([isEmpty, journals]).toEqual(over.has(errand.state) ? [true, 2] : [false, 1]);
  // Given back, it may expire or be called off; nobody bids on it here.
  expect(escrow.retiredAt !== null).toBe(errand.runnerId === null);
  const final = disputes.filter(({ state }) => state === 'FINAL');
  expect(final.length).toBeLessThanOrEqual(1);
  for (const dispute of final) {
    const inForce = decisions
      .filter(({ disputeId, decidedAt }) => disputeId === dispute.id && decidedAt !== null)
      .toSorted((one, other) => one.seq - other.seq)
      .at(-1)!;
    expect(escrow.refunded).toBe(inForce.customerAmount);
    expect(escrow.released).toBe(inForce.runnerAmount + inForce.commission + inForce.vat);
    expect(dispute.dueAt).toBeNull();
  }
}

describe('any sequence of moves about a disputed errand, legal or not', () => {
  it('keeps freeze, money, decisions and states together, and a refused move changes nothing', async () => {
    const reached = new Set<string>();
    await assert(
      asyncProperty(array(command, { minLength: 12, maxLength: 30 }), async (steps) => {
        const goods = { goodsBudget: { minor: 200_001n, currency: 'NGN' } };
        const { errand } = await market.tell.started(goods, 450_001n);
        let before = await look(errand.id);
        for (const step of steps) {
          market.clock.forward(step.passMs);
          let isRefused = false;
          try {
            await act(errand.id, before.disputes.at(-1), step);
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
            isRefused = true;
          }
          const after = await look(errand.id);
          expect(isRefused ? after : before).toEqual(before);
          expectSound(after);
          for (const { state } of after.disputes) reached.add(state);
          for (const { outcome, rule } of after.decisions) reached.add(rule ?? outcome);
          before = after;
        }
        await market.assertSound();
      }),
      { numRuns: 24, seed: 20260303, endOnFailure: true },
    );
    const everything = ['AWAITING_RESPONSE', 'UNDER_REVIEW', 'RESOLVED', 'APPEALED', 'FINAL', 'WITHDRAWN'];
    const decided = ['RELEASE', 'REFUND', 'SPLIT', 'NO_RESPONSE', 'NO_DECISION'];
    expect([...everything, ...decided].filter((name) => !reached.has(name))).toEqual([]);
  }, 300_000);
});
