import { appealWindowMs, responseWindowMs } from '../modules/disputes/index.js';
import type { Telling } from './plot.type.js';
import { hourMs, minuteMs } from './plot.script.js';
import { appealReason, customersQuarrels, decisionReasons, runnersQuarrels } from './plot.words.js';
import type { Side } from './story.disputes.js';

type Verdict = keyof typeof decisionReasons;

/** Of what is held, in percent, back to the customer. */
const customerPercent = { release: 0, refund: 100, split: 40 } as const satisfies Record<Verdict, number>;

/** From a delivery, or a start, that somebody is not happy with to where the ending leaves it. */
export function plotDispute(telling: Telling): void {
  const { plan, script, scene } = telling;
  const { ending } = plan;
  const { by, other, quarrel } = quarrelOf(telling);
  const claim = ending === 'disputeRefunded' || ending === 'disputeByRule' ? 100 : 60;
  script.next(script.wait(20 * minuteMs, 20 * hourMs), (world, at) =>
    world.dispute(scene.id, by, quarrel.reason, claim, at),
  );
  script.next(script.wait(minuteMs, 30 * minuteMs), (world, at) =>
    world.showEvidence(scene.id, by, 'PHOTO', quarrel.evidence, at),
  );
  if (ending === 'disputeOpen') return;
  if (ending === 'disputeByRule') return plotSilence(telling);
  if (ending === 'disputeWithdrawn') {
    return script.next(script.wait(hourMs, 20 * hourMs), (world, at) => world.withdraw(scene.id, at));
  }
  script.next(script.wait(hourMs, 30 * hourMs), (world, at) => world.respond(scene.id, quarrel.answer, at));
  script.next(script.wait(minuteMs, 30 * minuteMs), (world, at) =>
    world.showEvidence(scene.id, other, 'MESSAGE', quarrel.reply, at),
  );
  if (ending === 'disputeAnswered') return;
  plotDecision(telling);
}

/** The demo logins have both kinds: Ada is asked for an answer, and so is Bola. */
function quarrelOf({ plan, cast, random }: Telling) {
  const isAdas = plan.customer === cast.ada;
  const isByRunner = plan.ending === 'disputeOpen' ? isAdas || random.chance(20) : random.chance(20);
  const isBolas = plan.isStarring && !isAdas;
  const [by, other]: [Side, Side] = isByRunner && !isBolas ? ['runner', 'customer'] : ['customer', 'runner'];
  return { by, other, quarrel: random.pick(by === 'runner' ? runnersQuarrels : customersQuarrels) };
}

/** Nobody answers: the rule of the first step decides, and nobody appeals. */
function plotSilence({ script, scene }: Telling): void {
  // The evidence came after the dispute, so the whole time to respond is over by then.
  script.next(responseWindowMs, (world, at) => world.resolveByRule(scene.id, 'NO_RESPONSE', at));
  script.next(appealWindowMs, (world, at) => world.takeEffect(scene.id, at));
}

function plotDecision(telling: Telling): void {
  const { plan, cast, random, script, scene } = telling;
  const { ending } = plan;
  const { arbiter, admin } = cast.staff;
  const first = verdictOf(telling);
  // Of large disputes each of the two has one that waits for the other.
  const proposer = ending === 'disputeProposed' && plan.customer !== cast.ada ? admin : arbiter;
  script.next(script.wait(2 * hourMs, 30 * hourMs), (world, at) =>
    world.resolve(scene.id, proposer, customerPercent[first], decisionReasons[first], at),
  );
  if (ending === 'disputeProposed' || ending === 'disputeDecided') return;
  if (ending === 'disputeAppealed' || ending === 'disputeOverturned') {
    const by: Side = first === 'release' ? 'customer' : 'runner';
    script.next(script.wait(hourMs, 30 * hourMs), (world, at) => world.appeal(scene.id, by, appealReason, at));
    if (ending === 'disputeAppealed') return;
    const last = random.pick(['split', 'release'] as const);
    return script.next(script.wait(2 * hourMs, 40 * hourMs), (world, at) =>
      world.resolve(scene.id, admin, customerPercent[last], decisionReasons[last], at),
    );
  }
  script.next(appealWindowMs, (world, at) => world.takeEffect(scene.id, at));
}

function verdictOf({ plan: { ending }, random }: Telling): Verdict {
  if (ending === 'disputeReleased') return 'release';
  if (ending === 'disputeRefunded') return 'refund';
  if (ending === 'disputeSplit') return 'split';
  return random.pick(['release', 'refund', 'split', 'split'] as const);
}
