import type { Clock, Logger } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import type { PaymentProvider } from '../providers/index.js';
import type { AccountCipher } from './account.cipher.js';

export interface PayoutWorkerDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  /** The first pays new payouts; the others are asked about those that they were given before. */
  readonly providers: readonly [PaymentProvider, ...PaymentProvider[]];
  /** Undefined without a key: then nothing is handed over, and what was is asked about. */
  readonly cipher: AccountCipher | undefined;
  /** How long a payout stays in one hand: longer than a provider's calls may take. Default 120,000. */
  readonly leaseMs?: number;
  readonly logger?: Logger;
}

/** What every step of a worker needs at hand. */
export type PayoutHand = Required<PayoutWorkerDeps>;
