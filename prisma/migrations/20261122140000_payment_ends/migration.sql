-- What ends payouts and charges that would wait for ever.

-- AlterEnum
ALTER TYPE "charge_detour" ADD VALUE 'TAKEN_BACK';

-- AlterTable
ALTER TABLE "payout" ADD COLUMN     "doubted_at" TIMESTAMPTZ(3),
ADD COLUMN     "settle_proposed_by_id" UUID,
ADD COLUMN     "told_amount" BIGINT,
ADD COLUMN     "told_currency" CHAR(3),
ADD COLUMN     "told_fee" BIGINT;

-- What Prisma's schema cannot say --------------------------------------------------------------------------------------
-- Whoever doubts names what was told; who is to confirm a settlement confirms one of what is in doubt.
ALTER TABLE payout ADD CONSTRAINT payout_told CHECK (
  (told_amount IS NULL) = (told_currency IS NULL) AND (told_amount > 0 OR told_amount IS NULL)
  AND (told_fee IS NULL OR (told_fee >= 0 AND told_amount IS NOT NULL)));
ALTER TABLE payout ADD CONSTRAINT payout_doubted CHECK (
  (doubted_at IS NULL OR (state = 'UNKNOWN' AND told_amount IS NOT NULL)) AND (settle_proposed_by_id IS NULL OR doubted_at IS NOT NULL));
CREATE INDEX payout_doubts ON payout (tenant_id, doubted_at) WHERE doubted_at IS NOT NULL;

-- What waits for a person is looked at as well: somebody is told, and in the end it is given back.
ALTER TABLE payout DROP CONSTRAINT payout_looked_at;
UPDATE payout SET next_check_at = updated_at WHERE state = 'REQUESTED';
ALTER TABLE payout ADD CONSTRAINT payout_looked_at CHECK (
  CASE WHEN state IN ('REQUESTED', 'QUEUED', 'SUBMITTING', 'PENDING', 'NEEDS_OTP', 'UNKNOWN') THEN next_check_at IS NOT NULL
       WHEN state = 'PAID' THEN TRUE ELSE next_check_at IS NULL END);

-- What came in lately; the row of a charge that came in does not change any more.
CREATE INDEX charge_lately ON charge (user_id, updated_at) WHERE state = 'SUCCEEDED';
