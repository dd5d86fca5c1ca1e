import type { UserViewer } from '../kernel/index.js';
import type { NewErrand } from '../modules/errands/index.js';
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
  'fundingTimedOut',
  'dropped',
  'expired',
  'noShow',
  'disputeOpen',
  'disputeAnswered',
  'disputeProposed',
  'disputeDecided',
  'disputeAppealed',
  'disputeReleased',
  'disputeRefunded',
  'disputeSplit',
  'disputeByRule',
  'disputeOverturned',
  'disputeWithdrawn',
] as const;
export type Ending = (typeof endings)[number];

export interface Step {
  readonly at: Date;
  readonly act: (world: World, at: Date) => void;
}

export interface Plan {
  readonly name: string;
  readonly ending: Ending;
  readonly customer: UserViewer;
  /** Who is accepted, if the story comes that far. */
  readonly runner: UserViewer;
  readonly others: readonly UserViewer[];
  /** One of a demo login, where more happens than elsewhere. */
  readonly isStarring: boolean;
}

/** Steps laid out forwards from the first, to be moved so that the last comes when it should. */
export interface Script {
  /** How long the story has taken so far, in ms. */
  lengthMs(): number;
  next(gapMs: number, act: Step['act']): void;
  /** Something between the two, in whole seconds. */
  wait(fromMs: number, toMs: number): number;
  /** @param endsAt when the last step is */
  stepsUntil(endsAt: Date): readonly Step[];
}

/** What the acts of one story know of each other. */
export interface Scene {
  id: string;
  offerId: string;
}

/** Everything one story is told from. */
export interface Telling {
  readonly plan: Plan;
  readonly cast: Cast;
  readonly random: Random;
  readonly script: Script;
  readonly scene: Scene;
  readonly details: NewErrand;
}
