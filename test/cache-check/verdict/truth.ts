import { Pool } from 'pg';

/** One committed version of an errand, an escrow or a profile, with the columns that lists go by. */
export interface Row {
  readonly id: string;
  readonly version: number;
  readonly state?: string;
  readonly area?: string;
  readonly customerId?: string;
  readonly runnerId?: string | null;
}

/** What the database showed to a statement: every row in it was committed before that statement ended. */
export interface Floor {
  /** By the clock of the database. */
  readonly atMs: number;
  readonly rows: ReadonlyMap<string, Row>;
}

export interface PastRow extends Row {
  /** The commit, by the clock of the database. */
  readonly committedMs: number;
}

/** The rows that an answer is made of. */
export interface Scope {
  readonly table: 'errand' | 'escrow' | 'user_profile';
  /** A condition with `$1`, `$2` for `values`. */
  readonly where: string;
  readonly values: readonly unknown[];
}

/** A line to the database past every server and proxy: commit points are taken from here and from nowhere else. */
export interface Truth {
  floor(scope: Scope): Promise<Floor>;
  /** Versions from `version` on, in order. What was committed before the call is there. */
  history(id: string, version: number): Promise<readonly PastRow[]>;
  query<R extends object>(sql: string, values?: readonly unknown[]): Promise<readonly R[]>;
  close(): Promise<void>;
}

const columns = {
  errand: `id, version, state::text, area, customer_id AS "customerId", runner_id AS "runnerId"`,
  escrow: `id, version, state::text, customer_id AS "customerId", runner_id AS "runnerId"`,
  user_profile: 'user_id AS id, version',
} as const;

/**
 * Notes every version in the transaction that makes it, so that `pg_xact_commit_timestamp(xmin)` tells when it was
 * committed; and has some commits wait, after their last statement, as they do on a busy disk.
 */
const instruments = `
  CREATE TABLE cache_check_history (id uuid, version int, facts jsonb, PRIMARY KEY (id, version));
  CREATE FUNCTION cache_check_note() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE facts jsonb := to_jsonb(NEW);
    BEGIN
      INSERT INTO cache_check_history VALUES ((facts->>TG_ARGV[0])::uuid, NEW.version, facts) ON CONFLICT DO NOTHING;
      RETURN NULL;
    END $$;
  CREATE FUNCTION cache_check_linger() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF random() < TG_ARGV[0]::float8 THEN PERFORM pg_sleep((TG_ARGV[1]::float8 + random() * TG_ARGV[2]::float8) / 1000); END IF;
      RETURN NULL;
    END $$;`;
const keys = { errand: 'id', escrow: 'id', user_profile: 'user_id' } as const;

/** How many of the commits wait, 0 to 1, and how long. */
export interface SlowCommits {
  /** Only those that write this one; undefined: any. */
  readonly table: Scope['table'] | undefined;
  readonly share: number;
  readonly msMin: number;
  readonly msMax: number;
}

export async function openTruth(databaseUrl: string, slow: SlowCommits): Promise<Truth> {
  const pool = new Pool({ connectionString: databaseUrl, max: 16 });
  let isClosing = false;
  pool.on('error', (error) => {
    // The database may go before the last goodbye has arrived.
    if (!isClosing) throw error;
  });
  const query = async <R extends object>(sql: string, values: readonly unknown[] = []): Promise<readonly R[]> =>
    (await pool.query<R>(sql, [...values])).rows;
  await query(instruments);
  for (const [table, key] of Object.entries(keys)) {
    await query(
      `CREATE TRIGGER cache_check_note AFTER INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION cache_check_note('${key}')`,
    );
    if (slow.table && slow.table !== table) continue;
    await query(`CREATE CONSTRAINT TRIGGER zz_cache_check_linger AFTER INSERT OR UPDATE ON ${table} DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION cache_check_linger('${slow.share}', '${slow.msMin}', '${slow.msMax - slow.msMin}')`);
  }
  return {
    query,
    async floor({ table, where, values }) {
      const [found] = await query<{ rows: readonly Row[] | null; atMs: number }>(
        `SELECT (SELECT json_agg(r) FROM (SELECT ${columns[table]} FROM ${table} WHERE ${where}) r) AS rows,
           extract(epoch FROM clock_timestamp())::float8 * 1000 AS "atMs"`,
        values,
      );
      return { atMs: found?.atMs ?? 0, rows: new Map((found?.rows ?? []).map((row) => [row.id, row])) };
    },
    history: (id, version) =>
      query<PastRow>(
        `SELECT id, version, facts->>'state' AS state, facts->>'area' AS area, facts->>'customer_id' AS "customerId",
           facts->>'runner_id' AS "runnerId", extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 * 1000 AS "committedMs"
         FROM cache_check_history WHERE id = $1 AND version >= $2 ORDER BY version`,
        [id, version],
      ),
    close() {
      isClosing = true;
      return pool.end();
    },
  };
}
