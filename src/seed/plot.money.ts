import type { UserViewer } from '../kernel/index.js';
import type { Cast } from './cast.js';
import { dayMs, hourMs, minuteMs } from './plot.script.js';
import type { Step } from './plot.type.js';
import { rejectReasons } from './plot.words.js';
import type { Random } from './random.js';
import type { World } from './world.type.js';

/** Markets pay out from so long before the present on, once a week to those who want it. */
const paidOutSinceMs = 40 * dayMs;
const everyDays: readonly [number, number] = [6, 10];
/** What is over is over by then, so that nothing of it is under way at the present. */
const settledBeforeMs = 5 * dayMs;

/** How many of a hundred payouts end how; the rest are paid. */
const outcomes = { FAILED: 5, REJECTED: 4, REVERSED: 4 } as const;
type Outcome = keyof typeof outcomes | 'PAID';

/** What is paid out, and what a provider takes back. */
export function plotMoney(cast: Cast, random: Random, now: Date): readonly Step[] {
  const paid = cast.runners.filter((runner) => runner === cast.bola || random.chance(60));
  const accounts = paid.map((runner, index) => accountStep(runner, index, before(now, paidOutSinceMs + dayMs)));
  return [
    ...accounts,
    ...paid.flatMap((runner) => plotPayouts(runner, cast, random, now)),
    ...plotWaiting(cast, paid, now),
    { at: before(now, 20 * dayMs), act: (world, at) => world.chargeback('HOUSE', at) },
    { at: before(now, 30 * minuteMs), act: (world, at) => world.chargeback('USER', at) },
    { at: before(now, 3 * dayMs), act: hideOne },
  ];
}

function accountStep(runner: UserViewer, index: number, at: Date): Step {
  const accountNumber = String(2_048_100_000 + index * 7_919);
  return { at, act: (world) => world.addPayoutAccount(runner, accountNumber, at) };
}

function plotPayouts(runner: UserViewer, cast: Cast, random: Random, now: Date): readonly Step[] {
  const steps: Step[] = [];
  let ageMs = paidOutSinceMs - random.int(0, 6 * 24) * hourMs;
  while (ageMs > settledBeforeMs) {
    steps.push(...plotPayout(runner, cast, random, before(now, ageMs)));
    ageMs -= random.int(...everyDays) * dayMs + random.int(0, 600) * minuteMs;
  }
  return steps;
}

function plotPayout(runner: UserViewer, { spec, staff, bola }: Cast, random: Random, at: Date): readonly Step[] {
  const outcome = drawOutcome(random);
  // Bola saves for a payout that somebody has to look at.
  const share = BigInt(runner === bola ? random.int(10, 20) : random.int(40, 90));
  const reason = random.pick(rejectReasons);
  let id: string | undefined;
  const then = (gapMs: number, act: (world: World, id: string, at: Date) => void): Step => ({
    at: new Date(at.getTime() + gapMs),
    act: (world, when) => id !== undefined && act(world, id, when),
  });
  const ask: Step = {
    at,
    act(world) {
      const amount = roundDown((world.books.walletOf(runner.userId) * share) / 100n, spec.priceStep);
      id = world.requestPayout(runner, amount < spec.payoutMax ? amount : spec.payoutMax, at);
    },
  };
  const reviewMs = random.int(20, 300) * minuteMs;
  if (outcome === 'REJECTED')
    return [ask, then(reviewMs, (world, one, when) => world.rejectPayout(one, staff.finance, reason, when))];
  const letGo = then(reviewMs, (world, one, when) => world.approvePayout(one, staff.finance, when));
  const sentMs = reviewMs + random.int(2, 20) * 1000;
  const endMs = sentMs + random.int(1, 40) * minuteMs;
  return [
    ask,
    letGo,
    then(sentMs, (world, one, when) => world.submitPayout(one, when)),
    then(sentMs + 900, (world, one, when) => world.hearOfPayout(one, 'PENDING', when)),
    then(endMs, (world, one, when) => world.hearOfPayout(one, outcome === 'FAILED' ? 'FAILED' : 'PAID', when)),
    ...(outcome === 'REVERSED'
      ? [then(endMs + random.int(20, 60) * hourMs, (world, one, when) => world.hearOfPayout(one, 'REVERSED', when))]
      : []),
  ];
}

type Waiting = 'REQUESTED' | 'PENDING' | 'NEEDS_OTP' | 'UNKNOWN';

/** What has not ended yet. With the provider are only those that its book knows, so that asking about them makes sense. */
function plotWaiting(cast: Cast, paid: readonly UserViewer[], now: Date): readonly Step[] {
  const { spec, staff, bola } = cast;
  const taken = new Set<UserViewer>();
  const richest = ({ books }: World): UserViewer | undefined => {
    const free = paid.filter((runner) => runner !== bola && !taken.has(runner));
    const [most] = free.toSorted((one, other) => Number(books.walletOf(other.userId) - books.walletOf(one.userId)));
    if (most) taken.add(most);
    return most;
  };
  const waiting = (state: Waiting, ageMs: number, whose: (world: World) => UserViewer | undefined): Step => ({
    at: before(now, ageMs),
    act(world, at) {
      const isAtProvider = state !== 'REQUESTED';
      const runner = whose(world);
      if (!runner || (isAtProvider && !world.means?.hasBook)) return;
      const held = world.books.walletOf(runner.userId) - cast.feePlan.payoutFee;
      const wanted = isAtProvider ? held / 2n : spec.payoutReviewed;
      const id = world.requestPayout(runner, roundDown(wanted < held ? wanted : held, spec.priceStep), at);
      if (id === undefined || !isAtProvider) return;
      const later = (ms: number): Date => new Date(at.getTime() + ms);
      world.approvePayout(id, staff.finance, at);
      world.submitPayout(id, later(2_000));
      world.hearOfPayout(id, state, later(3_000));
    },
  });
  return [
    ...(bola ? [waiting('REQUESTED', 26 * hourMs, () => bola)] : []),
    waiting('REQUESTED', 7 * hourMs, richest),
    waiting('PENDING', 90 * minuteMs, richest),
    waiting('NEEDS_OTP', 70 * minuteMs, richest),
    waiting('UNKNOWN', 20 * minuteMs, richest),
  ];
}

/** Support has taken one bad review out of sight. */
function hideOne(world: World, at: Date): void {
  const shown = [...world.rows.reviews.values()].filter(({ stars, visibleAt }) => stars <= 2 && visibleAt <= at);
  const [worst] = shown.toSorted((one, other) => one.stars - other.stars || (one.id < other.id ? -1 : 1));
  if (!worst) return;
  const by = worst.authorId === world.errandOf(worst.errandId).customerId ? 'customer' : 'runner';
  world.hideReview(worst.errandId, by, 'It names a third person with their address.', at);
}

function drawOutcome(random: Random): Outcome {
  let draw = random.int(0, 99);
  for (const [outcome, share] of Object.entries(outcomes)) {
    draw -= share;
    if (draw < 0) return outcome as Outcome;
  }
  return 'PAID';
}

function roundDown(amount: bigint, step: bigint): bigint {
  return amount > 0n ? (amount / step) * step : 0n;
}

function before(now: Date, ms: number): Date {
  return new Date(now.getTime() - ms);
}
