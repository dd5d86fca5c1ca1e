-- What the two parties of an errand say of each other, each without seeing the other's first.

-- CreateTable
CREATE TABLE "review" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "errand_id" UUID NOT NULL,
    "author_id" UUID NOT NULL,
    "subject_id" UUID NOT NULL,
    "stars" SMALLINT NOT NULL,
    "text" TEXT,
    "visible_at" TIMESTAMPTZ(3) NOT NULL,
    "hidden_at" TIMESTAMPTZ(3),
    "hidden_reason" TEXT,
    "version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "review_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "review_errand_id_author_id_key" ON "review"("errand_id", "author_id");

-- CreateIndex
CREATE INDEX "review_subject_id_created_at_id_idx" ON "review"("subject_id", "created_at" DESC, "id");

-- AddForeignKey
ALTER TABLE "review" ADD CONSTRAINT "review_tenant_id_errand_id_fkey" FOREIGN KEY ("tenant_id", "errand_id") REFERENCES "errand"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review" ADD CONSTRAINT "review_tenant_id_author_id_fkey" FOREIGN KEY ("tenant_id", "author_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review" ADD CONSTRAINT "review_tenant_id_subject_id_fkey" FOREIGN KEY ("tenant_id", "subject_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema cannot say --------------------------------------------------------------------------------------
ALTER TABLE review ADD CONSTRAINT review_stars CHECK (stars BETWEEN 1 AND 5);
ALTER TABLE review ADD CONSTRAINT review_text CHECK (length(text) BETWEEN 1 AND 1000);
ALTER TABLE review ADD CONSTRAINT review_version CHECK (version >= 1);
ALTER TABLE review ADD CONSTRAINT review_hidden CHECK ((hidden_at IS NULL) = (hidden_reason IS NULL));

-- What others may have read stays as they read it: a review is changed one version on, before its visible_at, or not at all.
-- Hiding it changes none of these columns.
CREATE FUNCTION review_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'review % is not changed so: it is at version %, visible from %', OLD.id, OLD.version, OLD.visible_at
    USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER review_stays BEFORE UPDATE ON review FOR EACH ROW
  WHEN ((NEW.stars, NEW.text, NEW.visible_at) IS DISTINCT FROM (OLD.stars, OLD.text, OLD.visible_at)
    AND (NEW.version <> OLD.version + 1 OR NEW.updated_at >= OLD.visible_at))
  EXECUTE FUNCTION review_stays();
