-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "user_status" AS ENUM ('ACTIVE', 'SUSPENDED', 'CLOSED');

-- CreateEnum
CREATE TYPE "role" AS ENUM ('CUSTOMER', 'RUNNER', 'SUPPORT', 'ARBITER', 'FINANCE', 'ADMIN');

-- CreateEnum
CREATE TYPE "errand_category" AS ENUM ('DELIVERY', 'SHOPPING', 'PICKUP', 'QUEUEING', 'DOCUMENTS', 'CLEANING', 'REPAIRS', 'OTHER');

-- CreateEnum
CREATE TYPE "errand_state" AS ENUM ('DRAFT', 'OPEN', 'AWAITING_FUNDING', 'ASSIGNED', 'IN_PROGRESS', 'DELIVERED', 'DISPUTED', 'COMPLETED', 'CANCELLED', 'EXPIRED');

-- CreateEnum
CREATE TYPE "offer_state" AS ENUM ('PENDING', 'COUNTERED', 'ACCEPTED', 'REJECTED', 'WITHDRAWN', 'EXPIRED', 'SUPERSEDED');

-- CreateEnum
CREATE TYPE "escrow_state" AS ENUM ('AWAITING_FUNDS', 'FUNDED', 'PARTIALLY_RELEASED', 'RELEASED', 'REFUNDED', 'SPLIT', 'VOID');

-- CreateEnum
CREATE TYPE "proof_kind" AS ENUM ('PHOTO', 'RECEIPT', 'OTP', 'SIGNATURE', 'GEO');

-- CreateEnum
CREATE TYPE "account_type" AS ENUM ('ASSET', 'LIABILITY', 'INCOME', 'EXPENSE', 'EQUITY');

-- CreateEnum
CREATE TYPE "side" AS ENUM ('DEBIT', 'CREDIT');

-- CreateEnum
CREATE TYPE "charge_state" AS ENUM ('PENDING', 'SUCCEEDED', 'FAILED');

-- CreateEnum
CREATE TYPE "bank_type" AS ENUM ('NUBAN', 'GHIPSS', 'KEPSS', 'BASA', 'MOBILE_MONEY', 'MOBILE_MONEY_BUSINESS');

-- CreateTable
CREATE TABLE "tenant" (
    "id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tenant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "app_user" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "phone" TEXT,
    "password_hash" TEXT NOT NULL,
    "status" "user_status" NOT NULL,
    "kyc_tier" SMALLINT NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "app_user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_profile" (
    "user_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "display_name" TEXT NOT NULL,
    "bio" TEXT,
    "avatar_url" TEXT,
    "home_area" TEXT,
    "rating_sum" INTEGER NOT NULL DEFAULT 0,
    "rating_count" INTEGER NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "user_profile_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "role_grant" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "role" "role" NOT NULL,
    "scope" TEXT NOT NULL DEFAULT '*',
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "role_grant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "user_agent" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_reason" TEXT,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "refresh_token" (
    "id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "rotated_from_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "refresh_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "errand" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "runner_id" UUID,
    "accepted_offer_id" UUID,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "category" "errand_category" NOT NULL,
    "area" TEXT NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "budget" BIGINT NOT NULL,
    "goods_budget" BIGINT NOT NULL DEFAULT 0,
    "pickup_address" TEXT,
    "pickup_lat" DOUBLE PRECISION,
    "pickup_lng" DOUBLE PRECISION,
    "dropoff_address" TEXT,
    "dropoff_lat" DOUBLE PRECISION,
    "dropoff_lng" DOUBLE PRECISION,
    "start_by" TIMESTAMPTZ(3),
    "deliver_by" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "fund_by" TIMESTAMPTZ(3),
    "auto_release_at" TIMESTAMPTZ(3),
    "published_at" TIMESTAMPTZ(3),
    "state" "errand_state" NOT NULL,
    "process_version" SMALLINT NOT NULL DEFAULT 1,
    "version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "errand_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "offer" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "errand_id" UUID NOT NULL,
    "runner_id" UUID NOT NULL,
    "amount" BIGINT NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "message" TEXT,
    "state" "offer_state" NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "counter_of" UUID,
    "version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "offer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "fee_plan" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "commission_bps" INTEGER NOT NULL,
    "vat_bps" INTEGER NOT NULL,
    "cancellation_bps" INTEGER NOT NULL,
    "free_cancel_minutes" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "fee_plan_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "escrow" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "errand_id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "runner_id" UUID NOT NULL,
    "fee_plan_id" UUID NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "gross" BIGINT NOT NULL,
    "funded" BIGINT NOT NULL,
    "released" BIGINT NOT NULL,
    "refunded" BIGINT NOT NULL,
    "state" "escrow_state" NOT NULL,
    "frozen_by_dispute" UUID,
    "funded_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "escrow_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "proof" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "errand_id" UUID NOT NULL,
    "by_user_id" UUID NOT NULL,
    "kind" "proof_kind" NOT NULL,
    "sha256" BYTEA NOT NULL,
    "media_key" TEXT,
    "note" TEXT,
    "taken_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "proof_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "process_event" (
    "errand_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "tenant_id" UUID NOT NULL,
    "transition" TEXT NOT NULL,
    "from_state" "errand_state",
    "to_state" "errand_state" NOT NULL,
    "actor_id" UUID,
    "actor_role" TEXT NOT NULL,
    "reason" TEXT,
    "request_id" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "process_event_pkey" PRIMARY KEY ("errand_id","seq")
);

-- CreateTable
CREATE TABLE "ledger_account" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "code" TEXT NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "type" "account_type" NOT NULL,
    "owner_type" TEXT,
    "owner_id" UUID,
    "floored" BOOLEAN NOT NULL,
    "debits" BIGINT NOT NULL DEFAULT 0,
    "credits" BIGINT NOT NULL DEFAULT 0,
    "seq" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ledger_account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "journal" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "business_ref" TEXT NOT NULL,
    "actor_id" UUID,
    "reverses_id" UUID,
    "effective_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "journal_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "journal_line" (
    "journal_id" UUID NOT NULL,
    "seq" SMALLINT NOT NULL,
    "account_id" UUID NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "side" "side" NOT NULL,
    "amount" BIGINT NOT NULL,
    "balance_after" BIGINT,
    "account_seq" INTEGER,

    CONSTRAINT "journal_line_pkey" PRIMARY KEY ("journal_id","seq")
);

-- CreateTable
CREATE TABLE "charge" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "provider_ref" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "state" "charge_state" NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "charge_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bank" (
    "id" UUID NOT NULL,
    "country" CHAR(2) NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "type" "bank_type" NOT NULL,
    "type_assigned" BOOLEAN NOT NULL,
    "slug_derived" BOOLEAN NOT NULL,
    "active" BOOLEAN NOT NULL,
    "sources" TEXT[],
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "valid_to" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bank_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bank_code" (
    "id" UUID NOT NULL,
    "bank_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "scheme" TEXT NOT NULL,
    "country" CHAR(2) NOT NULL,
    "type" "bank_type" NOT NULL,
    "code" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "valid_to" TIMESTAMPTZ(3),

    CONSTRAINT "bank_code_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bank_alias" (
    "bank_id" UUID NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "bank_alias_pkey" PRIMARY KEY ("bank_id","name")
);

-- CreateTable
CREATE TABLE "row_change" (
    "id" BIGSERIAL NOT NULL,
    "xid" BIGINT NOT NULL,
    "model" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "row_change_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "seq" BIGSERIAL NOT NULL,
    "tenant_id" UUID NOT NULL,
    "topic" TEXT NOT NULL,
    "aggregate_id" UUID NOT NULL,
    "payload" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("seq")
);

-- CreateIndex
CREATE UNIQUE INDEX "tenant_slug_key" ON "tenant"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "app_user_tenant_id_id_key" ON "app_user"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "app_user_tenant_id_email_key" ON "app_user"("tenant_id", "email");

-- CreateIndex
CREATE UNIQUE INDEX "app_user_tenant_id_phone_key" ON "app_user"("tenant_id", "phone");

-- CreateIndex
CREATE UNIQUE INDEX "user_profile_tenant_id_user_id_key" ON "user_profile"("tenant_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "role_grant_user_id_role_scope_key" ON "role_grant"("user_id", "role", "scope");

-- CreateIndex
CREATE INDEX "session_user_id_idx" ON "session"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "refresh_token_token_hash_key" ON "refresh_token"("token_hash");

-- CreateIndex
CREATE UNIQUE INDEX "refresh_token_rotated_from_id_key" ON "refresh_token"("rotated_from_id");

-- CreateIndex
CREATE INDEX "refresh_token_session_id_idx" ON "refresh_token"("session_id");

-- CreateIndex
CREATE UNIQUE INDEX "errand_accepted_offer_id_key" ON "errand"("accepted_offer_id");

-- CreateIndex
CREATE INDEX "errand_tenant_id_state_created_at_id_idx" ON "errand"("tenant_id", "state", "created_at" DESC, "id");

-- CreateIndex
CREATE INDEX "errand_tenant_id_area_state_created_at_id_idx" ON "errand"("tenant_id", "area", "state", "created_at" DESC, "id");

-- CreateIndex
CREATE INDEX "errand_customer_id_created_at_id_idx" ON "errand"("customer_id", "created_at" DESC, "id");

-- CreateIndex
CREATE INDEX "errand_runner_id_created_at_id_idx" ON "errand"("runner_id", "created_at" DESC, "id");

-- CreateIndex
CREATE INDEX "errand_tenant_id_budget_id_idx" ON "errand"("tenant_id", "budget", "id");

-- CreateIndex
CREATE UNIQUE INDEX "errand_tenant_id_id_key" ON "errand"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "offer_errand_id_created_at_id_idx" ON "offer"("errand_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "offer_runner_id_created_at_id_idx" ON "offer"("runner_id", "created_at" DESC, "id");

-- CreateIndex
CREATE UNIQUE INDEX "fee_plan_tenant_id_name_version_key" ON "fee_plan"("tenant_id", "name", "version");

-- CreateIndex
CREATE INDEX "escrow_customer_id_created_at_id_idx" ON "escrow"("customer_id", "created_at" DESC, "id");

-- CreateIndex
CREATE INDEX "escrow_runner_id_created_at_id_idx" ON "escrow"("runner_id", "created_at" DESC, "id");

-- CreateIndex
CREATE UNIQUE INDEX "escrow_tenant_id_errand_id_key" ON "escrow"("tenant_id", "errand_id");

-- CreateIndex
CREATE INDEX "proof_errand_id_idx" ON "proof"("errand_id");

-- CreateIndex
CREATE INDEX "ledger_account_owner_id_idx" ON "ledger_account"("owner_id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_account_tenant_id_code_currency_key" ON "ledger_account"("tenant_id", "code", "currency");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_account_id_currency_key" ON "ledger_account"("id", "currency");

-- CreateIndex
CREATE UNIQUE INDEX "journal_seq_key" ON "journal"("seq");

-- CreateIndex
CREATE UNIQUE INDEX "journal_reverses_id_key" ON "journal"("reverses_id");

-- CreateIndex
CREATE INDEX "journal_tenant_id_business_ref_idx" ON "journal"("tenant_id", "business_ref");

-- CreateIndex
CREATE UNIQUE INDEX "journal_line_account_id_account_seq_key" ON "journal_line"("account_id", "account_seq");

-- CreateIndex
CREATE INDEX "charge_user_id_created_at_id_idx" ON "charge"("user_id", "created_at" DESC, "id");

-- CreateIndex
CREATE UNIQUE INDEX "charge_provider_provider_ref_key" ON "charge"("provider", "provider_ref");

-- CreateIndex
CREATE INDEX "bank_country_type_name_idx" ON "bank"("country", "type", "name");

-- CreateIndex
CREATE INDEX "bank_code_bank_id_idx" ON "bank_code"("bank_id");

-- CreateIndex
CREATE INDEX "row_change_xid_idx" ON "row_change"("xid");

-- CreateIndex
CREATE INDEX "outbox_topic_seq_idx" ON "outbox"("topic", "seq");

-- AddForeignKey
ALTER TABLE "app_user" ADD CONSTRAINT "app_user_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_profile" ADD CONSTRAINT "user_profile_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "role_grant" ADD CONSTRAINT "role_grant_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refresh_token" ADD CONSTRAINT "refresh_token_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "session"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "errand" ADD CONSTRAINT "errand_tenant_id_customer_id_fkey" FOREIGN KEY ("tenant_id", "customer_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "errand" ADD CONSTRAINT "errand_tenant_id_runner_id_fkey" FOREIGN KEY ("tenant_id", "runner_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "offer" ADD CONSTRAINT "offer_tenant_id_errand_id_fkey" FOREIGN KEY ("tenant_id", "errand_id") REFERENCES "errand"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "offer" ADD CONSTRAINT "offer_tenant_id_runner_id_fkey" FOREIGN KEY ("tenant_id", "runner_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "fee_plan" ADD CONSTRAINT "fee_plan_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "escrow" ADD CONSTRAINT "escrow_tenant_id_errand_id_fkey" FOREIGN KEY ("tenant_id", "errand_id") REFERENCES "errand"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "escrow" ADD CONSTRAINT "escrow_tenant_id_customer_id_fkey" FOREIGN KEY ("tenant_id", "customer_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "escrow" ADD CONSTRAINT "escrow_tenant_id_runner_id_fkey" FOREIGN KEY ("tenant_id", "runner_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "escrow" ADD CONSTRAINT "escrow_fee_plan_id_fkey" FOREIGN KEY ("fee_plan_id") REFERENCES "fee_plan"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "proof" ADD CONSTRAINT "proof_tenant_id_errand_id_fkey" FOREIGN KEY ("tenant_id", "errand_id") REFERENCES "errand"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "proof" ADD CONSTRAINT "proof_tenant_id_by_user_id_fkey" FOREIGN KEY ("tenant_id", "by_user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "process_event" ADD CONSTRAINT "process_event_tenant_id_errand_id_fkey" FOREIGN KEY ("tenant_id", "errand_id") REFERENCES "errand"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "journal_line" ADD CONSTRAINT "journal_line_journal_id_fkey" FOREIGN KEY ("journal_id") REFERENCES "journal"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "journal_line" ADD CONSTRAINT "journal_line_account_id_currency_fkey" FOREIGN KEY ("account_id", "currency") REFERENCES "ledger_account"("id", "currency") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "charge" ADD CONSTRAINT "charge_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bank_code" ADD CONSTRAINT "bank_code_bank_id_fkey" FOREIGN KEY ("bank_id") REFERENCES "bank"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bank_alias" ADD CONSTRAINT "bank_alias_bank_id_fkey" FOREIGN KEY ("bank_id") REFERENCES "bank"("id") ON DELETE CASCADE ON UPDATE CASCADE;
