import { createRandom, type Random } from '../../../src/seed/random.js';
import { hourMs } from '../model/world.js';
import type { Attempt, Play } from '../plays/attempt.js';
import { decisionPlays } from '../plays/decision.plays.js';
import { disputePlays } from '../plays/dispute.plays.js';
import { blockPlays } from '../plays/block.plays.js';
import { codePlays, issueFor } from '../plays/code.plays.js';
import { errandPlays } from '../plays/errand.plays.js';
import { escrowPlays } from '../plays/escrow.plays.js';
import { counterPlays } from '../plays/counter.plays.js';
import { offerPlays } from '../plays/offer.plays.js';
import { chargebackPlays } from '../plays/chargeback.plays.js';
import { review as reviewUser } from '../plays/review.plays.js';
import { receipts } from '../plays/receipt.plays.js';
import { stepPlays } from '../plays/step.plays.js';
import { topUp } from '../plays/top-up.plays.js';
import { drawQuestion } from '../plays/reading.plays.js';
import { payout, payoutRounds, review } from './payouts.js';
import { ask, handOf, perform, replay } from './perform.js';
import { count, type Stage, type Step } from './stage.js';
import { storm } from './storms.js';
import { allRounds, bookkeeping, flush, jump, oldToken, restart, timers } from './time.js';
import { payerPays, takeBack, webhooks } from './webhooks.js';

export const plays: readonly Play[] = [
  ...errandPlays,
  ...offerPlays,
  ...escrowPlays,
  ...codePlays,
  ...stepPlays,
  receipts,
  ...disputePlays,
  ...decisionPlays,
  reviewUser,
  topUp,
  ...chargebackPlays,
  ...counterPlays,
  ...blockPlays,
];
/** What is tried most by those who mean harm: whatever moves money, or decides who gets it. */
const coveted = [
  'acceptOffer',
  'acceptCounter',
  'fundEscrow',
  'payForErrand',
  'confirmDelivery',
  'confirmByCode',
  'releaseMilestone',
  'cancelErrand',
  'dropErrand',
  'openDispute',
].map((name) => plays.find((one) => one.name === name)!);
const weightAll = plays.reduce((sum, { weight }) => sum + weight, 0);

/** Chance of its own for every step, so that what one step draws does not shift the next. */
export function randomOf(seed: number, step: number): Random {
  let mixed = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) ^ Math.imul(step, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return createRandom(mixed ^ (mixed >>> 15));
}

/** What is done, and how often beside the others. */
const deck: readonly (readonly [weight: number, act: (stage: Stage, step: Step) => Promise<void> | void])[] = [
  [560, (stage, step) => play(stage, step, false)],
  [260, (stage, step) => play(stage, step, true)],
  [60, replay],
  [70, look],
  [30, timers],
  [20, jump],
  [10, tooLate],
  [3, ringAgain],
  [14, bookkeeping],
  [8, allRounds],
  [16, webhooks],
  [10, payerPays],
  [6, takeBack],
  [14, broken],
  [9, storm],
  [35, payout],
  [8, review],
  [30, payoutRounds],
  [2, restart],
  [4, flush],
  [6, oldToken],
];
const deckAll = deck.reduce((sum, [weight]) => sum + weight, 0);

const pauseMsMax = 60_000;

export async function takeStep(stage: Stage, step: Step): Promise<void> {
  const { random } = step;
  stage.clock.forward(random.int(1, pauseMsMax));
  let drawn = random.int(1, deckAll);
  for (const [weight, act] of deck) {
    drawn -= weight;
    if (drawn <= 0) return act(stage, step);
  }
}

async function play(stage: Stage, step: Step, isWild: boolean): Promise<void> {
  const attempt = drawAttempt(stage, step, isWild);
  if (attempt) await perform(stage, step, attempt);
}

const drawsMax = 40;

/** Until there is something to do it with; an empty market has not much to offer. */
function drawAttempt(stage: Stage, step: Step, isWild: boolean): Attempt | undefined {
  const hand = handOf(stage, step, isWild && stage.world.errands.length > 0);
  for (let draws = 0; draws < drawsMax; draws += 1) {
    const attempt = drawPlay(step.random, isWild)?.draw(hand);
    if (attempt) return attempt;
  }
  return undefined;
}

function drawPlay(random: Random, isWild: boolean): Play | undefined {
  if (isWild) return random.pick(random.chance(50) ? coveted : plays);
  let drawn = random.int(1, weightAll);
  return plays.find(({ weight }) => (drawn -= weight) <= 0);
}

const triesWhenLate = 5;

/** Days pass that nobody looks at the clock in; before the timers come, somebody tries what time has forbidden. */
async function tooLate(stage: Stage, step: Step): Promise<void> {
  const { random, number } = step;
  stage.clock.forward(random.int(25, 100) * hourMs);
  count(stage.tally.faults, 'tooLate');
  stage.tell('days pass');
  for (let tries = 1; tries <= triesWhenLate; tries += 1) {
    const attempt = random.pick(coveted).draw({ ...handOf(stage, step, true), isLate: true });
    if (attempt) await perform(stage, { number: number + tries / 10, random }, attempt);
  }
}

const ringsMax = 12;

/** Somebody asks for one code after the other. */
async function ringAgain(stage: Stage, step: Step): Promise<void> {
  const { random, number } = step;
  const waiting = stage.world.errands.filter(({ state }) => underWay.has(state));
  if (waiting.length === 0) return;
  const again = issueFor(random.pick(waiting));
  for (let rings = 1; rings <= ringsMax; rings += 1) {
    const attempt = again.draw(handOf(stage, step, false));
    if (attempt) await perform(stage, { number: number + rings / 100, random }, attempt);
  }
}

const underWay: ReadonlySet<string> = new Set(['ASSIGNED', 'IN_PROGRESS', 'DELIVERED']);

async function look(stage: Stage, step: Step): Promise<void> {
  const question = drawQuestion(handOf(stage, step, true));
  if (question) await ask(stage, question);
}

/** The way to the database breaks at some statement of a call, and now and then the whole process goes with it. */
async function broken(stage: Stage, step: Step): Promise<void> {
  const { random } = step;
  const attempt = drawAttempt(stage, step, false);
  if (!attempt?.isKeyed || attempt.isUncut) return;
  const cut = { nth: random.int(1, 24), at: random.pick(['request', 'answer'] as const) };
  const isCrash = random.chance(15);
  await perform(stage, step, attempt, { cut, ...(isCrash && { meanwhile: () => restart(stage) }) });
}
