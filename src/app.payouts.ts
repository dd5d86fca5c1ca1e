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
import type { PaymentProvider } from './modules/providers/index.js';
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
  const { approvalAbove, payoutMax, dayMax, nameMatchMin, coolOffS } = config.payouts;
  const policy = {
    approvalAbove: (currency: Currency) => approvalAbove.get(currency) ?? 0n,
    payoutMax: (currency: Currency) => payoutMax.get(currency),
    dayMax: (currency: Currency) => dayMax.get(currency),
    nameMatchMin,
  };
  const { confirmPassword } = accounts;
  return {
    payoutAccounts: createPayoutAccountService({
      db,
      clock,
      provider,
      cipher: cipherOf(config),
      coolOffMs: coolOffS * 1000,
    }),
    payouts: createPayoutService({ db, clock, policy, provider: provider?.name, confirmPassword }),
    reconciliation: createReconciliationService({ db, providers: provider ? [provider] : [] }),
  };
}

/** What moves payouts on; undefined on a server that pays nothing out. */
export function payoutsRoundOf({ db, clock, config, logger, provider }: PayoutDeps) {
  if (!provider) return undefined;
  const worker = createPayoutWorker({ db, clock, providers: [provider], cipher: cipherOf(config), logger });
  return createPayoutsRound({ worker, logger });
}

function cipherOf({ payouts: { keys } }: Config) {
  return keys && createAccountCipher(keys);
}
