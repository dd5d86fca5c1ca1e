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
export type { AcceptedOffer, CancelledErrand, ConfirmOptions } from './escrow.moves.js';
export { factsOf, lockBoth, type EscrowChange, type Held, type Settle } from './escrow.hold.js';
export { saveEscrow, type HeldEscrow } from './escrow.repo.js';
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
  createSandboxProvider,
  type ChargeOutcome,
  type ChargeRequest,
  type PaymentProvider,
} from './payment-provider.js';
export {
  createWalletService,
  topUpJournal,
  type ToppedUp,
  type TopUp,
  type WalletService,
  type WalletServiceDeps,
} from './wallet.service.js';
export {
  chargebackBearers,
  createChargebackService,
  type Chargeback,
  type ChargebackBearer,
  type ChargebackService,
  type RecordedChargeback,
} from './chargeback.service.js';
export {
  createTimerService,
  type TimerKind,
  type TimerRound,
  type TimerService,
  type TimerServiceDeps,
} from './timers.service.js';
export { startTimers, type TimersOptions } from './timers.loop.js';
