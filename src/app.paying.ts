import type { Db } from './db/index.js';
import type { Clock, Logger } from './kernel/index.js';
import type { ChargebackService } from './modules/escrows/index.js';
import {
  createChargebacksRound,
  createCharging,
  createChargeService,
  createInboxService,
  createPaymentsRound,
  createWalletService,
  createWebhookDoor,
  followedUpAtOnce,
  type ChargeService,
  type InboxService,
  type PromptDoor,
  type TransferNoticed,
  type WalletService,
} from './modules/payments/index.js';
import type { PaymentProvider } from './modules/providers/index.js';

export interface PayingDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Undefined: money does not come in. */
  readonly provider: PaymentProvider | undefined;
  readonly chargebacks: ChargebackService;
  /** Undefined: there are no payouts. */
  readonly transferNoticed?: TransferNoticed | undefined;
}

export interface Paying {
  readonly charges: ChargeService;
  readonly inbox: InboxService;
  readonly wallets: WalletService;
  /** Where the provider's webhooks come in. */
  readonly door: PromptDoor;
  /** Follows up what has come in and not ended. */
  readonly round: (goesOn: () => boolean) => Promise<void>;
  /** Lets what is under way finish. */
  stop(): Promise<void>;
}

/** Money coming in: charges, what providers tell about them, and the round that follows both up. */
export function createPaying({ chargebacks, transferNoticed, ...deps }: PayingDeps): Paying {
  const { db, clock, logger, provider } = deps;
  const charging = createCharging(deps);
  const charges = createChargeService(deps, charging);
  const inbox = createInboxService({ db, clock, logger, charges, chargebacks, transferNoticed });
  const takenBack = createChargebacksRound({ db, clock, logger, provider, charges, chargebacks });
  const providers = provider ? [provider] : [];
  const door = followedUpAtOnce(createWebhookDoor({ db, clock, logger, providers }), inbox, logger);
  return {
    charges,
    inbox,
    wallets: createWalletService(deps, charging),
    door,
    round: createPaymentsRound({ charges, inbox, takenBack, logger }),
    stop: () => door.stop(),
  };
}
