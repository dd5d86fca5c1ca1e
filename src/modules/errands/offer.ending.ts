import { Prisma, type Tx } from '../../db/index.js';
import { tierFor } from './bidder.js';
import { offerRulesOf } from './bidder.repo.js';
import { liveOfferStates, type OfferState } from './errand.js';
import { moveOffers } from './offer.repo.js';

/** Offers that a runner has made and nobody has answered. */
export interface LiveOffersOf {
  readonly tenantId: string;
  readonly runnerId: string;
  /** Only those on errands of this customer. Default: all. */
  readonly customerId?: string;
}

/** Holds the errands they are on, in one order, until the transaction ends. */
export async function lockErrandsBidOn(tx: Tx, { tenantId, runnerId, customerId }: LiveOffersOf): Promise<void> {
  const ofCustomer = customerId === undefined ? Prisma.empty : Prisma.sql`AND e.customer_id = ${customerId}::uuid`;
  await tx.$queryRaw`
    SELECT e.id FROM errand e WHERE e.tenant_id = ${tenantId}::uuid ${ofCustomer} AND e.id IN (
      SELECT o.errand_id FROM offer o
      WHERE o.runner_id = ${runnerId}::uuid AND o.state::text = ANY(${[...liveOfferStates]}::text[]))
    ORDER BY e.id FOR UPDATE OF e`;
}

/** Ends them; the errands are locked. @returns how many */
export async function endLiveOffers(
  tx: Tx,
  { tenantId, runnerId, customerId }: LiveOffersOf,
  to: OfferState,
  now: Date,
): Promise<number> {
  const which = { tenantId, runnerId, ...(customerId !== undefined && { errand: { customerId } }) };
  return moveOffers(tx, which, liveOfferStates, to, now);
}

/** Withdraws those of a runner's that need more verification than the runner has by now; the errands are locked. @returns how many */
export async function endOffersAboveTier(
  tx: Tx,
  { tenantId, runnerId }: LiveOffersOf,
  kycTier: number,
  now: Date,
): Promise<number> {
  const rules = await offerRulesOf(tx, tenantId);
  const where = { tenantId, runnerId, state: { in: [...liveOfferStates] } };
  const live = await tx.offer.findMany({ where, include: { errand: true } });
  const above = live.filter(({ errand, amount }) => tierFor(errand, rules, amount) > kycTier);
  return moveOffers(tx, { id: { in: above.map(({ id }) => id) } }, liveOfferStates, 'WITHDRAWN', now);
}
