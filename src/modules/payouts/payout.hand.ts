import type { Clock, Logger } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import type { PaymentProvider, TransferReport } from '../providers/index.js';
import type { AccountCipher } from './account.cipher.js';
import type { ReviewTimes } from './review.times.js';

export interface PayoutWorkerDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  /** The first pays new payouts; the others are asked about those that they were given before. */
  readonly providers: readonly [PaymentProvider, ...PaymentProvider[]];
  /** Undefined without a key: then nothing is handed over, and what was is asked about. */
  readonly cipher: AccountCipher | undefined;
  /** The longest that asking a provider about one payout takes, with all the calls it needs. Default 30,000. */
  readonly askMsMax?: number;
  /** How long a payout stays in one hand: longer than `askMsMax`. Default 90,000 more than that. */
  readonly leaseMs?: number;
  /** Default as `reviewTimesStandard`. */
  readonly review?: ReviewTimes;
  readonly logger?: Logger;
}

/** What every step of a worker needs at hand. */
export type PayoutHand = Required<PayoutWorkerDeps>;

/** What is to be asked of the provider once this is committed. */
export interface Prepared {
  /** Undefined: nothing, this time. */
  readonly ask?: () => Promise<TransferReport>;
  readonly hasMoved: boolean;
  /** How often the provider had hinted by then. */
  readonly notices: number;
}
