import type { PartRule } from '../errands/index.js';
import type { DisputeState } from './dispute.js';

/** The one table of the states of a dispute: who writes another move into the database has a defect. */
export const disputeMachine = {
  open: {
    from: [],
    to: 'AWAITING_RESPONSE',
    with: ['openDispute'],
    description: 'A party disagrees: the escrow is frozen.',
  },
  respond: {
    from: ['AWAITING_RESPONSE'],
    to: 'UNDER_REVIEW',
    with: ['respondToDispute'],
    description: 'The other party answers.',
  },
  decide: {
    from: ['UNDER_REVIEW'],
    to: 'RESOLVED',
    with: ['proposeResolution', 'approveResolution'],
    description: 'An arbiter decides, above a limit two of them.',
  },
  decideByRule: {
    from: ['AWAITING_RESPONSE', 'UNDER_REVIEW'],
    to: 'RESOLVED',
    with: ['defaultResolution'],
    description: 'Nobody answered, or nobody decided, in time.',
  },
  appeal: {
    from: ['RESOLVED'],
    to: 'APPEALED',
    with: ['appealDispute'],
    description: 'A party does not accept the decision.',
  },
  settle: {
    from: ['RESOLVED', 'APPEALED'],
    to: 'FINAL',
    with: ['settleDispute', 'refundDispute'],
    description: 'The decision takes effect: the money moves.',
  },
  withdraw: {
    from: ['AWAITING_RESPONSE', 'UNDER_REVIEW'],
    to: 'WITHDRAWN',
    with: ['withdrawDispute'],
    description: 'Who opened it takes it back.',
  },
} as const satisfies Record<string, PartRule<DisputeState>>;
