import type { UserViewer } from '../kernel/index.js';
import type { Cast } from './cast.js';
import { plotErrand } from './plot.errand.js';
import { plotMoney } from './plot.money.js';
import { endings, type Ending, type Plan, type Step } from './plot.type.js';
import type { Random } from './random.js';

/** How many of a thousand errands end how; the rest are confirmed. */
const shares = {
  draft: 30,
  open: 250,
  awaitingFunding: 40,
  assigned: 50,
  inProgress: 50,
  delivered: 40,
  autoReleased: 50,
  cancelledOpen: 40,
  cancelledUnfunded: 20,
  cancelledFree: 20,
  cancelledForAFee: 20,
  fundingTimedOut: 10,
  dropped: 6,
  expired: 50,
  noShow: 10,
  disputeOpen: 4,
  disputeAnswered: 5,
  disputeProposed: 1,
  disputeDecided: 3,
  disputeAppealed: 2,
  disputeReleased: 4,
  disputeRefunded: 4,
  disputeSplit: 5,
  disputeByRule: 2,
  disputeOverturned: 2,
  disputeWithdrawn: 3,
} as const satisfies Partial<Record<Ending, number>>;

/** All stories of a market as one sequence of steps in the order of time. */
export function plotMarket(cast: Cast, errandsCount: number, random: Random, now: Date): readonly Step[] {
  const plans = [...starring(cast, random), ...extras(cast, random, errandsCount)].slice(0, errandsCount);
  const steps = plans.flatMap((plan) => plotErrand(plan, cast, random, now));
  const money = plotMoney(cast, random, now);
  return [...steps, ...money].toSorted((one, other) => one.at.getTime() - other.at.getTime());
}

/** So many more errands that Bola was paid for: something to be paid out. */
const bolasEarnings = 12;

/** Ada's errands, one for each ending and a second round for Bola's offers; nothing in a market without the two. */
function starring({ ada, bola, runners, customers }: Cast, random: Random): readonly Plan[] {
  if (!ada || !bola) return [];
  const others = runners.filter((runner) => runner !== bola);
  const adas = endings.map((ending, index) => {
    const runner = index % 2 === 0 ? bola : random.pick(others);
    const rivals = random.shuffled(others.filter((one) => one !== runner)).slice(0, 2);
    return { name: `ada:${ending}`, ending, customer: ada, runner, others: rivals, isStarring: true };
  });
  const earnings = Array.from({ length: bolasEarnings }, (_, index) => [`earned:${index + 1}`, 'confirmed'] as const);
  const bolas = [...endings.map((ending) => [ending, ending] as const), ...earnings].map(([name, ending]) => {
    const customer = random.pick(customers.filter((one) => one !== ada));
    const rivals = random.shuffled(others.filter(({ userId }) => userId !== customer.userId)).slice(0, 2);
    return { name: `bola:${name}`, ending, customer, runner: bola, others: rivals, isStarring: true };
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
      isStarring: false,
    };
  });
}

function drawEnding(random: Random): Ending {
  let draw = random.int(0, 999);
  for (const [ending, share] of Object.entries(shares)) {
    draw -= share;
    if (draw < 0) return ending as Ending;
  }
  return 'confirmed';
}
