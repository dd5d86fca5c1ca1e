import type { NewErrand } from '../modules/errands/index.js';
import { jobs, largeJob } from './catalogue.js';
import type { Cast } from './cast.js';
import { plotDispute } from './plot.dispute.js';
import { plotReviews, plotTip } from './plot.thanks.js';
import { plotWork } from './plot.work.js';
import { createScript, dayMs, hourMs, minuteMs } from './plot.script.js';
import type { Ending, Plan, Step, Telling } from './plot.type.js';
import { dropReasons, offerMessages } from './plot.words.js';
import type { Random } from './random.js';

/** Stories that are over ended somewhere in this time before now. */
const pastMs = 60 * dayMs;
const startsWithinMs = 2 * dayMs;

/** The steps of one story, laid out forwards from its first and then moved so that it ends when it should. */
export function plotErrand(plan: Plan, cast: Cast, random: Random, now: Date): readonly Step[] {
  const script = createScript(random);
  const telling = { plan, cast, random, script, scene: { id: '', offerId: '' }, details: errandOf(plan, cast, random) };
  plotUntilEnding(telling);
  return script.stepsUntil(new Date(now.getTime() - ageOf(plan.ending, script.lengthMs(), random)));
}

function plotUntilEnding(telling: Telling): void {
  const { plan, random, script, scene } = telling;
  const { ending } = plan;
  const expiryMs = random.int(3, 7) * dayMs;
  plotPosting(telling, expiryMs);
  if (ending === 'draft') return;
  script.next(script.wait(0, 2 * hourMs), (world, at) => world.publish(scene.id, at));
  const takesOffers = ending !== 'open' || random.chance(60);
  if (takesOffers) plotRivals(telling);
  if (ending === 'cancelledOpen') cancelAfter(telling, minuteMs, 5 * hourMs);
  if (ending === 'expired') {
    script.next(expiryMs - script.lengthMs() + script.wait(0, minuteMs), (world, at) => world.expire(scene.id, at));
  }
  if (!takesOffers || ending === 'cancelledOpen' || ending === 'expired') return;
  plotOffer(telling);
  if (ending === 'open') return;
  script.next(script.wait(10 * minuteMs, 6 * hourMs), (world, at) => world.accept(scene.id, scene.offerId, at));
  if (ending === 'cancelledUnfunded') cancelAfter(telling, minuteMs, 5 * hourMs);
  if (ending === 'fundingTimedOut') script.next(dayMs, (world, at) => world.fundingTimeout(scene.id, at));
  if (['cancelledUnfunded', 'fundingTimedOut', 'awaitingFunding'].includes(ending)) return;
  plotFunded(telling);
}

function plotPosting({ plan, script, scene, details }: Telling, expiryMs: number): void {
  const hasStart = plan.ending === 'noShow';
  script.next(0, (world, at) => {
    const after = (ms: number): Date => new Date(at.getTime() + ms);
    const input = { ...details, expiresAt: after(expiryMs), ...(hasStart && { startBy: after(startsWithinMs) }) };
    scene.id = world.post(plan.name, plan.customer, input, at);
  });
}

function plotRivals(telling: Telling): void {
  const { plan, random, script, scene } = telling;
  for (const other of plan.others) {
    const amount = priceOf(telling, random.int(85, 115));
    script.next(script.wait(5 * minuteMs, 3 * hourMs), (world, at) => {
      world.offer(scene.id, other, amount, null, at);
    });
  }
}

function plotOffer(telling: Telling): void {
  const { plan, random, script, scene } = telling;
  const offered = priceOf(telling, random.int(80, 105));
  const message = random.pick(offerMessages);
  script.next(script.wait(5 * minuteMs, 4 * hourMs), (world, at) => {
    scene.offerId = world.offer(scene.id, plan.runner, offered, message, at);
  });
}

function plotFunded(telling: Telling): void {
  const { plan, cast, random, script, scene } = telling;
  const { ending } = plan;
  const isByCard = random.chance(25);
  const topUpStep = plan.customer === cast.ada ? 1n : cast.spec.priceStep * 20n;
  script.next(script.wait(2 * minuteMs, 5 * hourMs), (world, at) =>
    isByCard ? world.payByCard(scene.id, at) : world.fund(scene.id, topUpStep, at),
  );
  if (ending === 'cancelledFree') return cancelAfter(telling, minuteMs, 14 * minuteMs);
  if (ending === 'cancelledForAFee') return cancelAfter(telling, 20 * minuteMs, 3 * hourMs);
  if (ending === 'noShow') {
    const tooLateMs = startsWithinMs + hourMs - script.lengthMs();
    return script.next(tooLateMs, (world, at) => world.noShow(scene.id, at));
  }
  if (ending === 'dropped') {
    const reason = random.pick(dropReasons);
    return script.next(script.wait(hourMs, 5 * hourMs), (world, at) => world.drop(scene.id, reason, at));
  }
  plotWork(telling);
  if (['assigned', 'inProgress', 'delivered'].includes(ending)) return;
  if (ending.startsWith('dispute')) plotDispute(telling);
  if (ending === 'autoReleased') script.next(72 * hourMs, (world, at) => world.autoRelease(scene.id, at));
  if (ending === 'confirmed' || ending === 'disputeWithdrawn') plotConfirmation(telling);
  if (ending === 'confirmed' || ending === 'autoReleased') plotTip(telling);
  if (!isUnderWay(ending)) plotReviews(telling);
}

function plotConfirmation({ random, script, scene, details }: Telling): void {
  const spent = ((details.goodsBudget?.minor ?? 0n) * BigInt(random.int(70, 100))) / 100n;
  script.next(script.wait(10 * minuteMs, 40 * hourMs), (world, at) => world.confirm(scene.id, spent, at));
}

function cancelAfter({ script, scene }: Telling, fromMs: number, toMs: number): void {
  script.next(script.wait(fromMs, toMs), (world, at) => world.cancel(scene.id, at));
}

/** In whole price steps, and one at least. @param share of the budget in percent */
function priceOf({ details, cast: { spec } }: Telling, share: number): bigint {
  return ((details.budget.minor * BigInt(share)) / 100n / spec.priceStep + 1n) * spec.priceStep;
}

/** How long ago the last step of a story that goes on may be: its next timer fires later than now. */
const untilTimer: Partial<Record<Ending, number>> = {
  draft: 2 * dayMs,
  open: dayMs,
  awaitingFunding: 20 * hourMs,
  assigned: 2 * dayMs,
  inProgress: 10 * hourMs,
  delivered: 60 * hourMs,
  fundingTimedOut: 10 * hourMs,
  dropped: 20 * hourMs,
  disputeOpen: 40 * hourMs,
  disputeAnswered: 60 * hourMs,
  disputeProposed: 40 * hourMs,
  disputeDecided: 40 * hourMs,
  disputeAppealed: 60 * hourMs,
};

function isUnderWay(ending: Ending): boolean {
  return untilTimer[ending] !== undefined;
}

/** How long ago the last step was, in ms: little where a timer would otherwise have fired since. */
function ageOf(ending: Ending, storyMs: number, random: Random): number {
  const mostMs = untilTimer[ending] ?? Math.max(hourMs, pastMs - storyMs);
  return random.int(1, mostMs / 1000) * 1000;
}

function errandOf({ ending }: Plan, { spec, currency }: Cast, random: Random): NewErrand {
  const isLarge = ending === 'disputeProposed';
  const job = isLarge ? largeJob : random.pick(jobs);
  const [from, to] = random.shuffled(spec.areas) as [string, string];
  const tell = (text: string): string => text.replaceAll('{from}', from).replaceAll('{to}', to);
  const steps = ([least, most]: readonly [number, number]) => ({
    minor: BigInt(random.int(least, most)) * spec.priceStep,
    currency,
  });
  const goods = job.hasGoods && ending !== 'draft' ? { goodsBudget: steps(spec.goodsSteps) } : {};
  const advance = job.hasGoods && random.chance(25) ? { goodsInAdvance: true } : {};
  return {
    title: tell(job.title),
    description: tell(job.description),
    category: job.category,
    area: from,
    budget: isLarge ? steps(largeJob.serviceSteps) : steps(spec.serviceSteps),
    pickupAddress: `${random.int(1, 90)} Market Street, ${from}`,
    dropoffAddress: `${random.int(1, 90)} Station Road, ${to}`,
    ...goods,
    ...advance,
  };
}
