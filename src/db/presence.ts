import { connectOrExplain } from './connect.js';

/**
 * How a process keeps what it read: `alone` in its own memory, where nobody else's writes are heard of in time;
 * `shared` where all of them are (Redis), or nowhere.
 */
export type PresenceMode = 'alone' | 'shared';

export interface Presence {
  /** Ends it. May be repeated. */
  leave(): Promise<void>;
}

/** Another process is on the database in a way that does not go together with ours. */
export class PresenceConflict extends Error {
  override readonly name = 'PresenceConflict';
}

export interface PresenceOptions {
  readonly databaseUrl: string;
  readonly mode: PresenceMode;
  /** The connection that holds our place broke: another process may come in. */
  readonly onLost: (error: unknown) => void;
}

const lockKey = 82_117_204;

/**
 * Takes a place among the processes on one database, for as long as it runs (a session advisory lock): one process `alone`,
 * or any number `shared`. A killed process leaves by itself.
 * @throws PresenceConflict when the processes already there do not go together with `mode`
 * @throws DatabaseConnectionError when the database cannot be reached
 */
export async function takePlace({ databaseUrl, mode, onLost }: PresenceOptions): Promise<Presence> {
  const client = await connectOrExplain(databaseUrl);
  let left = false;
  client.on('error', (error) => {
    if (!left) onLost(error);
  });
  const lock = mode === 'alone' ? 'pg_try_advisory_lock' : 'pg_try_advisory_lock_shared';
  const { rows } = await client.query<{ taken: boolean }>(`SELECT ${lock}($1) AS taken`, [lockKey]);
  if (!rows[0]?.taken) {
    await client.end();
    throw new PresenceConflict(conflicts[mode]);
  }
  return {
    async leave() {
      if (left) return;
      left = true;
      await client.end();
    },
  };
}

const conflicts: Readonly<Record<PresenceMode, string>> = {
  alone:
    'Another RunAm process uses this database, and without Redis neither would hear of what the other writes: ' +
    'set the same REDIS_URL for both, or start them with CACHE_ENABLED=False.',
  shared:
    'A RunAm process that caches in its own memory uses this database and would not hear of what this one writes: ' +
    'restart it with the same REDIS_URL as this one, or with CACHE_ENABLED=False.',
};
