-- Where a transaction puts the jobs it makes necessary. Workers hand them to the queue (schema graphile_worker) when their time is
-- near: its own functions notify those who listen, and transactions that notify are committed one after another.

-- CreateTable
CREATE TABLE "job_ahead" (
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "run_at" TIMESTAMPTZ(3) NOT NULL,
    "attempts_max" SMALLINT NOT NULL,

    CONSTRAINT "job_ahead_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "job_ahead_run_at_idx" ON "job_ahead"("run_at");

ALTER TABLE "job_ahead" ADD CONSTRAINT job_ahead_attempts CHECK ("attempts_max" >= 1);

-- Written and deleted all the time: vacuum by count, not by share of the table.
ALTER TABLE "job_ahead" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
