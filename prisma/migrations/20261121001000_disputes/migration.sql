-- Disputes, their evidence and decisions; and escrows that are retired when a runner gives an errand back.

-- CreateEnum
CREATE TYPE "dispute_state" AS ENUM ('AWAITING_RESPONSE', 'UNDER_REVIEW', 'RESOLVED', 'APPEALED', 'FINAL', 'WITHDRAWN');

-- CreateEnum
CREATE TYPE "evidence_kind" AS ENUM ('PHOTO', 'VIDEO', 'RECEIPT', 'MESSAGE', 'DOCUMENT', 'OTHER');

-- CreateEnum
CREATE TYPE "dispute_outcome" AS ENUM ('RELEASE', 'REFUND', 'SPLIT');

-- DropIndex
DROP INDEX "escrow_tenant_id_errand_id_key";

-- AlterTable
ALTER TABLE "escrow" ADD COLUMN     "retired_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "dispute" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "errand_id" UUID NOT NULL,
    "escrow_id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "runner_id" UUID NOT NULL,
    "opened_by_customer" BOOLEAN NOT NULL,
    "opened_from" "errand_state" NOT NULL,
    "reason" TEXT NOT NULL,
    "currency" CHAR(3) NOT NULL,
    "claim_amount" BIGINT NOT NULL,
    "state" "dispute_state" NOT NULL,
    "response" TEXT,
    "responded_at" TIMESTAMPTZ(3),
    "respond_by" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3),
    "appealed_by_customer" BOOLEAN,
    "appeal_reason" TEXT,
    "appealed_at" TIMESTAMPTZ(3),
    "settled_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "dispute_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "dispute_evidence" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "dispute_id" UUID NOT NULL,
    "by_user_id" UUID NOT NULL,
    "kind" "evidence_kind" NOT NULL,
    "sha256" BYTEA NOT NULL,
    "media_key" TEXT,
    "note" TEXT,
    "revealed_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "dispute_evidence_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "dispute_decision" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "dispute_id" UUID NOT NULL,
    "seq" SMALLINT NOT NULL,
    "outcome" "dispute_outcome" NOT NULL,
    "customer_amount" BIGINT NOT NULL,
    "runner_amount" BIGINT NOT NULL,
    "commission" BIGINT NOT NULL,
    "vat" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "rule" TEXT,
    "proposed_by_id" UUID,
    "proposed_at" TIMESTAMPTZ(3) NOT NULL,
    "approved_by_id" UUID,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "dispute_decision_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "dispute_errand_id_created_at_idx" ON "dispute"("errand_id", "created_at");

-- CreateIndex
CREATE INDEX "dispute_customer_id_created_at_id_idx" ON "dispute"("customer_id", "created_at" DESC, "id");

-- CreateIndex
CREATE INDEX "dispute_runner_id_created_at_id_idx" ON "dispute"("runner_id", "created_at" DESC, "id");

-- CreateIndex
CREATE INDEX "dispute_tenant_id_created_at_id_idx" ON "dispute"("tenant_id", "created_at" DESC, "id");

-- CreateIndex
CREATE UNIQUE INDEX "dispute_tenant_id_id_key" ON "dispute"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "dispute_evidence_dispute_id_created_at_id_idx" ON "dispute_evidence"("dispute_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "dispute_decision_dispute_id_seq_key" ON "dispute_decision"("dispute_id", "seq");

-- CreateIndex
CREATE UNIQUE INDEX IF NOT EXISTS "escrow_tenant_id_id_key" ON "escrow"("tenant_id", "id");

-- AddForeignKey
ALTER TABLE "dispute" ADD CONSTRAINT "dispute_tenant_id_errand_id_fkey" FOREIGN KEY ("tenant_id", "errand_id") REFERENCES "errand"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dispute" ADD CONSTRAINT "dispute_tenant_id_escrow_id_fkey" FOREIGN KEY ("tenant_id", "escrow_id") REFERENCES "escrow"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dispute" ADD CONSTRAINT "dispute_tenant_id_customer_id_fkey" FOREIGN KEY ("tenant_id", "customer_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dispute" ADD CONSTRAINT "dispute_tenant_id_runner_id_fkey" FOREIGN KEY ("tenant_id", "runner_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dispute_evidence" ADD CONSTRAINT "dispute_evidence_tenant_id_dispute_id_fkey" FOREIGN KEY ("tenant_id", "dispute_id") REFERENCES "dispute"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dispute_evidence" ADD CONSTRAINT "dispute_evidence_tenant_id_by_user_id_fkey" FOREIGN KEY ("tenant_id", "by_user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dispute_decision" ADD CONSTRAINT "dispute_decision_tenant_id_dispute_id_fkey" FOREIGN KEY ("tenant_id", "dispute_id") REFERENCES "dispute"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema cannot say --------------------------------------------------------------------------------------
-- An errand has one escrow that is not retired.
CREATE UNIQUE INDEX escrow_one_current ON escrow (tenant_id, errand_id) WHERE retired_at IS NULL;
ALTER TABLE escrow ADD CONSTRAINT escrow_retired_empty CHECK (retired_at IS NULL OR (released + refunded = funded AND frozen_by_dispute IS NULL));

-- Nothing flows out of a frozen escrow but by the update that lifts the freeze.
CREATE FUNCTION escrow_stays_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'escrow % is frozen by dispute %', OLD.id, OLD.frozen_by_dispute USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER escrow_frozen BEFORE UPDATE ON escrow FOR EACH ROW
  WHEN (OLD.frozen_by_dispute IS NOT NULL AND NEW.frozen_by_dispute IS NOT NULL
        AND (NEW.released, NEW.refunded) IS DISTINCT FROM (OLD.released, OLD.refunded))
  EXECUTE FUNCTION escrow_stays_frozen();

ALTER TABLE dispute ADD CONSTRAINT dispute_appeal CHECK ((appealed_by_customer IS NULL) = (appealed_at IS NULL));
ALTER TABLE dispute ADD CONSTRAINT dispute_opened_from CHECK (opened_from IN ('IN_PROGRESS', 'DELIVERED'));
ALTER TABLE dispute ADD CONSTRAINT dispute_claim CHECK (claim_amount > 0);
ALTER TABLE dispute ADD CONSTRAINT dispute_due CHECK ((due_at IS NULL) = (state IN ('FINAL', 'WITHDRAWN')));
ALTER TABLE dispute ADD CONSTRAINT dispute_settled CHECK ((settled_at IS NOT NULL) = (state = 'FINAL'));
ALTER TABLE dispute ADD CONSTRAINT dispute_version CHECK (version >= 1);
CREATE UNIQUE INDEX dispute_one_open ON dispute (tenant_id, errand_id) WHERE due_at IS NOT NULL;
CREATE INDEX dispute_due_at ON dispute (due_at, errand_id) WHERE due_at IS NOT NULL;

ALTER TABLE dispute_evidence ADD CONSTRAINT dispute_evidence_sha256 CHECK (octet_length(sha256) = 32);

ALTER TABLE dispute_decision ADD CONSTRAINT dispute_decision_amounts CHECK (
  customer_amount >= 0 AND runner_amount >= 0 AND commission >= 0 AND vat >= 0 AND customer_amount + runner_amount + commission + vat > 0);
ALTER TABLE dispute_decision ADD CONSTRAINT dispute_decision_outcome CHECK (
  CASE outcome WHEN 'RELEASE' THEN customer_amount = 0 WHEN 'REFUND' THEN runner_amount + commission + vat = 0
  ELSE customer_amount > 0 AND runner_amount + commission + vat > 0 END);
-- Somebody decided or a rule did; and the second pair of eyes is another's.
ALTER TABLE dispute_decision ADD CONSTRAINT dispute_decision_author CHECK ((proposed_by_id IS NULL) = (rule IS NOT NULL));
ALTER TABLE dispute_decision ADD CONSTRAINT dispute_decision_four_eyes CHECK (
  approved_by_id IS NULL OR (decided_at IS NOT NULL AND approved_by_id IS DISTINCT FROM proposed_by_id AND proposed_by_id IS NOT NULL));

SELECT watch_rows('dispute', 'Dispute', 'id', '{id,tenant_id,errand_id,state}');
