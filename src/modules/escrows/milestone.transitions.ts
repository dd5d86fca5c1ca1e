import type { MilestoneState } from '../../db/index.js';
import type { PartRule } from '../errands/index.js';

/** The states in which a step of an escrow is paid, and the transitions of the errand that lead to them. */
export const milestoneTransitions = {
  agree: {
    from: [],
    to: 'AGREED',
    with: ['agreeMilestones'],
    description: 'The customer says what is paid for this step. Steps agreed anew take the place of all before.',
  },
  release: {
    from: ['AGREED'],
    to: 'RELEASED',
    with: ['releaseMilestone'],
    description: 'The runner is paid for it. What is still agreed when the delivery is settled is paid with the rest.',
  },
} as const satisfies Record<string, PartRule<MilestoneState>>;
