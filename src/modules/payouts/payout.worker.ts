import { AppError, invariant, silentLogger } from '../../kernel/index.js';
import type { TransferReport } from '../providers/index.js';
import { claimDue, type Claim } from './payout.claim.js';
import type { PayoutHand, PayoutWorkerDeps } from './payout.hand.js';
import { prepare } from './payout.prepare.js';
import { saveReport } from './payout.saved.js';
import { reviewTimesStandard } from './review.times.js';

/** What one round did. */
export interface PayoutRound {
  /** Taken in hand. */
  readonly claimed: number;
  /** Moved on by what the provider said. */
  readonly moved: number;
  /** Left as they are until their lease ends; each is logged. */
  readonly failed: number;
}

/** Hands payouts to the provider, and asks about those of which it is not known how they end. */
export interface PayoutWorker {
  /**
   * One round over what is due. Any number of workers may run at once, and die anywhere: a payout is in one hand at a time,
   * what is to be sent is written down before the provider hears of it, and whoever comes after a death asks first. Nothing
   * is locked while the provider thinks.
   * @param limit payouts at most; default 10
   * @throws AppError UNAVAILABLE (retryable) when the database is away
   */
  work(limit?: number): Promise<PayoutRound>;
}

export const payoutsPerRound = 10;
const askMsStandard = 30_000;
const leaseBeyondAskMs = 90_000;

export function createPayoutWorker(deps: PayoutWorkerDeps): PayoutWorker {
  const { askMsMax = askMsStandard, leaseMs = askMsMax + leaseBeyondAskMs } = deps;
  invariant(leaseMs > askMsMax, 'a payout stays in one hand for longer than its provider is asked');
  const hand: PayoutHand = { logger: silentLogger, review: reviewTimesStandard, ...deps, askMsMax, leaseMs };
  return {
    async work(limit = payoutsPerRound) {
      const claims = await claimDue(hand.db, hand.clock.now(), hand.leaseMs, limit);
      const ends = await Promise.all(claims.map((claim) => advance(hand, claim)));
      // One payout that fails is one thing, a database that is away another: that ends the round.
      if (ends.includes('unavailable')) await hand.db.read.$queryRaw`SELECT 1`;
      const moved = ends.filter((end) => end === 'moved').length;
      const same = ends.filter((end) => end === 'same').length;
      return { claimed: claims.length, moved, failed: claims.length - moved - same };
    },
  };
}

type End = 'moved' | 'same' | 'failed' | 'unavailable';

async function advance(hand: PayoutHand, claim: Claim): Promise<End> {
  const { db, clock, logger } = hand;
  try {
    const prepared = await db.write((tx) => prepare(hand, tx, claim));
    if (!prepared.ask) return prepared.hasMoved ? 'moved' : 'same';
    // Whoever was held up until now could be overtaken while the provider thinks, and must not send what another has given up.
    if (clock.now().getTime() + hand.askMsMax >= claim.until.getTime()) return prepared.hasMoved ? 'moved' : 'same';
    const report: TransferReport = await prepared.ask();
    const hasMoved = await db.write((tx) => saveReport(hand, tx, claim, report, prepared.notices));
    return hasMoved || prepared.hasMoved ? 'moved' : 'same';
  } catch (error) {
    logger.error({ err: error, payoutId: claim.id }, 'a payout could not be moved on; it is looked at again');
    return error instanceof AppError && error.code === 'UNAVAILABLE' ? 'unavailable' : 'failed';
  }
}
