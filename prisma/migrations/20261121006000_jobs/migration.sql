-- Sessions that have expired are found by their time, to be deleted. The queue of jobs itself (schema graphile_worker) is
-- made by its package's own migrations, behind these.
CREATE INDEX "session_expires_at_idx" ON "session"("expires_at");
