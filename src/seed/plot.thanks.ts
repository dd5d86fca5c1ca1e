import { hourMs, dayMs, minuteMs } from './plot.script.js';
import type { Telling } from './plot.type.js';
import { reviewTexts } from './plot.words.js';

/** Stars in percent of the reviews, five first. */
const stars = [
  { count: 5, percent: 62 },
  { count: 4, percent: 24 },
  { count: 3, percent: 8 },
  { count: 2, percent: 4 },
  { count: 1, percent: 2 },
] as const;

export function plotTip({ plan, random, script, scene }: Telling): void {
  if (!random.chance(plan.isStarring ? 50 : 15)) return;
  const percent = random.pick([5, 10, 10, 15]);
  script.next(script.wait(minuteMs, 10 * hourMs), (world, at) => world.tip(scene.id, percent, at));
}

/** One party or both say what they think of the other, in the time there is for it. */
export function plotReviews(telling: Telling): void {
  const { random } = telling;
  const sides = random.shuffled(['customer', 'runner'] as const);
  for (const by of sides) {
    if (random.chance(by === 'customer' ? 60 : 45)) plotReview(telling, by);
  }
}

function plotReview({ random, script, scene }: Telling, by: 'customer' | 'runner'): void {
  let draw = random.int(0, 99);
  const given = stars.find(({ percent }) => (draw -= percent) < 0)?.count ?? 5;
  const text = random.pick(reviewTexts[by][given] ?? [null]);
  script.next(script.wait(10 * minuteMs, 4 * dayMs), (world, at) => world.review(scene.id, by, given, text, at));
}
