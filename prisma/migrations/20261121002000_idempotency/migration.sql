-- CreateTable
CREATE TABLE "idempotency_record" (
    "tenant_id" UUID NOT NULL,
    "actor_id" UUID NOT NULL,
    "operation" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" BYTEA NOT NULL,
    "answer" JSONB,
    "changes" JSONB NOT NULL DEFAULT '[]',
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_record_pkey" PRIMARY KEY ("actor_id","operation","key")
);

-- CreateIndex
CREATE INDEX "idempotency_record_expires_at_idx" ON "idempotency_record"("expires_at");

-- AddForeignKey
ALTER TABLE "idempotency_record" ADD CONSTRAINT "idempotency_record_tenant_id_actor_id_fkey" FOREIGN KEY ("tenant_id", "actor_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE idempotency_record ADD CONSTRAINT idempotency_record_key CHECK (length(key) BETWEEN 1 AND 255);
ALTER TABLE idempotency_record ADD CONSTRAINT idempotency_record_hash CHECK (octet_length(request_hash) = 32);
ALTER TABLE idempotency_record ADD CONSTRAINT idempotency_record_lives CHECK (expires_at > created_at);

-- Deleted a day after they are written: vacuum by count, not by share of the table.
ALTER TABLE idempotency_record SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
