-- Where users are paid out to, payouts and their transitions, and what a payout costs.

-- CreateEnum
CREATE TYPE "payout_account_status" AS ENUM ('ACTIVE', 'REMOVED');

-- CreateEnum
CREATE TYPE "payout_state" AS ENUM ('REQUESTED', 'QUEUED', 'SUBMITTING', 'PENDING', 'NEEDS_OTP', 'UNKNOWN', 'PAID', 'FAILED', 'REJECTED', 'REVERSED');

-- AlterTable
ALTER TABLE "fee_plan" ADD COLUMN     "payout_fee" BIGINT NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "payout_account" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "bank_id" UUID NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "number_sealed" BYTEA NOT NULL,
    "key_id" TEXT NOT NULL,
    "number_hash" BYTEA NOT NULL,
    "last4" TEXT NOT NULL,
    "account_name" TEXT NOT NULL,
    "name_match_score" SMALLINT NOT NULL,
    "resolved_at" TIMESTAMPTZ(3) NOT NULL,
    "status" "payout_account_status" NOT NULL,
    "cool_off_until" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "payout_account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payout" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "payout_account_id" UUID NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "amount" BIGINT NOT NULL,
    "fee" BIGINT NOT NULL,
    "state" "payout_state" NOT NULL,
    "provider" TEXT,
    "client_ref" TEXT NOT NULL,
    "provider_ref" TEXT,
    "provider_fee" BIGINT,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "approved_by_id" UUID,
    "submitted_at" TIMESTAMPTZ(3),
    "settled_at" TIMESTAMPTZ(3),
    "next_check_at" TIMESTAMPTZ(3),
    "checks" INTEGER NOT NULL DEFAULT 0,
    "claimed_until" TIMESTAMPTZ(3),
    "claim" INTEGER NOT NULL DEFAULT 0,
    "notices" INTEGER NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "payout_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payout_event" (
    "payout_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "tenant_id" UUID NOT NULL,
    "transition" TEXT NOT NULL,
    "from_state" "payout_state",
    "to_state" "payout_state" NOT NULL,
    "actor_id" UUID,
    "actor_role" TEXT NOT NULL,
    "reason" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "payout_event_pkey" PRIMARY KEY ("payout_id","seq")
);

-- CreateIndex
CREATE INDEX "payout_account_user_id_created_at_idx" ON "payout_account"("user_id", "created_at");

-- CreateIndex
CREATE INDEX "payout_account_tenant_id_number_hash_idx" ON "payout_account"("tenant_id", "number_hash");

-- CreateIndex
CREATE UNIQUE INDEX "payout_account_tenant_id_id_key" ON "payout_account"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "payout_client_ref_key" ON "payout"("client_ref");

-- CreateIndex
CREATE INDEX "payout_user_id_created_at_id_idx" ON "payout"("user_id", "created_at" DESC, "id");

-- CreateIndex
CREATE INDEX "payout_tenant_id_created_at_id_idx" ON "payout"("tenant_id", "created_at" DESC, "id");

-- CreateIndex
CREATE INDEX "payout_tenant_id_state_created_at_id_idx" ON "payout"("tenant_id", "state", "created_at" DESC, "id");

-- CreateIndex
CREATE UNIQUE INDEX "payout_tenant_id_id_key" ON "payout"("tenant_id", "id");

-- AddForeignKey
ALTER TABLE "payout_account" ADD CONSTRAINT "payout_account_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payout_account" ADD CONSTRAINT "payout_account_bank_id_fkey" FOREIGN KEY ("bank_id") REFERENCES "bank"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payout" ADD CONSTRAINT "payout_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payout" ADD CONSTRAINT "payout_tenant_id_payout_account_id_fkey" FOREIGN KEY ("tenant_id", "payout_account_id") REFERENCES "payout_account"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payout_event" ADD CONSTRAINT "payout_event_tenant_id_payout_id_fkey" FOREIGN KEY ("tenant_id", "payout_id") REFERENCES "payout"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema cannot say --------------------------------------------------------------------------------------
ALTER TABLE fee_plan ADD CONSTRAINT fee_plan_payout_fee CHECK (payout_fee >= 0);

ALTER TABLE payout_account ADD CONSTRAINT payout_account_last4 CHECK (length(last4) BETWEEN 1 AND 4);
ALTER TABLE payout_account ADD CONSTRAINT payout_account_hash CHECK (octet_length(number_hash) = 32);
-- A nonce of 12 bytes, at least one encrypted digit, a tag of 16.
ALTER TABLE payout_account ADD CONSTRAINT payout_account_sealed CHECK (octet_length(number_sealed) > 28);
ALTER TABLE payout_account ADD CONSTRAINT payout_account_match CHECK (name_match_score BETWEEN 0 AND 100);
ALTER TABLE payout_account ADD CONSTRAINT payout_account_version CHECK (version >= 1);
CREATE UNIQUE INDEX payout_account_once ON payout_account (tenant_id, user_id, number_hash) WHERE status = 'ACTIVE';

ALTER TABLE payout ADD CONSTRAINT payout_amounts CHECK (amount > 0 AND fee >= 0 AND (provider_fee IS NULL OR provider_fee >= 0));
ALTER TABLE payout ADD CONSTRAINT payout_counts CHECK (attempt >= 0 AND checks >= 0 AND claim >= 0 AND notices >= 0 AND version >= 1);
-- The provider and the time are written down before the provider hears of it.
ALTER TABLE payout ADD CONSTRAINT payout_submitted CHECK (
  state IN ('REQUESTED', 'QUEUED', 'REJECTED', 'FAILED') OR (provider IS NOT NULL AND submitted_at IS NOT NULL AND attempt > 0));
ALTER TABLE payout ADD CONSTRAINT payout_settled CHECK ((settled_at IS NOT NULL) = (state IN ('PAID', 'FAILED', 'REJECTED', 'REVERSED')));
-- What is under way is looked at again; what is over, or waits for a person, is not.
ALTER TABLE payout ADD CONSTRAINT payout_looked_at CHECK (
  CASE WHEN state IN ('QUEUED', 'SUBMITTING', 'PENDING', 'NEEDS_OTP', 'UNKNOWN') THEN next_check_at IS NOT NULL
       WHEN state = 'PAID' THEN TRUE ELSE next_check_at IS NULL END);
CREATE INDEX payout_due ON payout (next_check_at, id) WHERE next_check_at IS NOT NULL;

-- Paid and given back is never one payout, whoever writes: what is over stays over, and what was paid can only be reversed.
CREATE FUNCTION payout_stays_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'payout % is % and does not become %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER payout_settled BEFORE UPDATE ON payout FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state AND (OLD.state IN ('FAILED', 'REJECTED', 'REVERSED') OR (OLD.state = 'PAID' AND NEW.state <> 'REVERSED')))
  EXECUTE FUNCTION payout_stays_settled();

CREATE TRIGGER payout_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_event FOR EACH STATEMENT EXECUTE FUNCTION append_only();
