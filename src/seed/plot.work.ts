import { hourMs, minuteMs } from './plot.script.js';
import type { Ending, Telling } from './plot.type.js';
import { milestonePlans, receiptNotes } from './plot.words.js';

/** Where the work went as planned, so that its money may move in steps. */
const calm: ReadonlySet<Ending> = new Set([
  'assigned',
  'inProgress',
  'delivered',
  'confirmed',
  'autoReleased',
  'disputeSplit',
]);
/** Disputed before anything was delivered. */
const undelivered: ReadonlySet<Ending> = new Set(['disputeRefunded', 'disputeByRule']);

/** From the funded errand to the proof of delivery, as far as the story goes. */
export function plotWork(telling: Telling): void {
  const { plan, random, script, scene } = telling;
  const { ending } = plan;
  const often = plan.isStarring ? 50 : 8;
  const steps = calm.has(ending) && random.chance(often) ? random.pick(milestonePlans) : [];
  if (steps.length > 0) {
    script.next(script.wait(minuteMs, 20 * minuteMs), (world, at) => world.agreeMilestones(scene.id, steps, at));
  }
  if (ending === 'assigned') return;
  script.next(script.wait(10 * minuteMs, 10 * hourMs), (world, at) => world.start(scene.id, at));
  if (calm.has(ending) && random.chance(5)) {
    script.next(script.wait(10 * minuteMs, hourMs), (world, at) => world.addToEscrow(scene.id, 20, at));
  }
  if (steps.length > 0 && random.chance(80)) {
    script.next(script.wait(20 * minuteMs, hourMs), (world, at) => world.releaseMilestone(scene.id, 1, at));
  }
  if (!undelivered.has(ending)) plotReceipts(telling);
  if (ending === 'inProgress' || undelivered.has(ending)) return;
  script.next(script.wait(30 * minuteMs, 7 * hourMs), (world, at) => world.deliver(scene.id, at));
  if (steps.length > 2 && random.chance(50)) {
    script.next(script.wait(10 * minuteMs, hourMs), (world, at) => world.releaseMilestone(scene.id, 2, at));
  }
}

function plotReceipts({ details, random, script, scene }: Telling): void {
  if (!details.goodsBudget || !random.chance(75)) return;
  const count = random.int(1, 2);
  for (let receipt = 1; receipt <= count; receipt += 1) {
    const percent = random.int(30, 48) * (count === 1 ? 2 : 1);
    const note = random.pick(receiptNotes);
    script.next(script.wait(10 * minuteMs, hourMs), (world, at) => world.showReceipt(scene.id, percent, note, at));
  }
}
