import type { ActionService } from '../modules/actions/index.js';
import type { AuditService } from '../modules/audit/index.js';
import type { BankService } from '../modules/banks/index.js';
import type { DisputeService } from '../modules/disputes/index.js';
import type { ErrandService, HandoverService, OfferService } from '../modules/errands/index.js';
import type { ChargebackService, EscrowService } from '../modules/escrows/index.js';
import type { IdempotencyService } from '../modules/idempotency/index.js';
import type { LedgerService } from '../modules/ledger/index.js';
import type { PayoutAccountService, PayoutService, ReconciliationService } from '../modules/payouts/index.js';
import type { ChargeService, InboxService, WalletService } from '../modules/payments/index.js';
import type { LiveNews, NotificationService, WebhookService } from '../modules/news/index.js';
import type { BlockService, ClosingService, OfferRulesService, StandingService } from '../modules/people/index.js';
import type { ReviewService } from '../modules/reviews/index.js';
import type { TenantService } from '../modules/tenants/index.js';
import type { AccountService, UserService } from '../modules/users/index.js';

/** The use cases that resolvers call. */
export interface Services {
  readonly accounts: AccountService;
  readonly actions: ActionService;
  readonly audit: AuditService;
  readonly banks: BankService;
  readonly blocks: BlockService;
  readonly chargebacks: ChargebackService;
  readonly charges: ChargeService;
  readonly closing: ClosingService;
  readonly disputes: DisputeService;
  readonly errands: ErrandService;
  readonly escrows: EscrowService;
  readonly handovers: HandoverService;
  readonly idempotency: IdempotencyService;
  readonly inbox: InboxService;
  readonly ledger: LedgerService;
  /** What is committed, as it happens. */
  readonly liveNews: LiveNews;
  readonly notifications: NotificationService;
  readonly offerRules: OfferRulesService;
  readonly offers: OfferService;
  readonly payoutAccounts: PayoutAccountService;
  readonly payouts: PayoutService;
  readonly reconciliation: ReconciliationService;
  readonly reviews: ReviewService;
  readonly standing: StandingService;
  readonly tenants: TenantService;
  readonly users: UserService;
  readonly wallets: WalletService;
  readonly webhooks: WebhookService;
}
