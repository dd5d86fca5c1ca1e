export { createAccountCipher, type AccountCipher, type PayoutKey } from './account.cipher.js';
export { payoutAccountStatuses, type PayoutAccount, type PayoutAccountStatus } from './account.js';
export {
  createPayoutAccountService,
  type AddedPayoutAccount,
  type NewPayoutAccount,
  type PayoutAccountService,
  type PayoutAccountServiceDeps,
} from './account.service.js';
export { nameMatchScore } from './name.match.js';
export {
  assertPayoutVisible,
  payoutStates,
  seesAllPayouts,
  type Payout,
  type PayoutEvent,
  type PayoutState,
} from './payout.js';
export { decidePayout, payoutActorOf, payoutSystem, type PayoutActor, type PayoutDecision } from './payout.decide.js';
export { payoutActorKinds, type PayoutActorKind, type PayoutFacts, type PayoutTransitionRule } from './payout.rule.js';
export {
  payoutActorsOf,
  payoutStateMeanings,
  payoutTransitionNames,
  payoutTransitions,
  type PayoutTransitionName,
} from './payout.transitions.js';
export { complaintOf, nextCheck, transitionsFor } from './payout.outcome.js';
export { payoutJournal } from './payout.repo.js';
export { newPayoutRow, type NewPayout, type PayoutPolicy } from './payout.request.js';
export type { WalletHold } from './payout.rule.js';
export { reportedPatch } from './payout.saved.js';
export type { Settlement } from './payout.settle.js';
export type { ReviewTimes } from './review.times.js';
export {
  createPayoutService,
  payoutCursor,
  type PayableWallet,
  type PayoutListArgs,
  type PayoutRegisterArgs,
  type PayoutService,
  type PayoutServiceDeps,
} from './payout.service.js';
export {
  createReconciliationService,
  type Movement,
  type Reconciliation,
  type ReconciliationService,
  type ReconciliationServiceDeps,
} from './reconciliation.js';
export type { PayoutWorkerDeps } from './payout.hand.js';
export { createPayoutWorker, type PayoutRound, type PayoutWorker } from './payout.worker.js';
export { readWaitingPayouts, type WaitingPayouts } from './payouts.waiting.js';
export { createPayoutsRound, type PayoutsRoundOptions } from './payouts.round.js';
