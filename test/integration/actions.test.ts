import { isDeepStrictEqual } from 'node:util';
import { assert, asyncProperty, constant, nat, oneof, record } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserViewer, Viewer } from '../../src/kernel/index.js';
import type { Action } from '../../src/modules/actions/index.js';
import { termsOf, transitionNames, type TransitionName } from '../../src/modules/errands/index.js';
import { attempt, baselineOf, calls, idsOf, type Attempt, type BookedPosting } from '../support/action-calls.js';
import { proof } from '../support/stories.js';
import { stages, startActionMarket, type ActionMarket, type StageName } from '../support/action-stages.js';

let market: ActionMarket;
beforeAll(async () => {
  market = await startActionMarket();
});
afterAll(() => market.close());

/** Far more than a quiet machine takes. */
const testMsMax = 300_000;
const stageNames = Object.keys(stages) as StageName[];
const mutations = [...new Set(transitionNames.flatMap((name) => termsOf(name).mutation ?? []))];

/** Where everybody calls everything, also what is not theirs to call. RUNAM_ACTIONS_ALL=1: everywhere. */
const everythingTried: ReadonlySet<StageName> = new Set(
  process.env['RUNAM_ACTIONS_ALL'] ? stageNames : ['open', 'assigned', 'delivered', 'disputed'],
);

/** A place on the road, with what its timers had to do elsewhere done. */
async function stage(name: StageName): Promise<string> {
  await market.timers.fireDue();
  return (await stages[name](market)).id;
}

async function actionsOf(viewer: Viewer, errandId: string): Promise<readonly Action<TransitionName>[]> {
  return (await market.actions.forErrands(viewer, [errandId])).get(errandId) ?? [];
}

/** Calls mutations about an errand, one by one, and leaves nothing of what they did. */
async function trials(errandId: string) {
  const [ids, before] = [await idsOf(market, errandId), await baselineOf(market, errandId)];
  return (viewer: UserViewer, mutation: string, first: () => Promise<unknown> = async () => {}) => {
    const work = async () => {
      await first();
      await calls[mutation]!(market, viewer, ids);
    };
    return attempt(market, errandId, before, work, { undo: true });
  };
}

/** The accounts of a journal by the names that a viewer knows them by, worked out from the errand alone. */
async function labelled(booked: readonly BookedPosting[], errandId: string, viewer: UserViewer) {
  const { customerId, runnerId } = await market.db.read.errand.findUniqueOrThrow({ where: { id: errandId } });
  const label = (code: string): string => {
    if (code === `user:${viewer.userId}:wallet`) return 'MY_WALLET';
    if (code === `user:${customerId}:wallet`) return 'CUSTOMER_WALLET';
    if (code === `user:${runnerId}:wallet`) return 'RUNNER_WALLET';
    if (/^escrow:.*:service$/.test(code)) return 'ESCROW_SERVICE';
    if (/^escrow:.*:goods$/.test(code)) return 'ESCROW_GOODS';
    const house: Record<string, string> = { 'revenue:commission': 'COMMISSION', 'tax:vat': 'VAT' };
    return house[code] ?? (code === 'revenue:cancellation' ? 'CANCELLATION_FEE' : code);
  };
  return booked.map(({ debit, credit, amount }) => ({
    from: label(debit),
    to: label(credit),
    amount,
    currency: 'NGN',
  }));
}

/** What of a mutation's outcome was not told beforehand; undefined when all of it was. */
async function surprise(told: readonly Action[], done: Attempt, errandId: string, viewer: UserViewer) {
  const open = told.filter(({ enabled }) => enabled);
  const [action] = open;
  const reasons: readonly string[] = told.flatMap((one) => one.reasons.map(({ code }) => code));
  if (done.refusal) {
    // An offer or a dispute that the viewer does not know of is not found; the errand's state says no more about it.
    const isTold = told.length === 0 || done.refusal.code === 'NOT_FOUND' || reasons.includes(done.refusal.code);
    return open.length === 0 && isTold ? undefined : { refused: done.refusal, open, reasons };
  }
  const booked = await labelled(done.booked, errandId, viewer);
  const isTold = open.length === 1 && action?.name === done.transition;
  const isExact = action?.postings === null || isDeepStrictEqual(action?.postings, booked);
  return isTold && isExact ? undefined : { done: done.transition, booked, open, reasons };
}

describe('allowedActions says what the mutations then do', { timeout: testMsMax }, () => {
  it('knows a call for every mutation that fires a transition', () => {
    expect(mutations.filter((mutation) => !(mutation in calls))).toEqual([]);
  });

  it.each(stageNames)(
    'of an errand that is %s, for everybody: enabled is done, to the unit; else refused',
    async (name) => {
      const errandId = await stage(name);
      const trial = await trials(errandId);
      const { customerId } = await market.db.read.errand.findUniqueOrThrow({ where: { id: errandId } });
      const people = { ...market.people, customer: { ...market.people.customer, userId: customerId } };
      const surprises: unknown[] = [];
      for (const [who, viewer] of Object.entries(people)) {
        const actions = await actionsOf(viewer, errandId);
        for (const mutation of mutations) {
          const told = actions.filter((action) => action.mutation === mutation);
          if (told.length === 0 && !everythingTried.has(name)) continue;
          const found = await surprise(told, await trial(viewer, mutation), errandId, viewer);
          if (found) surprises.push({ who, mutation, ...found });
        }
      }
      expect(surprises).toEqual([]);
    },
  );

  it('leaves the bookings open where the caller says the amount, and for a decision on appeal that one arbiter makes alone', async () => {
    const byAmount = new Set(transitionNames.filter((name) => termsOf(name).postingsDependOnInput));
    const open = new Set<string>();
    for (const name of ['assigned', 'delivered', 'underReview', 'appealed', 'appealProposed'] as const) {
      const errandId = await stage(name);
      for (const viewer of Object.values(market.people))
        for (const { name: action, enabled, postings, mutation } of await actionsOf(viewer, errandId))
          if (enabled && (postings === null) !== byAmount.has(action)) open.add(`${name} ${mutation}`);
    }
    expect([...open]).toEqual(['appealed proposeResolution']);
  });
});

describe('what a preview shows', { timeout: testMsMax }, () => {
  const told = record({
    amount: nat(1_000_000).map((amount) => BigInt(amount + 1)),
    goods: oneof(constant(0n), nat(300_000).map(BigInt)),
    passMs: nat(40 * 60_000),
  });

  it('is what is booked, to the minor unit, whatever the amounts and whenever it is called', async () => {
    const { tell, people, clock, wallets, escrows, errands, assertSound } = market;
    const { customer, runner } = people;
    let compared = 0;
    const compare = async (errandId: string): Promise<void> => {
      const trial = await trials(errandId);
      for (const viewer of [customer, runner, people.support]) {
        for (const { mutation, enabled, postings } of await actionsOf(viewer, errandId)) {
          if (!enabled || !postings) continue;
          const { booked } = await trial(viewer, mutation);
          expect(postings).toEqual(await labelled(booked, errandId, viewer));
          compared += postings.length;
        }
      }
    };
    const walk = asyncProperty(told, async ({ amount, goods, passMs }) => {
      const { errand, escrow } = await tell.accepted({ goodsBudget: { minor: goods, currency: 'NGN' } }, amount);
      await wallets.topUp(customer, { amountMinor: escrow.gross, currency: 'NGN' });
      await compare(errand.id);
      await escrows.fund(customer, errand.id);
      clock.forward(passMs);
      await compare(errand.id);
      await errands.start(runner, errand.id);
      await errands.submitProof(runner, errand.id, [proof]);
      await compare(errand.id);
    });
    await assert(walk, { numRuns: 12 });
    expect(compared).toBeGreaterThan(50);
    await assertSound();
  });
});

/** Where something ends by the clock. */
const passing: readonly StageName[] = [
  'draft',
  'bidOn',
  'bidOnWithDates',
  'countered',
  'toFund',
  'assignedForLong',
  'assignedWithCode',
  'onTheWayWithCode',
  'delivered',
  'completed',
  'disputed',
  'underReview',
  'resolved',
  'appealed',
];

describe('a deadline', { timeout: testMsMax }, () => {
  // A market of its own: its timers have nothing else to do than what is looked at.
  beforeAll(async () => {
    await market.close();
    market = await startActionMarket();
  });

  it.each(passing)(
    'of what can be done with an errand that is %s is the last moment at which it surely works',
    async (name) => {
      const errandId = await stage(name);
      const { people, clock, timers } = market;
      const trial = await trials(errandId);
      for (const viewer of [people.customer, people.runner, people.rival, people.admin]) {
        for (const { mutation, enabled, deadline } of await actionsOf(viewer, errandId)) {
          if (!enabled || !deadline) continue;
          const aheadMs = deadline.getTime() - clock.now().getTime();
          clock.forward(aheadMs - 1);
          const before = await trial(viewer, mutation);
          clock.forward(1);
          const after = await trial(viewer, mutation, () => timers.fireDue());
          clock.forward(-aheadMs);
          expect([before.refusal, after.refusal?.code], `${mutation} ${name}`).toEqual([undefined, expect.any(String)]);
        }
      }
    },
  );
});
