-- AlterTable
ALTER TABLE "offer" ADD COLUMN     "round" SMALLINT NOT NULL DEFAULT 0;

-- CreateIndex
CREATE UNIQUE INDEX "offer_counter_of_key" ON "offer"("counter_of");

-- Runners name their price in even rounds, customers in odd ones; who named the last waits for the other.
ALTER TABLE offer ADD CONSTRAINT offer_round CHECK (round >= 0 AND (round = 0) = (counter_of IS NULL));
ALTER TABLE offer ADD CONSTRAINT offer_turn CHECK ((state = 'PENDING') <= (round % 2 = 0) AND (state = 'COUNTERED') <= (round % 2 = 1));
