-- The readers of the outbox: webhooks, notifications, and what subscriptions follow it by.

-- CreateEnum
CREATE TYPE "webhook_endpoint_state" AS ENUM ('ACTIVE', 'PAUSED');

-- CreateEnum
CREATE TYPE "webhook_delivery_state" AS ENUM ('PENDING', 'DELIVERED', 'DEAD');

-- AlterTable
ALTER TABLE "outbox" ADD COLUMN     "xid" BIGINT NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint;

-- CreateTable
CREATE TABLE "webhook_endpoint" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "owner_id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "topics" TEXT[],
    "state" "webhook_endpoint_state" NOT NULL,
    "paused_reason" TEXT,
    "secret_seq" INTEGER NOT NULL,
    "previous_secret_until" TIMESTAMPTZ(3),
    "failing_since" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_endpoint_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "endpoint_id" UUID NOT NULL,
    "outbox_seq" BIGINT NOT NULL,
    "topic" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "state" "webhook_delivery_state" NOT NULL,
    "attempt" INTEGER NOT NULL,
    "next_at" TIMESTAMPTZ(3),
    "give_up_at" TIMESTAMPTZ(3) NOT NULL,
    "response_status" SMALLINT,
    "last_error" TEXT,
    "delivered_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notification" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "outbox_seq" BIGINT,
    "kind" TEXT NOT NULL,
    "errand_id" UUID,
    "params" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "read_at" TIMESTAMPTZ(3),
    "xid" BIGINT NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint,

    CONSTRAINT "notification_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "webhook_endpoint_tenant_id_created_at_id_idx" ON "webhook_endpoint"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_endpoint_tenant_id_id_key" ON "webhook_endpoint"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "webhook_delivery_endpoint_id_created_at_id_idx" ON "webhook_delivery"("endpoint_id", "created_at" DESC, "id");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_delivery_endpoint_id_outbox_seq_key" ON "webhook_delivery"("endpoint_id", "outbox_seq");

-- CreateIndex
CREATE INDEX "notification_user_id_created_at_id_idx" ON "notification"("user_id", "created_at" DESC, "id");

-- CreateIndex
CREATE INDEX "notification_xid_idx" ON "notification"("xid");

-- CreateIndex
CREATE UNIQUE INDEX "notification_outbox_seq_user_id_key" ON "notification"("outbox_seq", "user_id");

-- CreateIndex
CREATE INDEX "outbox_xid_idx" ON "outbox"("xid");

-- AddForeignKey
ALTER TABLE "webhook_endpoint" ADD CONSTRAINT "webhook_endpoint_tenant_id_owner_id_fkey" FOREIGN KEY ("tenant_id", "owner_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_tenant_id_endpoint_id_fkey" FOREIGN KEY ("tenant_id", "endpoint_id") REFERENCES "webhook_endpoint"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notification" ADD CONSTRAINT "notification_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notification" ADD CONSTRAINT "notification_tenant_id_errand_id_fkey" FOREIGN KEY ("tenant_id", "errand_id") REFERENCES "errand"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema cannot say --------------------------------------------------------------------------------------
-- What happened before there were readers is history, not news.
UPDATE outbox SET published_at = created_at WHERE published_at IS NULL;
CREATE INDEX outbox_unpublished ON outbox (seq) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

ALTER TABLE webhook_endpoint ADD CONSTRAINT webhook_endpoint_topics CHECK (cardinality(topics) BETWEEN 1 AND 50);
ALTER TABLE webhook_endpoint ADD CONSTRAINT webhook_endpoint_secret CHECK (secret_seq >= 1 AND (previous_secret_until IS NULL OR secret_seq >= 2));
ALTER TABLE webhook_endpoint ADD CONSTRAINT webhook_endpoint_paused CHECK (paused_reason IS NULL OR state = 'PAUSED');
ALTER TABLE webhook_endpoint ADD CONSTRAINT webhook_endpoint_version CHECK (version >= 1);

ALTER TABLE webhook_delivery ADD CONSTRAINT webhook_delivery_attempt CHECK (attempt >= 0);
-- Whatever waits has a time at which it is looked at again.
ALTER TABLE webhook_delivery ADD CONSTRAINT webhook_delivery_due CHECK ((next_at IS NOT NULL) = (state = 'PENDING'));
ALTER TABLE webhook_delivery ADD CONSTRAINT webhook_delivery_delivered CHECK ((delivered_at IS NOT NULL) >= (state = 'DELIVERED'));
CREATE INDEX webhook_delivery_due_at ON webhook_delivery (endpoint_id, next_at) WHERE state = 'PENDING';
CREATE INDEX webhook_delivery_done ON webhook_delivery (created_at) WHERE state <> 'PENDING';

CREATE INDEX notification_unread ON notification (user_id) WHERE read_at IS NULL;

-- Rows that are written, changed a few times and deleted: vacuum by count, not by share of the table.
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
ALTER TABLE webhook_delivery SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
