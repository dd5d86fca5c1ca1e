import type { Config } from './config/index.js';
import type { Db } from './db/index.js';
import type { Services } from './graphql/index.js';
import type { Clock } from './kernel/index.js';
import { createActionService } from './modules/actions/index.js';
import { createAuditService } from './modules/audit/index.js';
import { createBankService } from './modules/banks/index.js';
import { createDisputeService } from './modules/disputes/index.js';
import { createErrandService, createHandoverService, createOfferService } from './modules/errands/index.js';
import { createEscrowService } from './modules/escrows/index.js';
import { createIdempotencyService } from './modules/idempotency/index.js';
import { createLedgerService } from './modules/ledger/index.js';
import type { PaymentProvider } from './modules/providers/index.js';
import {
  createBlockService,
  createClosingService,
  createOfferRulesService,
  createStandingService,
} from './modules/people/index.js';
import { createReviewService } from './modules/reviews/index.js';
import { createTenantService } from './modules/tenants/index.js';
import { createAccountService, createPasswords, createUserService, type Tokens } from './modules/users/index.js';
import { createPayouts } from './app.payouts.js';

export interface ServicesDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly tokens: Tokens;
  readonly config: Config;
  /** Undefined: money does not go out. */
  readonly provider: PaymentProvider | undefined;
}

/** What `app.paying.ts` and `app.news.ts` make. */
type MadeElsewhere = 'chargebacks' | 'charges' | 'inbox' | 'wallets' | 'liveNews' | 'notifications' | 'webhooks';

/** The use cases, but for those of money that comes in and of news. */
export function createServices({ db, clock, tokens, config, provider }: ServicesDeps): Omit<Services, MadeElsewhere> {
  const passwords = createPasswords();
  const refreshTtlSeconds = config.auth.refreshTokenTtlS;
  const accounts = createAccountService({ db, clock, passwords, tokens, refreshTtlSeconds });
  return {
    accounts,
    actions: createActionService({ db, clock }),
    audit: createAuditService({ db, clock }),
    banks: createBankService({ db }),
    blocks: createBlockService({ db, clock }),
    closing: createClosingService({ db, clock, confirmPassword: accounts.confirmPassword, passwords }),
    disputes: createDisputeService({ db, clock }),
    errands: createErrandService({ db, clock }),
    escrows: createEscrowService({ db, clock }),
    handovers: createHandoverService({ db, clock }),
    idempotency: createIdempotencyService({ db, clock, ttlMs: config.idempotencyKeyTtlS * 1000 }),
    ledger: createLedgerService({ db, clock }),
    offerRules: createOfferRulesService({ db, clock }),
    offers: createOfferService({ db, clock }),
    ...createPayouts({ db, clock, config, provider }, accounts),
    reviews: createReviewService({ db, clock }),
    standing: createStandingService({ db, clock }),
    tenants: createTenantService({ db }),
    users: createUserService({ db, clock }),
  };
}
