import { setTimeout as pause } from 'node:timers/promises';
import { recoverOwed, fireTimers } from '../model/timers.js';
import { dayMs, hourMs, minuteMs, type World } from '../model/world.js';
import { compareWorld } from '../proof/rows.js';
import { askUntilAnswered } from './asking.js';
import { count, type Stage, type Step } from './stage.js';

/** Time passes in one go, and nobody has looked at the clock meanwhile: all that was due is late. */
export function jump({ clock, tally, tell }: Stage, { random }: Step): void {
  const ms = random.pick([
    random.int(1, 55) * minuteMs,
    random.int(1, 55) * minuteMs,
    random.int(1, 14) * hourMs,
    random.int(1, 14) * hourMs,
    random.int(1, 4) * dayMs + random.int(0, 600) * minuteMs,
  ]);
  clock.forward(ms);
  count(tally.faults, 'clockJump');
  tell(`time passes: ${ms}`);
}

/** How the rounds of a server come: once, twice, or on several workers at the same moment. */
const ways = ['once', 'once', 'twice', 'two at once', 'three at once'] as const;

export async function timers(stage: Stage, { random }: Step): Promise<void> {
  const way = random.pick(ways);
  count(stage.tally.schedules, `timers ${way}`);
  stage.tell(`timers ${way}`);
  await fireAll(stage, way === 'three at once' ? 3 : way === 'two at once' ? 2 : 1);
  if (way === 'twice') await fireAll(stage, 1);
}

const roundsMax = 200;

/**
 * Fires until nothing is due, on so many workers at once, and holds what came of it against the model.
 * @param more what has happened in the same rounds, after the timers
 */
export async function fireAll(
  { house, clock, world, rows, findings }: Stage,
  workers: number,
  more: (world: World) => unknown = () => undefined,
): Promise<void> {
  const moved = new Map(world.errands.map((errand) => [errand, errand.version]));
  for (let round = 0; ; round += 1) {
    const rounds = await Promise.all(Array.from({ length: workers }, () => house.rounds.timers().catch(wasAway)));
    if (rounds.every((done) => done && done.fired === 0 && done.failed === 0)) break;
    if (round >= roundsMax) return findings.breach('I14', `timers are still busy after ${roundsMax} rounds`);
    if (rounds.some((done) => !done || done.failed > 0)) await pause(20);
  }
  fireTimers(world, clock.now().getTime());
  more(world);
  const before = findings.breaches.length;
  const fired = world.errands.filter((errand) => moved.get(errand) !== errand.version);
  await compareWorld(rows, world, findings, fired);
  if (findings.breaches.length > before) findings.breach('I14', 'timers left other states than the rules say');
  else findings.look('I14', Math.max(1, fired.length));
}

/** Its connection broke under an earlier call; the next round finds another. */
function wasAway(error: unknown): undefined {
  if (isAway(error)) return undefined;
  throw error;
}

export function isAway(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'UNAVAILABLE';
}

/** What is owed is taken, the books are closed and sealed, old keys are forgotten; by two at once now and then. */
export async function bookkeeping(stage: Stage, { random }: Step): Promise<void> {
  const { house, tally, world, tell } = stage;
  const workers = random.chance(25) ? 2 : 1;
  count(tally.schedules, workers === 2 ? 'bookkeeping two at once' : 'bookkeeping');
  tell(`bookkeeping ${workers}`);
  await atOnce(workers, () => house.rounds.recover());
  recoverOwed(world);
  await atOnce(workers, () => house.rounds.seal());
  if (random.chance(20)) {
    count(tally.schedules, 'forgetting');
    await atOnce(workers, () => house.rounds.forget());
  }
}

/** The standing jobs of one server or two, each once and once more: what one of them makes due is done by the next round. */
export async function allRounds(stage: Stage, { random }: Step): Promise<void> {
  const { house, tally, tell } = stage;
  const servers = random.chance(30) ? 2 : 1;
  count(tally.schedules, servers === 2 ? 'standing jobs on two' : 'standing jobs');
  tell(`standing jobs ${servers}`);
  for (let turn = 0; turn < 2; turn += 1) await atOnce(servers, () => house.rounds.all());
  await fireAll(stage, 1, recoverOwed);
}

const triesMax = 100;

export async function atOnce(workers: number, round: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: workers }, () => untilThere(round)));
}

async function untilThere(round: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await round();
      return;
    } catch (error) {
      if (!isAway(error) || tries >= triesMax) throw error;
      await pause(20);
    }
  }
}

/** The process ends, and another begins over the same database. */
export async function restart({ house, tally, tell }: Stage): Promise<void> {
  count(tally.faults, 'restart');
  tell('restart');
  await house.restart();
}

export async function flush({ house, tally, tell }: Stage): Promise<void> {
  count(tally.faults, 'cacheFlush');
  tell('cache flushed');
  await house.flushCache();
}

/** Somebody found an old token in a drawer. */
export async function oldToken(stage: Stage, { random }: Step): Promise<void> {
  const { world, house, clock, findings, tally, tell } = stage;
  const holders = world.people.filter(({ session: { old } }) => old && old.accessUntilMs <= clock.now().getTime());
  if (holders.length === 0) return;
  const person = random.pick(holders);
  const reply = await askUntilAnswered(
    { house },
    {
      token: person.session.old!.accessToken,
      document: 'mutation ($input: TopUpInput!) { topUpWallet(input: $input) { isReplay } }',
      variables: { input: { amount: { minor: 1000, currency: person.market.currency } } },
    },
  );
  count(tally.commands, 'oldToken');
  tell(`an old token of ${person.name}: ${reply.kind === 'refused' ? reply.code : reply.kind}`);
  if (reply.kind === 'refused' && reply.code === 'UNAUTHENTICATED') findings.look('I17');
  else findings.breach('I17', `an old token of ${person.name} is answered ${JSON.stringify(reply)}`);
}
