import type { BankService } from '../modules/banks/index.js';
import type { DisputeService } from '../modules/disputes/index.js';
import type { ErrandService, OfferService } from '../modules/errands/index.js';
import type { ChargebackService, EscrowService, WalletService } from '../modules/escrows/index.js';
import type { IdempotencyService } from '../modules/idempotency/index.js';
import type { LedgerService } from '../modules/ledger/index.js';
import type { PayoutAccountService, PayoutService, ReconciliationService } from '../modules/payouts/index.js';
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
  readonly offers: OfferService;
  readonly payoutAccounts: PayoutAccountService;
  readonly payouts: PayoutService;
  readonly reconciliation: ReconciliationService;
  readonly tenants: TenantService;
  readonly users: UserService;
  readonly wallets: WalletService;
}
