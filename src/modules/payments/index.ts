export {
  chargeDetours,
  chargeLandings,
  chargePurposes,
  chargeStates,
  type Charge,
  type ChargeDetour,
  type ChargeLanding,
  type ChargePurpose,
  type ChargeState,
} from './charge.js';
export { receiptJournal } from './charge.landing.js';
export { createCharging, type Charging, type ChargingDeps } from './charging.js';
export { createWalletService, type ToppedUp, type TopUp, type WalletService } from './wallet.service.js';
export {
  chargeCursor,
  createChargeService,
  type ChargeListArgs,
  type ChargeRound,
  type ChargeService,
  type ErrandPayment,
} from './charge.service.js';
export { createChargebacksRound, type ChargebacksRoundDeps } from './chargebacks.round.js';
export { createWebhookDoor, type WebhookDoor, type WebhookDoorDeps } from './inbox.door.js';
export {
  createInboxService,
  webhookCursor,
  type FailedWebhook,
  type InboxDeps,
  type InboxService,
  type TransferNoticed,
} from './inbox.service.js';
export { createPaymentsRound, followedUpAtOnce, type PaymentsRoundOptions, type PromptDoor } from './payments.round.js';
