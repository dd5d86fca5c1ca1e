-- Milestones, top-ups, tips, receipts and handover codes.

-- CreateEnum
CREATE TYPE "milestone_state" AS ENUM ('AGREED', 'RELEASED');

-- CreateEnum
CREATE TYPE "handover_phase" AS ENUM ('PICKUP', 'DROPOFF');

-- AlterTable
ALTER TABLE "errand" ADD COLUMN     "goods_in_advance" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "requires_dropoff_code" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "requires_pickup_code" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "escrow" ADD COLUMN     "commission_released" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "goods" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "goods_advanced" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "goods_receipted" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "service_released" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "tips" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "vat_released" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "proof" ADD COLUMN     "amount" BIGINT;

-- CreateTable
CREATE TABLE "milestone" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "escrow_id" UUID NOT NULL,
    "seq" SMALLINT NOT NULL,
    "title" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "state" "milestone_state" NOT NULL,
    "commission" BIGINT,
    "vat" BIGINT,
    "released_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "milestone_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "handover_code" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "errand_id" UUID NOT NULL,
    "phase" "handover_phase" NOT NULL,
    "salt" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,
    "attempts" SMALLINT NOT NULL DEFAULT 0,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "handover_code_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "milestone_escrow_id_seq_key" ON "milestone"("escrow_id", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "handover_code_errand_id_phase_key" ON "handover_code"("errand_id", "phase");

-- AddForeignKey
ALTER TABLE "milestone" ADD CONSTRAINT "milestone_tenant_id_escrow_id_fkey" FOREIGN KEY ("tenant_id", "escrow_id") REFERENCES "escrow"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "handover_code" ADD CONSTRAINT "handover_code_tenant_id_errand_id_fkey" FOREIGN KEY ("tenant_id", "errand_id") REFERENCES "errand"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema cannot say --------------------------------------------------------------------------------------
-- The goods part of the escrows there are: what their accounts were credited with, or, before any money came, the budget.
UPDATE escrow e SET goods = CASE
  WHEN e.funded_at IS NULL THEN least(t.goods_budget, e.gross - 1)
  ELSE coalesce((SELECT a.credits FROM ledger_account a
                 WHERE a.tenant_id = e.tenant_id AND a.currency = e.currency AND a.code = 'escrow:' || e.id || ':goods'), 0) END
  FROM errand t WHERE t.id = e.errand_id;

ALTER TABLE escrow ADD CONSTRAINT escrow_parts CHECK (
  goods >= 0 AND goods < gross AND service_released >= 0 AND service_released <= gross - goods
  AND commission_released >= 0 AND vat_released >= 0 AND commission_released + vat_released <= service_released
  AND goods_advanced >= 0 AND goods_advanced <= goods_receipted AND goods_receipted <= goods AND tips >= 0);
-- Before it is settled, an escrow has let out what its milestones and receipts say, and nothing else.
ALTER TABLE escrow ADD CONSTRAINT escrow_released_in_part CHECK (
  (state IN ('AWAITING_FUNDS', 'FUNDED', 'PARTIALLY_RELEASED')) <= (released = service_released + goods_advanced AND refunded = 0));
ALTER TABLE escrow ADD CONSTRAINT escrow_in_part CHECK (
  CASE state WHEN 'PARTIALLY_RELEASED' THEN released > 0 WHEN 'FUNDED' THEN released = 0 ELSE TRUE END);

ALTER TABLE proof ADD CONSTRAINT proof_amount CHECK (amount IS NULL OR (kind = 'RECEIPT' AND amount > 0));
-- One piece of paper is paid for once.
CREATE UNIQUE INDEX proof_one_receipt ON proof (errand_id, sha256) WHERE amount IS NOT NULL;

ALTER TABLE milestone ADD CONSTRAINT milestone_amount CHECK (seq >= 1 AND amount > 0);
ALTER TABLE milestone ADD CONSTRAINT milestone_released CHECK (
  (state = 'RELEASED') = (released_at IS NOT NULL) AND (state = 'RELEASED') = (commission IS NOT NULL) AND (state = 'RELEASED') = (vat IS NOT NULL)
  AND coalesce(commission >= 0 AND vat >= 0 AND commission + vat <= amount, TRUE));
-- What was released stays as it is.
CREATE TRIGGER milestone_released_stays BEFORE UPDATE OR DELETE ON milestone FOR EACH ROW
  WHEN (OLD.state = 'RELEASED') EXECUTE FUNCTION append_only();

ALTER TABLE handover_code ADD CONSTRAINT handover_code_attempts CHECK (attempts BETWEEN 0 AND 5);
ALTER TABLE handover_code ADD CONSTRAINT handover_code_hash CHECK (octet_length(hash) = 32 AND octet_length(salt) = 16);
