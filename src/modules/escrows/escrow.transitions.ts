import type { PartRule } from '../errands/index.js';
import type { EscrowState } from './escrow.js';

/** The one table of what an escrow may do: who writes another move into the database has a defect. */
export const escrowTransitions = {
  open: {
    from: [],
    to: 'AWAITING_FUNDS',
    with: ['acceptOffer'],
    description: 'An offer is accepted: the escrow waits for its money.',
  },
  reopen: {
    from: ['VOID'],
    to: 'AWAITING_FUNDS',
    with: ['acceptOffer'],
    description: 'Another offer is accepted after the first was not funded in time.',
  },
  fund: {
    from: ['AWAITING_FUNDS'],
    to: 'FUNDED',
    with: ['fundFromWallet', 'fundFromCharge'],
    description: 'The customer pays the whole of it.',
  },
  releasePart: {
    from: ['FUNDED'],
    to: 'PARTIALLY_RELEASED',
    with: ['releaseMilestone', 'addReceipts'],
    description: 'The runner is paid a step, or goods in advance; more steps leave it there.',
  },
  release: {
    from: ['FUNDED', 'PARTIALLY_RELEASED'],
    to: 'RELEASED',
    with: ['confirm', 'confirmByCode', 'autoRelease', 'settleDispute'],
    description: 'The runner is paid for the delivery, less commission and VAT.',
  },
  refund: {
    from: ['FUNDED'],
    to: 'REFUNDED',
    with: ['cancelAssigned', 'noShow', 'runnerDrop', 'refundDispute'],
    description: 'The customer gets everything back.',
  },
  split: {
    from: ['FUNDED', 'PARTIALLY_RELEASED'],
    to: 'SPLIT',
    with: ['cancelAssigned', 'settleDispute', 'refundDispute'],
    description: 'Some goes back to the customer, the rest to the runner and in fees.',
  },
  void: {
    from: ['AWAITING_FUNDS'],
    to: 'VOID',
    with: ['fundingTimeout', 'cancelFree'],
    description: 'The money never came.',
  },
} as const satisfies Record<string, PartRule<EscrowState>>;
