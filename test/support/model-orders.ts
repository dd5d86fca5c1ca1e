import { createHash } from 'node:crypto';
import { constant, constantFrom, nat, oneof, record, type Arbitrary } from 'fast-check';
import { uuidv7 } from '../../src/kernel/index.js';
import type { IdempotencyService } from '../../src/modules/idempotency/index.js';
import { stepsOf } from './model.money.js';
import { actions, aside, isOver, onwards, type Action, type Command, type World } from './model-roads.js';
import { people, type ModelErrand, type Who } from './model.type.js';
import { newErrand, proof, type StoryServices } from './stories.js';

const minute = 60_000;
export const command: Arbitrary<Command> = record({
  action: oneof(
    { weight: 6, arbitrary: constant('advance' as const) },
    { weight: 3, arbitrary: constant('aside' as const) },
    { weight: 2, arbitrary: constantFrom(...actions) },
  ),
  who: constantFrom(...people),
  errand: constantFrom(0, 0, 0, 1, 2),
  amount: nat(1_999).map((amount) => BigInt(amount + 1)),
  passMs: oneof(
    { weight: 15, arbitrary: constantFrom(0, minute, 20 * minute, 60 * minute) },
    { weight: 1, arbitrary: constantFrom(7 * 60 * minute, 49 * 60 * minute) },
  ),
  cutAt: oneof({ weight: 11, arbitrary: constant(null) }, { weight: 1, arbitrary: nat(39).map((nth) => nth + 1) }),
  again: nat(9).map((dice) => dice === 0),
});

export interface Server extends StoryServices {
  readonly idempotency: IdempotencyService;
}

/** One call of the program, and what the model says of it. */
export interface Order {
  readonly action: Action;
  readonly who: Who;
  /** It may be repeated. */
  readonly isKeyed: boolean;
  /** @throws Refused */
  readonly predict: () => unknown;
  /** With the same key every time. */
  readonly run: (server: Server) => Promise<unknown>;
}

/** What is to be done, or undefined where there is nothing that it could be done to. */
export function orderOf(world: World, one: Command, now: number): Order | undefined {
  const { action } = one;
  if (action !== 'advance' && action !== 'aside') return makeOrder(world, { ...one, action }, now);
  const next = action === 'advance' ? onwards(world, one) : aside(world, one);
  return next && makeOrder(world, { ...one, ...next }, now);
}

/** @param note is given the answer, the first one or a replay */
type Keyed = (
  predict: () => unknown,
  work: (server: Server) => Promise<unknown>,
  note?: (answer: string) => void,
) => Order;

function makeOrder(world: World, one: Command & { action: Action }, now: number): Order | undefined {
  const { model, viewers, slots } = world;
  const { action, who, amount } = one;
  const [viewer, key] = [viewers[who], uuidv7()];
  const named = { action, who };
  const keyed: Keyed = (predict, work, note) => ({
    ...named,
    isKeyed: true,
    predict,
    async run(server) {
      const call = { operation: action, key, request: key };
      const { answer } = await server.idempotency.once(viewer, call, () => work(server));
      note?.(answer as string);
    },
  });
  if (action === 'timers')
    return { ...named, isKeyed: false, predict: () => model.moves.timers(now), run: ({ timers }) => timers.fireDue() };
  if (action === 'topUpWallet') {
    const input = { amountMinor: amount * 3n, currency: 'NGN', reference: key };
    const predict = () => model.moves.topUpWallet(who, amount * 3n);
    return { ...named, isKeyed: true, predict, run: ({ wallets }) => wallets.topUp(viewer, input) };
  }
  if (action === 'post') return postOrder(world, one, now, keyed);
  const e = slots[one.errand];
  return e && onErrand(world, e, one, now, keyed);
}

function postOrder(world: World, { who, amount, errand }: Command, now: number, keyed: Keyed): Order | undefined {
  const { model, viewers, slots, ids } = world;
  const before = slots[errand];
  if ((before && !isOver(before)) || (who !== 'ada' && who !== 'bola')) return undefined;
  const number = model.errands.length;
  const input = newErrand({
    budget: { minor: 5_000n, currency: 'NGN' },
    goodsBudget: { minor: amount % 400n, currency: 'NGN' },
    goodsInAdvance: amount % 2n === 0n,
    startBy: amount % 5n === 0n ? new Date(now + 360 * minute) : null,
    publish: amount % 4n !== 0n,
  });
  return keyed(
    () => (slots[errand] = model.moves.post(who, amount, now)),
    async ({ errands }) => (await errands.post(viewers[who], input)).id,
    (id) => (ids[number] = id),
  );
}

function onErrand(world: World, e: ModelErrand, one: Command & { action: Action }, now: number, keyed: Keyed) {
  const { model, viewers, ids, offers, disputes } = world;
  const { action, who, amount } = one;
  const { moves } = model;
  const viewer = viewers[who];
  const id = ids[e.number]!;
  const from = [...e.offers.keys()].toSorted()[Number(amount) % 2] ?? [...e.offers.keys()][0];
  const offerKey = (runner: Who | undefined) => `${e.number} ${runner}`;
  /** One's own offer, or somebody's. */
  const withOffer = (order: (runner: Who, offerId: string) => Order): Order | undefined => {
    const runner = e.offers.has(who) ? who : from;
    return runner && order(runner, offers.get(offerKey(runner))!);
  };
  const small = (amount % 150n) + 1n;
  const held = (e.escrow?.service ?? 0n) + (e.escrow?.goods ?? 0n);
  const seq = Number(amount % 3n) + 1;
  const dispute = disputes.get(e.number);
  switch (action) {
    case 'publish':
      return keyed(
        () => moves.publish(e, who, now),
        ({ errands }) => errands.publish(viewer, id),
      );
    case 'offer':
      return keyed(
        () => moves.offer(e, who, now, amount),
        async (server) => (await server.offers.make(viewer, id, { amountMinor: amount })).offer.id,
        (offerId) => offers.set(offerKey(who), offerId),
      );
    case 'withdrawOffer':
      return withOffer((runner, offerId) =>
        keyed(
          () => moves.withdrawOffer(e, who, now, runner),
          (server) => server.offers.withdraw(viewer, offerId),
        ),
      );
    case 'counter':
    case 'answer': {
      const turn = action === 'answer' ? 'runner' : 'customer';
      return withOffer((runner, offerId) =>
        keyed(
          () => moves.namePrice(e, who, now, runner, turn, amount),
          async (server) => (await server.offers[action](viewer, { offerId, input: { amountMinor: amount } })).offer.id,
          (named) => offers.set(offerKey(runner), named),
        ),
      );
    }
    case 'acceptCounter':
      return withOffer((runner, offerId) =>
        keyed(
          () => moves.accept(e, who, now, runner, 'runner'),
          ({ escrows }) => escrows.acceptCounter(viewer, offerId),
        ),
      );
    case 'accept':
      if (!from) return undefined;
      return keyed(
        () => moves.accept(e, who, now, from),
        ({ escrows }) => escrows.acceptOffer(viewer, offers.get(offerKey(from))!),
      );
    case 'fund':
      return keyed(
        () => moves.fund(e, who, now),
        ({ escrows }) => escrows.fund(viewer, id),
      );
    case 'start':
      return keyed(
        () => moves.start(e, who, now),
        ({ errands }) => errands.start(viewer, id),
      );
    case 'submitProof':
      return keyed(
        () => moves.submitProof(e, who, now),
        ({ errands }) => errands.submitProof(viewer, id, [proof]),
      );
    case 'confirm': {
      const goodsSpent = (e.escrow?.receipted ?? 0n) + (amount % 5n === 0n ? small : 0n);
      return keyed(
        () => moves.confirm(e, who, now, goodsSpent),
        ({ escrows }) => escrows.confirm(viewer, id, { goodsSpent }),
      );
    }
    case 'cancel':
      return keyed(
        () => moves.cancel(e, who, now),
        ({ escrows }) => escrows.cancel(viewer, id),
      );
    case 'drop':
      return keyed(
        () => moves.drop(e, who),
        ({ escrows }) => escrows.drop(viewer, id),
      );
    case 'agreeSteps': {
      const steps = stepsOf(e.escrow?.service || 1n, amount);
      const milestones = steps.map((amountMinor, at) => ({ title: `step ${at + 1}`, amountMinor }));
      return keyed(
        () => moves.agreeSteps(e, who, now, amount),
        ({ escrows }) => escrows.agreeMilestones(viewer, id, milestones),
      );
    }
    case 'releaseStep':
      return keyed(
        () => moves.releaseStep(e, who, now, seq),
        ({ escrows }) => escrows.releaseMilestone(viewer, id, seq),
      );
    case 'topUpEscrow': {
      const part = amount % 2n === 0n ? 'service' : 'goods';
      return keyed(
        () => moves.topUpEscrow(e, who, now, part, amount),
        ({ escrows }) => escrows.topUp(viewer, id, { [`${part}Minor`]: amount }),
      );
    }
    case 'tip':
      return keyed(
        () => moves.tip(e, who, now, small),
        ({ escrows }) => escrows.tip(viewer, id, small),
      );
    case 'receipt': {
      const sha256 = createHash('sha256').update(uuidv7()).digest('hex');
      return keyed(
        () => moves.receipt(e, who, now, small),
        ({ escrows }) => escrows.addReceipts(viewer, id, [{ sha256, amountMinor: small }]),
      );
    }
    case 'dispute': {
      const claimMinor = amount % 7n === 0n || held === 0n ? amount : (amount % held) + 1n;
      return keyed(
        () => moves.dispute(e, who, now, claimMinor),
        async (server) =>
          (await server.disputes.open(viewer, id, { reason: 'It is not what we agreed.', claimMinor })).dispute.id,
        (disputeId) => disputes.set(e.number, disputeId),
      );
    }
    case 'respond':
      if (!dispute || !isParty(e, who)) return undefined;
      return keyed(
        () => moves.respond(e, who, now),
        (server) => server.disputes.respond(viewer, dispute, { statement: 'It is.' }),
      );
    case 'withdrawDispute':
      if (!dispute || !isParty(e, who)) return undefined;
      return keyed(
        () => moves.withdrawDispute(e, who, now),
        (server) => server.disputes.withdraw(viewer, dispute),
      );
    default:
      return undefined;
  }
}

function isParty({ customer, runner }: ModelErrand, who: Who): boolean {
  return who === customer || who === runner;
}
