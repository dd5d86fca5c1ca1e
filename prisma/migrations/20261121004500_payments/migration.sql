-- Charges that end later than the call that began them, and what providers tell by webhook.

CREATE TYPE "charge_purpose" AS ENUM ('WALLET', 'ERRAND');
CREATE TYPE "charge_landing" AS ENUM ('WALLET', 'ERRAND', 'SUSPENSE');
CREATE TYPE "charge_detour" AS ENUM ('OTHER_AMOUNT', 'OTHER_CURRENCY', 'ERRAND_MOVED_ON');
CREATE TYPE "webhook_state" AS ENUM ('RECEIVED', 'DONE', 'FAILED');

ALTER TABLE "charge" ADD COLUMN "asked_at" TIMESTAMPTZ(3),
ADD COLUMN "asks" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN "changes" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN "checkout_url" TEXT,
ADD COLUMN "checks" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "detour" "charge_detour",
ADD COLUMN "errand_id" UUID,
ADD COLUMN "failure" TEXT,
ADD COLUMN "fee" BIGINT,
ADD COLUMN "landed" "charge_landing",
ADD COLUMN "last_error" TEXT,
ADD COLUMN "next_check_at" TIMESTAMPTZ(3),
ADD COLUMN "offer_id" UUID,
ADD COLUMN "purpose" "charge_purpose" NOT NULL DEFAULT 'WALLET',
ADD COLUMN "received" BIGINT,
ADD COLUMN "received_currency" CHAR(3);

-- Every charge there is filled a wallet with what was asked for, or has not ended yet. References that providers take for one
-- of theirs are narrower than those of before, so what has not come in is asked for by its id from now on.
UPDATE "charge" SET "asked_at" = "created_at";
UPDATE "charge" SET "landed" = 'WALLET', "received" = "amount", "received_currency" = "currency", "fee" = 0 WHERE "state" = 'SUCCEEDED';
UPDATE "charge" SET "next_check_at" = "updated_at" WHERE "state" = 'PENDING';
UPDATE "charge" SET "failure" = 'The payment was declined.' WHERE "state" = 'FAILED';
UPDATE "charge" SET "provider_ref" = "id"::text WHERE "state" <> 'SUCCEEDED';
ALTER TABLE "charge" ALTER COLUMN "asked_at" SET NOT NULL;

ALTER TABLE "charge" ADD CONSTRAINT charge_purpose CHECK (("purpose" = 'ERRAND') = ("errand_id" IS NOT NULL) AND ("errand_id" IS NULL) = ("offer_id" IS NULL));
ALTER TABLE "charge" ADD CONSTRAINT charge_waiting CHECK (("state" = 'PENDING') = ("next_check_at" IS NOT NULL));
ALTER TABLE "charge" ADD CONSTRAINT charge_failure CHECK (("state" = 'FAILED') = ("failure" IS NOT NULL));
ALTER TABLE "charge" ADD CONSTRAINT charge_landed CHECK (
  ("state" = 'SUCCEEDED') = ("landed" IS NOT NULL) AND ("landed" IS NULL) = ("received" IS NULL)
  AND ("landed" IS NULL) = ("received_currency" IS NULL) AND ("landed" IS NULL) = ("fee" IS NULL));
-- Only the exact money lands where it was meant to go, and only where it was meant to go without a word why not.
ALTER TABLE "charge" ADD CONSTRAINT charge_exact CHECK (
  "landed" IS NULL OR ("landed"::text = "purpose"::text AND "detour" IS NULL AND "received" = "amount" AND "received_currency" = "currency")
  OR ("detour" IS NOT NULL AND "landed" <> 'ERRAND'));
ALTER TABLE "charge" ADD CONSTRAINT charge_suspense CHECK ("landed" IS NULL OR ("landed" = 'SUSPENSE') = ("received_currency" <> "currency"));
ALTER TABLE "charge" ADD CONSTRAINT charge_received CHECK ("received" > 0 AND "fee" >= 0);
ALTER TABLE "charge" ADD CONSTRAINT charge_counts CHECK ("asks" >= 1 AND "checks" >= 0);
CREATE INDEX "charge_errand_id_idx" ON "charge"("errand_id");
CREATE INDEX charge_due ON "charge" ("next_check_at", "id") WHERE "state" = 'PENDING';
CREATE INDEX charge_in_suspense ON "charge" ("tenant_id", "created_at" DESC, "id") WHERE "landed" = 'SUSPENSE';
ALTER TABLE "charge" ADD CONSTRAINT "charge_tenant_id_errand_id_fkey" FOREIGN KEY ("tenant_id", "errand_id") REFERENCES "errand"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Money that came in has come in, and is in the books: its row says so for ever.
CREATE FUNCTION charge_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'charge % has come in and is booked: it does not change any more', OLD.id;
END $$;
CREATE TRIGGER charge_stays BEFORE UPDATE ON "charge" FOR EACH ROW
  WHEN (OLD.state = 'SUCCEEDED' AND OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION charge_stays();

CREATE TABLE "webhook_inbox" (
    "id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "tenant_id" UUID,
    "about" JSONB NOT NULL,
    "headers" JSONB NOT NULL,
    "raw_body" BYTEA NOT NULL,
    "state" "webhook_state" NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "next_at" TIMESTAMPTZ(3),
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_inbox_pkey" PRIMARY KEY ("id")
);
ALTER TABLE "webhook_inbox" ADD CONSTRAINT webhook_inbox_state CHECK (
  ("state" = 'RECEIVED') = ("next_at" IS NOT NULL) AND ("state" = 'DONE') = ("done_at" IS NOT NULL)
  AND ("state" <> 'FAILED' OR "error" IS NOT NULL) AND "attempts" >= 0);
CREATE UNIQUE INDEX "webhook_inbox_provider_event_id_key" ON "webhook_inbox"("provider", "event_id");
CREATE INDEX webhook_inbox_due ON "webhook_inbox" ("next_at", "id") WHERE "state" = 'RECEIVED';
CREATE INDEX webhook_inbox_failed ON "webhook_inbox" ("received_at" DESC, "id") WHERE "state" = 'FAILED';
CREATE INDEX webhook_inbox_done ON "webhook_inbox" ("done_at") WHERE "state" = 'DONE';
ALTER TABLE "webhook_inbox" ADD CONSTRAINT "webhook_inbox_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- What was signed is kept as it was signed.
CREATE FUNCTION webhook_inbox_as_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'webhook % stays as it was told', OLD.id;
END $$;
CREATE TRIGGER webhook_inbox_as_told BEFORE UPDATE ON "webhook_inbox" FOR EACH ROW
  WHEN ((OLD.provider, OLD.event_id, OLD.about, OLD.headers, OLD.raw_body, OLD.received_at)
    IS DISTINCT FROM (NEW.provider, NEW.event_id, NEW.about, NEW.headers, NEW.raw_body, NEW.received_at))
  EXECUTE FUNCTION webhook_inbox_as_told();
