import { Prisma, type Reader, type Tx } from '../../db/index.js';
import { noOfferRules, type BidderFacts, type OfferRules } from './bidder.js';
import type { Errand } from './errand.js';

type SqlReader = Pick<Reader, '$queryRaw'>;

/**
 * Holds the account of who bids until the transaction ends, so that nobody suspends it or blocks them meanwhile: whoever does
 * finds the offer, or the bidder finds what was done.
 */
export async function lockBidder(tx: Tx, errand: Errand, userId: string): Promise<BidderFacts> {
  // In a statement of its own: what is read after waiting for the lock is as it stands then.
  await tx.$queryRaw`SELECT 1 FROM app_user WHERE id = ${userId}::uuid FOR SHARE`;
  const found = await bidderFor(tx, { tenantId: errand.tenantId, userId }, [errand]);
  return found(errand);
}

/** How somebody stands with the customers of these errands, in one statement. */
export async function bidderFor(
  reader: SqlReader,
  { tenantId, userId }: { readonly tenantId: string; readonly userId: string },
  errands: readonly Errand[],
): Promise<(errand: Errand) => BidderFacts> {
  const customers = [...new Set(errands.map(({ customerId }) => customerId))];
  const rows = await reader.$queryRaw<BidderRow[]>`
    SELECT c.id AS "customerId", c.status = 'ACTIVE' AS "isCustomerActive",
      coalesce(u.status = 'ACTIVE', false) AS "isActive", coalesce(u.kyc_tier, 0) AS "kycTier",
      p.home_lat AS lat, p.home_lng AS lng, ${newestRules},
      EXISTS (SELECT 1 FROM user_block b WHERE b.tenant_id = c.tenant_id AND
        (b.blocker_id, b.blocked_id) IN ((c.id, ${userId}::uuid), (${userId}::uuid, c.id))) AS "isBlocked"
    FROM app_user c LEFT JOIN app_user u ON u.tenant_id = c.tenant_id AND u.id = ${userId}::uuid
      LEFT JOIN user_profile p ON p.user_id = u.id ${joinedRules(Prisma.sql`c.tenant_id`)}
    WHERE c.tenant_id = ${tenantId}::uuid AND c.id = ANY(${customers}::uuid[])`;
  const facts = new Map(rows.map((row) => [row.customerId, factsOf(row)]));
  return ({ customerId }) => facts.get(customerId)!;
}

/** What the market asks for now. */
export async function offerRulesOf(reader: SqlReader, tenantId: string): Promise<OfferRules> {
  const [row] = await reader.$queryRaw<RulesRow[]>`
    SELECT ${newestRules} FROM tenant t ${joinedRules(Prisma.sql`t.id`)} WHERE t.id = ${tenantId}::uuid`;
  return row ? rulesOf(row) : noOfferRules;
}

interface RulesRow extends Omit<OfferRules, 'version' | 'tierNeeded'> {
  /** Null where nothing was ever asked for. */
  readonly version: number | null;
  readonly tierNeeded: number | null;
}

interface BidderRow extends RulesRow, Omit<BidderFacts, 'home' | 'rules'> {
  readonly customerId: string;
  readonly lat: number | null;
  readonly lng: number | null;
}

const newestRules = Prisma.sql`r.version, r.tier_needed AS "tierNeeded", r.higher_tier_needed AS "higherTierNeeded",
  r.higher_tier_above AS "higherTierAbove", r.within_km AS "withinKm"`;

function joinedRules(tenantId: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`LEFT JOIN LATERAL (
    SELECT * FROM offer_rules o WHERE o.tenant_id = ${tenantId} ORDER BY o.version DESC LIMIT 1) r ON true`;
}

function factsOf({ isActive, isCustomerActive, isBlocked, kycTier, lat, lng, ...rules }: BidderRow): BidderFacts {
  const home = lat === null || lng === null ? null : { lat, lng };
  return { isActive, isCustomerActive, isBlocked, kycTier, home, rules: rulesOf(rules) };
}

function rulesOf({ version, tierNeeded, higherTierNeeded, higherTierAbove, withinKm }: RulesRow): OfferRules {
  if (version === null || tierNeeded === null) return noOfferRules;
  return { version, tierNeeded, higherTierNeeded, higherTierAbove, withinKm };
}
