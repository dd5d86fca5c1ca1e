import type { BankService } from '../modules/banks/index.js';
import type { DisputeService } from '../modules/disputes/index.js';
import type { ErrandService, OfferService } from '../modules/errands/index.js';
import type { ChargebackService, EscrowService, WalletService } from '../modules/escrows/index.js';
import type { IdempotencyService } from '../modules/idempotency/index.js';
import type { LedgerService } from '../modules/ledger/index.js';
import type { LiveNews, NotificationService, WebhookService } from '../modules/news/index.js';
import type { TenantService } from '../modules/tenants/index.js';
import type { AccountService, UserService } from '../modules/users/index.js';

/** The use cases that resolvers call. */
export interface Services {
  readonly accounts: AccountService;
  readonly banks: BankService;
  readonly chargebacks: ChargebackService;
  readonly disputes: DisputeService;
  readonly errands: ErrandService;
  readonly escrows: EscrowService;
  readonly idempotency: IdempotencyService;
  readonly ledger: LedgerService;
  /** What is committed, as it happens. */
  readonly liveNews: LiveNews;
  readonly notifications: NotificationService;
  readonly offers: OfferService;
  readonly tenants: TenantService;
  readonly users: UserService;
  readonly wallets: WalletService;
  readonly webhooks: WebhookService;
}
