import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from 'pg';
import { connectOrExplain, DatabaseConnectionError } from './connect.js';
import { isBrokenConnection, sqlCodeOf, unavailable } from './failures.js';
import { watchedColumns } from './watched.js';

export interface Presence {
  /** Ends it. May be repeated. */
  leave(): Promise<void>;
}

/** Another process is on the database whose cache does not go together with ours. */
export class PresenceConflict extends Error {
  override readonly name = 'PresenceConflict';
}

export interface PresenceOptions {
  readonly databaseUrl: string;
  /**
   * Where this process keeps what it read: `memory` (its own, so it must be the only process), `none`, or the name of a
   * shared store, without its password. Processes go together when they name the same place and it is not `memory`.
   */
  readonly cacheAt: string;
  /** Our place is gone for good: the connection that held it broke, or somebody else came in before it was made again. */
  readonly onLost: (error: unknown) => void;
  /**
   * Makes the connection again when it breaks, however long the database is away, and takes the place again that nobody has
   * taken meanwhile. What is cached then counts as changed, unless a process that goes together with this one had its place all
   * the time. Default: it is lost at once.
   */
  readonly retaking?: {
    readonly onBroken: (error: unknown) => void;
    readonly onTaken: () => void;
  };
}

const retakeEveryMs = 250;
const watchedModels = Object.entries(watchedColumns)
  .filter(([, columns]) => columns.length > 0)
  .map(([model]) => model);

/** Advisory lock keys (class, object): the class is ours, object 0 is the doorkeeper, the others name a cache. */
const lockClass = 82_117_204;
const doorkeeper = 0;

/**
 * Takes a place among the processes on one database, for as long as it runs (a session advisory lock), and refuses when
 * those already there would not hear of what this one writes, or the other way round. A killed process leaves by itself.
 * @throws PresenceConflict saying what to set
 * @throws DatabaseConnectionError when the database cannot be reached
 */
export async function takePlace({ databaseUrl, cacheAt, onLost, retaking }: PresenceOptions): Promise<Presence> {
  const seeker = { databaseUrl, cacheAt, name: `runam place ${randomUUID()}` };
  let left = false;
  let client = await take(seeker, broke, false);
  return {
    async leave() {
      if (left) return;
      left = true;
      await client.end();
    },
  };

  function broke(reason: unknown): void {
    if (left) return;
    if (!retaking) return onLost(reason);
    retaking.onBroken(reason);
    void retake(retaking.onTaken);
  }

  async function retake(onTaken: () => void): Promise<void> {
    try {
      for (;;) {
        await pause(retakeEveryMs, undefined, { ref: false });
        if (left) return;
        const taken = await take(seeker, broke, true).catch(unlessAway);
        if (!taken) continue;
        client = taken;
        return left ? await client.end() : onTaken();
      }
    } catch (error) {
      // Who has left has nothing to lose.
      if (!left) onLost(error);
    }
  }
}

interface Seeker {
  readonly databaseUrl: string;
  readonly cacheAt: string;
  /** Of its connections, and of nobody else's. */
  readonly name: string;
}

/** @param onBroken told when the connection breaks once the place is taken */
async function take(seeker: Seeker, onBroken: (error: unknown) => void, isAgain: boolean): Promise<Client> {
  const client = await connectOrExplain(seeker.databaseUrl);
  let isTaken = false;
  // A database that dies says so, and then the connection breaks: two errors, and one place lost.
  client.on('error', (error) => {
    if (!isTaken) return;
    isTaken = false;
    onBroken(error);
  });
  try {
    await enter(client, seeker, isAgain);
    isTaken = true;
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** SQLSTATE: invalid authorization. */
const refused = /^28/;

/** @throws whatever is no sign of a database that is away for a while */
function unlessAway(error: unknown): undefined {
  const isTurnedAway = error instanceof DatabaseConnectionError && refused.test(sqlCodeOf(error.cause) ?? '');
  const isAway = error instanceof DatabaseConnectionError || isBrokenConnection(error) || unavailable(error);
  if (isTurnedAway || !isAway) throw error;
}

/** One at a time: of two processes that come in at once, the second sees the first. */
async function enter(client: Client, { cacheAt, name }: Seeker, isAgain: boolean): Promise<void> {
  // This session has nothing to say for as long as the process runs.
  await client.query(
    "SELECT set_config('idle_session_timeout', '0', false), set_config('application_name', $1, false)",
    [name],
  );
  await endEarlier(client, name);
  await client.query('SELECT pg_advisory_lock($1, $2)', [lockClass, doorkeeper]);
  const ours = placeOf(cacheAt);
  const { rows } = await client.query<{ place: number }>(
    `SELECT objid::int AS place FROM pg_locks l
     WHERE locktype = 'advisory' AND classid = $1::int::oid AND objid <> $2::int::oid AND objsubid = 2 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = l.pid AND a.application_name = $3)`,
    [lockClass, doorkeeper, name],
  );
  const others = rows.map(({ place }) => place);
  if (others.some((place) => place !== ours) || (cacheAt === 'memory' && others.length > 0)) {
    throw new PresenceConflict(conflictOf(cacheAt, others));
  }
  // Nobody held the place for us: somebody with another cache may have come, written and gone.
  if (isAgain && others.length === 0) {
    await client.query('SELECT note_model_change(model) FROM unnest($1::text[]) AS model', [watchedModels]);
  }
  await client.query('SELECT pg_advisory_lock_shared($1, $2)', [lockClass, ours]);
  await client.query('SELECT pg_advisory_unlock($1, $2)', [lockClass, doorkeeper]);
}

/**
 * Connections of ours that only the database takes to be there, because the network forgot them: their places are nobody's.
 * They are left out of those who are here as well, because they take a moment to end.
 */
async function endEarlier(client: Client, name: string): Promise<void> {
  await client.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()',
    [name],
  );
}

/** 1 to 2^31 - 1, from the name of the cache. */
function placeOf(cacheAt: string): number {
  return (createHash('sha256').update(cacheAt).digest().readUInt32BE() % 0x7fff_fffe) + 1;
}

function conflictOf(cacheAt: string, others: readonly number[]): string {
  const advice =
    'give both the same REDIS_URL and CACHE_KEY_PREFIX (or CACHE_STORE_NAME), or start both with CACHE_ENABLED=False and without Redis.';
  if (cacheAt === 'memory') {
    return `Another RunAm process uses this database, and a cache in this one's own memory would not hear of what it writes: ${advice}`;
  }
  const theirs = others.includes(placeOf('memory')) ? 'in its own memory' : 'in another place';
  return `A RunAm process that caches ${theirs} uses this database and would not hear of what this one writes: ${advice}`;
}
