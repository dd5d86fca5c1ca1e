-- Who may bid: homes, blocks, and what a market asks of its runners. Nothing is asked where nobody says so.

-- AlterTable
ALTER TABLE "user_profile" ADD COLUMN     "home_lat" DOUBLE PRECISION,
ADD COLUMN     "home_lng" DOUBLE PRECISION;

-- CreateTable
CREATE TABLE "user_block" (
    "tenant_id" UUID NOT NULL,
    "blocker_id" UUID NOT NULL,
    "blocked_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "user_block_pkey" PRIMARY KEY ("blocker_id","blocked_id")
);

-- CreateTable
CREATE TABLE "offer_rules" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "tier_needed" SMALLINT NOT NULL,
    "higher_tier_needed" SMALLINT,
    "higher_tier_above" BIGINT,
    "within_km" SMALLINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "offer_rules_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "user_block_blocked_id_idx" ON "user_block"("blocked_id");

-- CreateIndex
CREATE UNIQUE INDEX "offer_rules_tenant_id_version_key" ON "offer_rules"("tenant_id", "version");

-- AddForeignKey
ALTER TABLE "user_block" ADD CONSTRAINT "user_block_tenant_id_blocker_id_fkey" FOREIGN KEY ("tenant_id", "blocker_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_block" ADD CONSTRAINT "user_block_tenant_id_blocked_id_fkey" FOREIGN KEY ("tenant_id", "blocked_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "offer_rules" ADD CONSTRAINT "offer_rules_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema cannot say --------------------------------------------------------------------------------------
ALTER TABLE user_profile ADD CONSTRAINT user_profile_home CHECK (
  (home_lat IS NULL) = (home_lng IS NULL) AND home_lat BETWEEN -90 AND 90 AND home_lng BETWEEN -180 AND 180);
ALTER TABLE offer_rules ADD CONSTRAINT offer_rules_tiers CHECK (
  tier_needed BETWEEN 0 AND 3 AND (higher_tier_needed IS NULL) = (higher_tier_above IS NULL)
  AND higher_tier_needed BETWEEN tier_needed AND 3 AND higher_tier_above >= 0);
ALTER TABLE offer_rules ADD CONSTRAINT offer_rules_within CHECK (within_km BETWEEN 1 AND 1000);
ALTER TABLE offer_rules ADD CONSTRAINT offer_rules_version CHECK (version >= 1);
-- Tiers that were written by hand before may be anything.
ALTER TABLE app_user ADD CONSTRAINT app_user_kyc_tier CHECK (kyc_tier BETWEEN 0 AND 3) NOT VALID;
-- A version of the rules stays as it was: what a runner was asked for can be looked up.
CREATE TRIGGER offer_rules_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON offer_rules FOR EACH STATEMENT EXECUTE FUNCTION append_only();
