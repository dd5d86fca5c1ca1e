import type { Config } from './config/index.js';
import type { Db } from './db/index.js';
import type { Services } from './graphql/index.js';
import type { Clock, Currency, Logger } from './kernel/index.js';
import {
  createAccountCipher,
  createPayoutAccountService,
  createPayoutService,
  createPayoutsRound,
  createPayoutWorker,
  createReconciliationService,
} from './modules/payouts/index.js';
import { callsAtMost, type PaymentProvider } from './modules/providers/index.js';
import type { AccountService } from './modules/users/index.js';

export interface PayoutDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly config: Config;
  readonly logger: Logger;
  /** Undefined on a server that pays nothing out. */
  readonly provider: PaymentProvider | undefined;
}

/** The use cases of payouts, with what the configuration says of them. */
export function createPayouts(
  { db, clock, config, provider }: Omit<PayoutDeps, 'logger'>,
  accounts: AccountService,
): Pick<Services, 'payoutAccounts' | 'payouts' | 'reconciliation'> {
  const { approvalAbove, payoutMax, dayMax, nameMatchMin, coolOffS, clearingS } = config.payouts;
  const policy = {
    approvalAbove: (currency: Currency) => approvalAbove.get(currency) ?? 0n,
    payoutMax: (currency: Currency) => payoutMax.get(currency),
    dayMax: (currency: Currency) => dayMax.get(currency),
    nameMatchMin,
    clearingMs: clearingS * 1000,
    review: reviewTimesOf(config),
  };
  const { confirmPassword } = accounts;
  const cipher = cipherOf(config);
  return {
    payoutAccounts: createPayoutAccountService({ db, clock, provider, cipher, coolOffMs: coolOffS * 1000 }),
    payouts: createPayoutService({ db, clock, policy, cipher, provider: provider?.name, confirmPassword }),
    reconciliation: createReconciliationService({ db, providers: provider ? [provider] : [] }),
  };
}

/** What moves payouts on; undefined on a server that pays nothing out. */
export function payoutsRoundOf({ db, clock, config, logger, provider }: PayoutDeps) {
  if (!provider) return undefined;
  // A payout stays in one hand for longer than the slowest answers take.
  const askMsMax = callsAtMost * (config.payments.provider?.timeoutMs ?? 0);
  const how = { askMsMax, review: reviewTimesOf(config) };
  const worker = createPayoutWorker({ db, clock, providers: [provider], cipher: cipherOf(config), logger, ...how });
  return createPayoutsRound({ worker, logger });
}

function reviewTimesOf({ payouts: { remindAfterS, giveBackAfterS } }: Config) {
  return { remindAfterMs: remindAfterS * 1000, giveBackAfterMs: giveBackAfterS * 1000 };
}

function cipherOf({ payouts: { keys } }: Config) {
  return keys && createAccountCipher(keys);
}
