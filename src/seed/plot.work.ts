import { hourMs, minuteMs } from './plot.script.js';
import type { Telling } from './plot.errand.js';
import type { Ending } from './plot.js';
import { milestonePlans, receiptNotes } from './plot.words.js';

/** Where the work went as planned, so that its money may move in steps. */
const calm: readonly Ending[] = ['assigned', 'inProgress', 'delivered', 'confirmed', 'autoReleased', 'disputeSplit'];
/** Disputed before anything was delivered. */
const undelivered: readonly Ending[] = ['disputeRefunded', 'disputeByRule'];

/** From the funded errand to the proof of delivery, as far as the story goes. */
export function plotWork(telling: Telling): void {
  const { plan, random, script, scene } = telling;
  const { ending } = plan;
  const often = plan.isStarring ? 50 : 8;
  const steps = calm.includes(ending) && random.chance(often) ? random.pick(milestonePlans) : [];
  if (steps.length > 0) {
    script.then(script.wait(minuteMs, 20 * minuteMs), (world, at) => world.agreeMilestones(scene.id, steps, at));
  }
  if (ending === 'assigned') return;
  script.then(script.wait(10 * minuteMs, 10 * hourMs), (world, at) => world.start(scene.id, at));
  if (calm.includes(ending) && random.chance(5)) {
    script.then(script.wait(10 * minuteMs, hourMs), (world, at) => world.addToEscrow(scene.id, 20, at));
  }
  if (steps.length > 0 && random.chance(80)) {
    script.then(script.wait(20 * minuteMs, hourMs), (world, at) => world.releaseMilestone(scene.id, 1, at));
  }
  if (!undelivered.includes(ending)) plotReceipts(telling);
  if (ending === 'inProgress' || undelivered.includes(ending)) return;
  script.then(script.wait(30 * minuteMs, 7 * hourMs), (world, at) => world.deliver(scene.id, at));
  if (steps.length > 2 && random.chance(50)) {
    script.then(script.wait(10 * minuteMs, hourMs), (world, at) => world.releaseMilestone(scene.id, 2, at));
  }
}

function plotReceipts({ details, random, script, scene }: Telling): void {
  if (!details.goodsBudget || !random.chance(75)) return;
  const count = random.int(1, 2);
  for (let receipt = 1; receipt <= count; receipt += 1) {
    const percent = random.int(30, 48) * (count === 1 ? 2 : 1);
    const note = random.pick(receiptNotes);
    script.then(script.wait(10 * minuteMs, hourMs), (world, at) => world.showReceipt(scene.id, percent, note, at));
  }
}
