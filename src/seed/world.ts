import type { Cast } from './cast.js';
import { createStage } from './stage.js';
import { createDisputeStories } from './story.disputes.js';
import { createErrandStories } from './story.errands.js';
import { createMoneyStories } from './story.money.js';
import { createPayoutStories, type PayoutMeans } from './story.payouts.js';
import { createReviewStories } from './story.reviews.js';
import { createStepStories } from './story.steps.js';
import type { World } from './world.type.js';

/** @param present when the stories end @param means undefined: nothing is paid out */
export function createWorld(cast: Cast, present: Date, means: PayoutMeans | undefined): World {
  const stage = createStage(cast, present);
  const { books, rows, errandOf, escrowOf } = stage;
  const money = createMoneyStories(stage);
  return {
    cast,
    books,
    rows,
    errandOf,
    escrowOf,
    ...money,
    ...createErrandStories(stage),
    ...createStepStories(stage, money),
    ...createDisputeStories(stage),
    ...createPayoutStories(stage, means),
    ...createReviewStories(stage),
  };
}
