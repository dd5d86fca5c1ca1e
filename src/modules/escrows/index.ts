export { assertParty, escrowStates, type Escrow, type EscrowState } from './escrow.js';
export {
  fundedPatch,
  goodsByReceipts,
  heldGoodsSpent,
  journalOf,
  moneyFactsOf,
  newEscrowRow,
  partsOf,
  settledPatch,
  silentSettlement,
} from './escrow.js';
export {
  cancellationSettlement,
  deliverySettlement,
  milestoneShare,
  splitByWeights,
  type EscrowParts,
  type FeeRates,
  type PaidService,
} from './fees.js';
export { fundHeld, type AcceptedOffer, type CancelledErrand, type ConfirmOptions } from './escrow.moves.js';
export { escrowOf, factsOf, holdRunner, lockBoth, type EscrowChange, type Held, type Settle } from './escrow.hold.js';
export { readEscrows, saveEscrow, type HeldEscrow } from './escrow.repo.js';
export { settleOf } from './escrow.settle.js';
export { escrowTransitions } from './escrow.transitions.js';
export { milestoneTransitions } from './milestone.transitions.js';
export { receiptsPatch, type CodeGiven, type ReceiptInput } from './handover.moves.js';
export { milestonePatch, milestoneStates, type Milestone, type NewMilestone } from './milestone.moves.js';
export { topUpPatch, type EscrowTopUp } from './top-up.moves.js';
export type { DueErrand } from './timer.due.js';
export {
  createEscrowService,
  escrowCursor,
  type EscrowListArgs,
  type EscrowService,
  type EscrowServiceDeps,
} from './escrow.service.js';
export {
  chargebackBearers,
  chargebackJournal,
  chargebackJournalId,
  takeBackWhole,
  userBearsPostings,
  type ChargebackBearer,
} from './chargeback.journal.js';
export {
  createChargebackService,
  type Chargeback,
  type ChargebackService,
  type RecordedChargeback,
} from './chargeback.service.js';
export {
  createTimerService,
  type TimerKind,
  type TimerRound,
  type TimerService,
  type TimerServiceDeps,
  type WaitingTimer,
} from './timers.service.js';
export { createOverdueRound, type OverdueOptions } from './timers.round.js';
