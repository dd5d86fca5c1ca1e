import { Client } from 'pg';
import { expect, vi } from 'vitest';

/** Holds up every COMMIT of a transaction that touched one table: all its statements are done, nothing is committed yet. */
export interface CommitGate {
  shut(): Promise<void>;
  /** Resolves once a COMMIT waits. */
  isWaitedFor(): Promise<void>;
  open(): Promise<void>;
  close(): Promise<void>;
}

const lock = 727_274;

/** @param table whose row triggers run at COMMIT */
export async function buildCommitGate(databaseUrl: string, table: string): Promise<CommitGate> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`
    CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_advisory_xact_lock_shared(${lock}); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER zz_wait_at_commit AFTER INSERT OR UPDATE ON ${table}
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_commit()`);
  const waiting = `SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'`;
  return {
    shut: async () => void (await client.query('SELECT pg_advisory_lock($1)', [lock])),
    async isWaitedFor() {
      const look = async () => expect((await client.query(waiting)).rowCount).toBeGreaterThan(0);
      await vi.waitFor(look, { timeout: 45_000, interval: 5 });
    },
    open: async () => void (await client.query('SELECT pg_advisory_unlock($1)', [lock])),
    close: () => client.end(),
  };
}
