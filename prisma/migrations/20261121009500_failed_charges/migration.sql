-- A payer may try again what had failed, and nobody may tell: a failed charge is asked about for a while as well.
ALTER TABLE "charge" DROP CONSTRAINT charge_waiting;
ALTER TABLE "charge" ADD CONSTRAINT charge_waiting CHECK (
  CASE "state" WHEN 'PENDING' THEN "next_check_at" IS NOT NULL WHEN 'SUCCEEDED' THEN "next_check_at" IS NULL ELSE TRUE END);
DROP INDEX charge_due;
CREATE INDEX charge_due ON "charge" ("next_check_at", "id") WHERE "state" <> 'SUCCEEDED';
-- Those that failed before are asked about once; how long it goes on is counted from when they were asked for.
UPDATE "charge" SET "next_check_at" = "updated_at" WHERE "state" = 'FAILED';
