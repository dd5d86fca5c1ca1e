import type { UserViewer } from '../kernel/index.js';
import type { NewErrand } from '../modules/errands/index.js';
import { jobs } from './catalogue.js';
import type { Cast } from './cast.js';
import type { Random } from './random.js';
import type { World } from './world.type.js';

/** How a demo errand's story ends, or how far it has come by now. */
export const endings = [
  'draft',
  'open',
  'awaitingFunding',
  'assigned',
  'inProgress',
  'delivered',
  'confirmed',
  'autoReleased',
  'cancelledOpen',
  'cancelledUnfunded',
  'cancelledFree',
  'cancelledForAFee',
  'expired',
  'noShow',
] as const;
export type Ending = (typeof endings)[number];

export interface Step {
  readonly at: Date;
  readonly act: (world: World, at: Date) => void;
}

interface Plan {
  readonly name: string;
  readonly ending: Ending;
  readonly customer: UserViewer;
  /** Who is accepted, if the story comes that far. */
  readonly runner: UserViewer;
  readonly others: readonly UserViewer[];
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Stories that are over ended somewhere in this time before now. */
const pastMs = 60 * dayMs;

/** How many of a hundred errands end how; the rest are confirmed. */
const shares = {
  draft: 3,
  open: 26,
  awaitingFunding: 4,
  assigned: 5,
  inProgress: 5,
  delivered: 4,
  autoReleased: 5,
  cancelledOpen: 4,
  cancelledUnfunded: 2,
  cancelledFree: 2,
  cancelledForAFee: 2,
  expired: 5,
  noShow: 1,
} as const satisfies Partial<Record<Ending, number>>;

/** All stories of a market as one sequence of steps in the order of time. */
export function plotMarket(cast: Cast, errandsCount: number, random: Random, now: Date): readonly Step[] {
  const plans = [...starring(cast, random), ...extras(cast, random, errandsCount)].slice(0, errandsCount);
  const steps = plans.flatMap((plan) => plotErrand(plan, cast, random, now));
  return steps.toSorted((one, other) => one.at.getTime() - other.at.getTime());
}

/** Ada's errands, one for each ending and a second round for Bola's offers; nothing in a market without the two. */
function starring({ ada, bola, runners, customers }: Cast, random: Random): readonly Plan[] {
  if (!ada || !bola) return [];
  const others = runners.filter((runner) => runner !== bola);
  const adas = endings.map((ending, index) => {
    const runner = index % 2 === 0 ? bola : random.pick(others);
    const rivals = others.filter((one) => one !== runner);
    return { name: `ada:${ending}`, ending, customer: ada, runner, others: random.shuffled(rivals).slice(0, 2) };
  });
  const bolas = endings.map((ending) => {
    const customer = random.pick(customers.filter((one) => one !== ada));
    const rivals = others.filter(({ userId }) => userId !== customer.userId);
    return { name: `bola:${ending}`, ending, customer, runner: bola, others: random.shuffled(rivals).slice(0, 2) };
  });
  return [...adas, ...bolas];
}

function extras({ spec, customers, runners, ada, bola }: Cast, random: Random, count: number): readonly Plan[] {
  const crowd = customers.filter((customer) => customer !== ada);
  return Array.from({ length: count }, (_, index) => {
    const customer = random.pick(crowd);
    const [runner, ...others] = random.shuffled(
      runners.filter((one) => one !== bola && one.userId !== customer.userId),
    );
    return {
      name: `${spec.slug}:${index + 1}`,
      ending: drawEnding(random),
      customer,
      runner: runner as UserViewer,
      others: others.slice(0, random.pick([0, 0, 1, 1, 2, 3])),
    };
  });
}

function drawEnding(random: Random): Ending {
  let draw = random.int(0, 99);
  for (const [ending, share] of Object.entries(shares)) {
    draw -= share;
    if (draw < 0) return ending as Ending;
  }
  return 'confirmed';
}

/** The steps of one story, laid out forwards from its first and then moved so that it ends when it should. */
function plotErrand(plan: Plan, cast: Cast, random: Random, now: Date): readonly Step[] {
  const { ending } = plan;
  const scene = { id: '', offerId: '' };
  const laid: { readonly afterMs: number; readonly act: Step['act'] }[] = [];
  let clockMs = 0;
  const then = (gapMs: number, act: Step['act']): void => {
    clockMs += gapMs;
    laid.push({ afterMs: clockMs, act });
  };
  const wait = (fromMs: number, toMs: number): number => random.int(fromMs / 1000, toMs / 1000) * 1000;
  const end = (): readonly Step[] => {
    const startsAtMs = now.getTime() - ageOf(ending, clockMs, random) - clockMs;
    return laid.map(({ afterMs, act }) => ({ at: new Date(startsAtMs + afterMs), act }));
  };

  const details = errandOf(plan, cast, random);
  const expiryMs = random.int(3, 7) * dayMs;
  const startByMs = ending === 'noShow' ? 2 * dayMs : undefined;
  then(0, (world, at) => {
    const startBy = startByMs && new Date(at.getTime() + startByMs);
    const input = { ...details, expiresAt: new Date(at.getTime() + expiryMs), ...(startBy && { startBy }) };
    scene.id = world.post(plan.name, plan.customer, input, at);
  });
  if (ending === 'draft') return end();
  then(wait(0, 2 * hourMs), (world, at) => world.publish(scene.id, at));

  const takesOffers = ending !== 'open' || random.chance(60);
  const price = (share: number): bigint =>
    ((details.budget.minor * BigInt(share)) / 100n / cast.spec.priceStep + 1n) * cast.spec.priceStep;
  for (const other of takesOffers ? plan.others : []) {
    const amount = price(random.int(85, 115));
    then(wait(5 * minuteMs, 3 * hourMs), (world, at) => void world.offer(scene.id, other, amount, null, at));
  }
  if (ending === 'cancelledOpen') then(wait(minuteMs, 5 * hourMs), (world, at) => world.cancel(scene.id, at));
  if (ending === 'expired') then(expiryMs - clockMs + wait(0, minuteMs), (world, at) => world.expire(scene.id, at));
  if (!takesOffers || ending === 'cancelledOpen' || ending === 'expired') return end();

  const offered = price(random.int(80, 105));
  const message = random.pick([
    null,
    'I am close by and can start at once.',
    'I have done this before, see my profile.',
    'Free this afternoon.',
  ]);
  then(
    wait(5 * minuteMs, 4 * hourMs),
    (world, at) => void (scene.offerId = world.offer(scene.id, plan.runner, offered, message, at)),
  );
  if (ending === 'open') return end();
  then(wait(10 * minuteMs, 6 * hourMs), (world, at) => world.accept(scene.id, scene.offerId, at));
  if (ending === 'cancelledUnfunded') then(wait(minuteMs, 5 * hourMs), (world, at) => world.cancel(scene.id, at));
  if (ending === 'cancelledUnfunded' || ending === 'awaitingFunding') return end();

  const topUpStep = plan.customer === cast.ada ? 1n : cast.spec.priceStep * 20n;
  then(wait(2 * minuteMs, 5 * hourMs), (world, at) => world.fund(scene.id, topUpStep, at));
  if (ending === 'cancelledFree') then(wait(minuteMs, 14 * minuteMs), (world, at) => world.cancel(scene.id, at));
  if (ending === 'cancelledForAFee') then(wait(20 * minuteMs, 3 * hourMs), (world, at) => world.cancel(scene.id, at));
  if (ending === 'noShow') then((startByMs ?? 0) + hourMs - clockMs, (world, at) => world.noShow(scene.id, at));
  if (ending === 'assigned' || ending.startsWith('cancelled') || ending === 'noShow') return end();

  then(wait(10 * minuteMs, 10 * hourMs), (world, at) => world.start(scene.id, at));
  if (ending === 'inProgress') return end();
  then(wait(30 * minuteMs, 7 * hourMs), (world, at) => world.deliver(scene.id, at));
  if (ending === 'delivered') return end();
  const spentPercent = BigInt(random.int(70, 100));
  const spent = ((details.goodsBudget?.minor ?? 0n) * spentPercent) / 100n;
  if (ending === 'autoReleased') then(72 * hourMs, (world, at) => world.autoRelease(scene.id, at));
  else then(wait(10 * minuteMs, 40 * hourMs), (world, at) => world.confirm(scene.id, spent, at));
  return end();
}

/** How long ago the last step was, in ms: little where a timer would otherwise have fired since. */
function ageOf(ending: Ending, storyMs: number, random: Random): number {
  const upTo = (ms: number): number => random.int(1, ms / 1000) * 1000;
  const untilTimer: Partial<Record<Ending, number>> = {
    draft: 2 * dayMs,
    open: dayMs,
    awaitingFunding: 20 * hourMs,
    assigned: 2 * dayMs,
    inProgress: 10 * hourMs,
    delivered: 60 * hourMs,
  };
  return upTo(untilTimer[ending] ?? Math.max(hourMs, pastMs - storyMs));
}

function errandOf({ ending }: Plan, { spec, currency }: Cast, random: Random): NewErrand {
  const job = random.pick(jobs);
  const [from, to] = random.shuffled(spec.areas) as [string, string];
  const tell = (text: string): string => text.replaceAll('{from}', from).replaceAll('{to}', to);
  const steps = ([least, most]: readonly [number, number]) => ({
    minor: BigInt(random.int(least, most)) * spec.priceStep,
    currency,
  });
  const goods = job.hasGoods && ending !== 'draft' ? { goodsBudget: steps(spec.goodsSteps) } : {};
  return {
    title: tell(job.title),
    description: tell(job.description),
    category: job.category,
    area: from,
    budget: steps(spec.serviceSteps),
    pickupAddress: `${random.int(1, 90)} Market Street, ${from}`,
    dropoffAddress: `${random.int(1, 90)} Station Road, ${to}`,
    ...goods,
  };
}
