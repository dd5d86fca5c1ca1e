-- Closed periods and their seals, and why a journal was booked.

ALTER TABLE "journal" ADD COLUMN "reason" TEXT;
CREATE INDEX "journal_recorded_at_idx" ON "journal"("recorded_at");

ALTER TABLE "process_event" ADD COLUMN "recorded_at" TIMESTAMPTZ(3);
ALTER TABLE "process_event" DISABLE TRIGGER process_event_append_only;
UPDATE "process_event" SET "recorded_at" = "at";
ALTER TABLE "process_event" ENABLE TRIGGER process_event_append_only;
-- Filled by the trigger below, so that those who write events need not know of it.
ALTER TABLE "process_event" ADD CONSTRAINT process_event_recorded CHECK ("recorded_at" IS NOT NULL);
CREATE INDEX "process_event_recorded_at_idx" ON "process_event"("recorded_at");

CREATE TABLE "ledger_close" (
    "id" SMALLINT NOT NULL,
    "announced_through" TIMESTAMPTZ(3) NOT NULL,
    "horizon" BIGINT,
    "closed_through" TIMESTAMPTZ(3) NOT NULL,
    "seals" INTEGER NOT NULL,
    "head" TEXT,

    CONSTRAINT "ledger_close_pkey" PRIMARY KEY ("id")
);
ALTER TABLE "ledger_close" ADD CONSTRAINT ledger_close_order CHECK ("closed_through" <= "announced_through");
ALTER TABLE "ledger_close" ADD CONSTRAINT ledger_close_head CHECK ("seals" >= 0 AND ("seals" = 0) = ("head" IS NULL));
INSERT INTO "ledger_close" VALUES (1, '1970-01-01T00:00:00Z', NULL, '1970-01-01T00:00:00Z', 0, NULL);

CREATE TABLE "ledger_seal" (
    "seq" INTEGER NOT NULL,
    "after" TIMESTAMPTZ(3) NOT NULL,
    "through" TIMESTAMPTZ(3) NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL,
    "journals" INTEGER NOT NULL,
    "events" INTEGER NOT NULL,
    "manifest" TEXT NOT NULL,
    "prev_hash" TEXT,
    "hash" TEXT NOT NULL,

    CONSTRAINT "ledger_seal_pkey" PRIMARY KEY ("seq")
);
CREATE UNIQUE INDEX "ledger_seal_hash_key" ON "ledger_seal"("hash");
ALTER TABLE "ledger_seal" ADD CONSTRAINT ledger_seal_period CHECK ("after" < "through");
ALTER TABLE "ledger_seal" ADD CONSTRAINT ledger_seal_first CHECK ("seq" >= 1 AND ("seq" = 1) = ("prev_hash" IS NULL));
ALTER TABLE "ledger_seal" ADD CONSTRAINT ledger_seal_hashes CHECK ("hash" ~ '^[0-9a-f]{64}$');
CREATE TRIGGER ledger_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_seal FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Nothing is recorded at or before a time that was announced to be closed: what comes late is recorded a millisecond after it.
-- A period is closed when every transaction that could have read an older announcement here has ended. That set is known
-- because each has its transaction id before it reads, and because READ COMMITTED reads the announcement of this very moment.
CREATE FUNCTION record_in_open_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE announced timestamptz;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION '% takes rows in READ COMMITTED only: an older snapshot does not see which periods are closed', TG_TABLE_NAME
      USING ERRCODE = 'invalid_transaction_state';
  END IF;
  PERFORM pg_current_xact_id();
  SELECT announced_through INTO announced FROM ledger_close WHERE id = 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the row of ledger_close is gone: nobody knows which periods are closed' USING ERRCODE = 'data_corrupted';
  END IF;
  IF TG_TABLE_NAME = 'process_event' THEN
    NEW.recorded_at := coalesce(NEW.recorded_at, NEW.at);
  END IF;
  NEW.recorded_at := greatest(NEW.recorded_at, announced + interval '1 millisecond');
  RETURN NEW;
END $$;
CREATE TRIGGER journal_open_period BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION record_in_open_period();
CREATE TRIGGER process_event_open_period BEFORE INSERT ON process_event FOR EACH ROW EXECUTE FUNCTION record_in_open_period();
ALTER TABLE journal ENABLE ALWAYS TRIGGER journal_open_period;
ALTER TABLE process_event ENABLE ALWAYS TRIGGER process_event_open_period;

-- Receivables, of which there are few; their totals are no part of the condition, so that updates of totals stay cheap.
CREATE INDEX ledger_account_receivable ON ledger_account (id) WHERE type = 'ASSET' AND floored;
