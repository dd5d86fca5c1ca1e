-- DropTable
DROP TABLE "cache_tx";
