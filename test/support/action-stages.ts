import type { UserViewer } from '../../src/kernel/index.js';
import { createActionService } from '../../src/modules/actions/index.js';
import { createDisputeService } from '../../src/modules/disputes/index.js';
import { codesInHourMax, countersMax, type Errand } from '../../src/modules/errands/index.js';
import { hourMs, minuteMs, newErrand, startMarket, type StoryMarket } from './stories.js';

/** Minor units: of an escrow that holds more, two decide. */
export const fourEyesAbove = 600_000n;

export type ActionMarket = Awaited<ReturnType<typeof startActionMarket>>;

/** A market in which somebody of every kind looks at errands, and asks what may be done. */
export async function startActionMarket() {
  const market = await startMarket();
  const { db, clock, tenantId } = market;
  const arbiter = await market.addPerson(tenantId, 'ARBITER');
  const people = {
    customer: market.customer,
    runner: market.runner,
    rival: market.rival,
    support: market.staff,
    arbiter,
    admin: await market.addPerson(tenantId, 'ADMIN'),
    /** Has never decided anything. */
    judge: await market.addPerson(tenantId, 'ARBITER'),
    stranger: market.stranger,
  } as const satisfies Record<string, UserViewer>;
  return {
    ...market,
    people,
    /** What was told to somebody at the door, by errand and phase: only they know. */
    codes: new Map<string, string>(),
    disputes: createDisputeService({ db, clock, fourEyesAbove }),
    actions: createActionService({ db, clock, fourEyesAbove }),
  };
}

const reason = 'We do not agree at all.';
const goods = { goodsBudget: { minor: 200_003n, currency: 'NGN' } };
const amount = 450_007n;

type Stage = (market: ActionMarket) => Promise<Pick<Errand, 'id'>>;

const startsBy = ({ clock }: StoryMarket, hours: number) => ({
  startBy: new Date(clock.now().getTime() + hours * hourMs),
});

async function disputed(market: ActionMarket, claimMinor = 100_001n, withGoods = false) {
  const { errand } = await market.tell.delivered(withGoods ? goods : {}, amount);
  return market.disputes.open(market.customer, errand.id, { reason, claimMinor });
}

async function reviewed(market: ActionMarket, withGoods = false) {
  const { dispute } = await disputed(market, 100_001n, withGoods);
  return market.disputes.respond(market.runner, dispute.id, { statement: 'No.' });
}

async function resolved(market: ActionMarket, withGoods = false) {
  const { dispute } = await reviewed(market, withGoods);
  const { disputes, people } = market;
  const input = { outcome: 'SPLIT', customerAmountMinor: 123_457n, reason } as const;
  const proposed = await disputes.propose(people.arbiter, dispute.id, input);
  if (proposed.dispute.state === 'RESOLVED') return proposed;
  const [decision] = await disputes.decisionsFor(market.tenantId, [dispute.id]);
  return disputes.approve(people.admin, dispute.id, decision!.id);
}

async function appealed(market: ActionMarket, withGoods = false) {
  const { dispute } = await resolved(market, withGoods);
  return market.disputes.appeal(market.runner, dispute.id, 'That is too little.');
}

const withCodes = { requiresCodes: ['PICKUP', 'DROPOFF'] } as const;

async function tellCode({ handovers, customer, codes }: ActionMarket, errandId: string, phase: 'PICKUP' | 'DROPOFF') {
  const { issued } = await handovers.issue(customer, errandId, phase);
  codes.set(`${errandId} ${phase}`, issued.code);
}

/** On the way with three steps agreed, the first of them paid. */
async function inSteps({ tell, escrows, errands, customer, runner }: ActionMarket) {
  const { errand } = await tell.assigned({ ...goods, goodsInAdvance: true }, amount);
  const steps = [150_001n, 100_003n, 200_003n].map((amountMinor) => ({ title: 'A step', amountMinor }));
  await escrows.agreeMilestones(customer, errand.id, steps);
  await errands.start(runner, errand.id);
  return (await escrows.releaseMilestone(customer, errand.id, 1)).errand;
}

/** Where errands stand, by what makes the place special. */
export const stages = {
  draft: ({ tell }) => tell.open({ publish: false }),
  open: ({ tell }) => tell.open(),
  bidOn: async ({ tell }) => (await tell.offered()).errand,
  bidOnWithDates: async (market) => (await market.tell.offered(startsBy(market, 30))).errand,
  countered: async ({ offers, tell, customer }) => {
    const { offer } = await tell.offered();
    return (await offers.counter(customer, { offerId: offer.id, input: { amountMinor: 400_000n } })).errand;
  },
  counteredForLong: async ({ offers, tell, customer, rival, clock }) => {
    const { offer, errand } = await tell.offered();
    const expiresAt = new Date(clock.now().getTime() + hourMs);
    await offers.counter(customer, { offerId: offer.id, input: { amountMinor: 400_000n, expiresAt } });
    await offers.make(rival, errand.id, { amountMinor: 5n });
    clock.forward(2 * hourMs);
    return errand;
  },
  haggled: async ({ offers, tell, customer, runner }) => {
    let { offer, errand } = await tell.offered();
    for (let round = 0; round < countersMax; round += 1) {
      const input = { amountMinor: 400_000n + BigInt(round) };
      ({ offer } = await offers.counter(customer, { offerId: offer.id, input }));
      ({ offer, errand } = await offers.answer(runner, { offerId: offer.id, input: { amountMinor: 450_000n } }));
    }
    return errand;
  },
  bidExpired: async ({ offers, tell, rival, clock }) => {
    const errand = await tell.open();
    const expiresAt = new Date(clock.now().getTime() + hourMs);
    await offers.make(rival, errand.id, { amountMinor: 5n, expiresAt });
    clock.forward(2 * hourMs);
    return errand;
  },
  openTooLate: async (market) => {
    const { errand } = await market.tell.offered(startsBy(market, 1));
    market.clock.forward(2 * hourMs);
    return errand;
  },
  toFundPoor: async ({ tell }) => (await tell.accepted(goods, amount)).errand,
  toFundOneShort: async ({ addPerson, tenantId, wallets, errands, offers, escrows, runner }) => {
    const poor = await addPerson(tenantId, 'CUSTOMER');
    const { id } = await errands.post(poor, newErrand());
    const { offer } = await offers.make(runner, id, { amountMinor: 100n });
    await escrows.acceptOffer(poor, offer.id);
    await wallets.topUp(poor, { amountMinor: 99n, currency: 'NGN' });
    return { id };
  },
  toFund: async ({ tell, wallets, customer }) => {
    const { errand, escrow } = await tell.accepted(goods, amount);
    await wallets.topUp(customer, { amountMinor: escrow.gross, currency: 'NGN' });
    return errand;
  },
  toFundTooLate: async ({ tell, clock }) => {
    const { errand } = await tell.accepted({}, amount);
    clock.forward(24 * hourMs);
    return errand;
  },
  assigned: async ({ tell }) => (await tell.assigned(goods, amount)).errand,
  assignedForLong: async (market) => {
    const { errand } = await market.tell.assigned({ ...goods, ...startsBy(market, 30) }, amount);
    market.clock.forward(16 * minuteMs);
    return errand;
  },
  nobodyCame: async (market) => {
    const { errand } = await market.tell.assigned(startsBy(market, 1), amount);
    market.clock.forward(2 * hourMs);
    return errand;
  },
  assignedWithoutCode: async ({ tell }) => (await tell.assigned(withCodes, amount)).errand,
  assignedWithCode: async (market) => {
    const { errand } = await market.tell.assigned(withCodes, amount);
    await tellCode(market, errand.id, 'PICKUP');
    return errand;
  },
  assignedWithOldCode: async (market) => {
    const { errand } = await market.tell.assigned(withCodes, amount);
    await tellCode(market, errand.id, 'PICKUP');
    market.clock.forward(8 * 24 * hourMs);
    return errand;
  },
  onTheWayInSteps: inSteps,
  onTheWayAllBought: async (market) => {
    const errand = await inSteps(market);
    const bill = { amountMinor: goods.goodsBudget.minor, sha256: 'ef'.repeat(32) };
    return (await market.escrows.addReceipts(market.runner, errand.id, [bill])).errand;
  },
  onTheWayWithCode: async (market) => {
    const { errand } = await market.tell.started(goods, amount);
    await tellCode(market, errand.id, 'DROPOFF');
    return errand;
  },
  onTheWayWithSpentCode: async (market) => {
    const { errand } = await market.tell.started(goods, amount);
    await tellCode(market, errand.id, 'DROPOFF');
    const guesses = Array.from({ length: 5 }, () =>
      market.escrows.confirmByCode(market.runner, errand.id, { code: '' }),
    );
    await Promise.allSettled(guesses);
    return errand;
  },
  onTheWayWithTenCodes: async (market) => {
    const { errand } = await market.tell.started(goods, amount);
    for (let issued = 0; issued < codesInHourMax; issued += 1) await tellCode(market, errand.id, 'DROPOFF');
    return errand;
  },
  onTheWay: async ({ tell }) => (await tell.started(goods, amount)).errand,
  delivered: async ({ tell }) => (await tell.delivered(goods, amount)).errand,
  deliveredLongAgo: async ({ tell, clock }) => {
    const { errand } = await tell.delivered({}, amount);
    clock.forward(72 * hourMs);
    return errand;
  },
  disputedThrice: async ({ tell, disputes, customer }) => {
    const { errand } = await tell.started({}, amount);
    for (let times = 0; times < 3; times += 1) {
      const { dispute } = await disputes.open(customer, errand.id, { reason, claimMinor: 1n });
      await disputes.withdraw(customer, dispute.id);
    }
    return errand;
  },
  disputed: async (market) => (await disputed(market)).errand,
  disputedWithMuchEvidence: async (market) => {
    const { dispute, errand } = await disputed(market);
    const evidence = Array.from({ length: 10 }, () => ({ kind: 'PHOTO', sha256: 'ab'.repeat(32) }) as const);
    for (let times = 0; times < 2; times += 1) await market.disputes.addEvidence(market.customer, dispute.id, evidence);
    return errand;
  },
  neverAnswered: async (market) => {
    const { errand } = await disputed(market);
    market.clock.forward(48 * hourMs);
    return errand;
  },
  underReview: async (market) => (await reviewed(market)).errand,
  proposed: async (market) => {
    const { dispute, errand } = await reviewed(market, true);
    await market.disputes.propose(market.people.arbiter, dispute.id, { outcome: 'REFUND', reason });
    return errand;
  },
  resolved: async (market) => (await resolved(market)).errand,
  appealed: async (market) => (await appealed(market)).errand,
  appealProposed: async (market) => {
    const { dispute, errand } = await appealed(market, true);
    const third = await market.addPerson(market.tenantId, 'ARBITER');
    const input = { outcome: 'SPLIT', customerAmountMinor: 77_777n, reason } as const;
    await market.disputes.propose(third, dispute.id, input);
    return errand;
  },
  completed: async ({ tell, escrows, customer }) => {
    const { errand } = await tell.delivered({}, amount);
    return (await escrows.confirm(customer, errand.id)).errand;
  },
  completedLongAgo: async ({ tell, escrows, customer, clock }) => {
    const { errand } = await tell.delivered({}, amount);
    const confirmed = await escrows.confirm(customer, errand.id);
    clock.forward(31 * 24 * hourMs);
    return confirmed.errand;
  },
  cancelled: async ({ tell, escrows, customer }) => {
    const { errand } = await tell.assigned({}, amount);
    return (await escrows.cancel(customer, errand.id)).errand;
  },
  expired: async ({ tell, timers, clock }) => {
    const errand = await tell.open();
    clock.forward(8 * 24 * hourMs);
    await timers.fireDue();
    return errand;
  },
  givenBack: async ({ tell, escrows, runner }) => {
    const { errand } = await tell.started({}, amount);
    return (await escrows.drop(runner, errand.id)).errand;
  },
  neverFunded: async ({ tell, timers, clock }) => {
    const { errand } = await tell.accepted({}, amount);
    clock.forward(25 * hourMs);
    await timers.fireDue();
    return errand;
  },
} as const satisfies Record<string, Stage>;

export type StageName = keyof typeof stages;
