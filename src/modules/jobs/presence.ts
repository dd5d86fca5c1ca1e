import { createHash } from 'node:crypto';
import { connectOrExplain } from '../../db/index.js';
import type { Logger } from '../../kernel/index.js';

/**
 * Tells workers that live from those that died. Each holds an advisory lock for as long as its connection lasts, which a
 * killed process, or one whose machine is gone, lets go of by itself; the jobs of whoever holds none are free again.
 */
export interface WorkerPresence {
  /** Takes a worker's place among the living. */
  hold(workerId: string): Promise<void>;
  /** Frees the jobs of dead workers, and takes our own place again when the connection broke. @returns how many died */
  freeDead(): Promise<number>;
  /** Lets go of every place; what a worker of ours still held is free from then on. May be repeated. */
  leave(): Promise<void>;
}

type Client = Awaited<ReturnType<typeof connectOrExplain>>;

/** Advisory lock key (class, worker); the class is ours. */
const lockClass = 82_117_205;

export function createWorkerPresence(databaseUrl: string, logger: Logger): WorkerPresence {
  const held = new Set<string>();
  let connection: Client | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** One after another, because they share a connection. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  async function connected(): Promise<Client> {
    if (connection) return connection;
    const client = await connectOrExplain(databaseUrl);
    client.on('error', (error) => {
      logger.warn({ err: error }, 'the connection that shows that our worker lives broke; it is made again');
      if (connection === client) connection = undefined;
    });
    await client.query('SET idle_session_timeout = 0');
    for (const id of held) await take(client, id);
    connection = client;
    return client;
  }

  return {
    hold: (workerId) =>
      inTurn(async () => {
        if (connection && held.has(workerId)) return;
        held.add(workerId);
        if (connection) await take(connection, workerId);
        else await connected();
      }),
    freeDead: () => inTurn(async () => freeDead(await connected(), [...held])),
    leave: () =>
      inTurn(async () => {
        held.clear();
        const client = connection;
        connection = undefined;
        await client?.end();
      }),
  };
}

async function freeDead(client: Client, living: readonly string[]): Promise<number> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT DISTINCT locked_by AS id FROM graphile_worker.jobs WHERE locked_by IS NOT NULL AND locked_by <> ALL ($1)',
    [living],
  );
  const dead: string[] = [];
  for (const { id } of rows) if (await isDead(client, id)) dead.push(id);
  if (dead.length > 0) await client.query('SELECT graphile_worker.force_unlock_workers($1)', [dead]);
  return dead.length;
}

async function take(client: Client, workerId: string): Promise<void> {
  await client.query('SELECT pg_advisory_lock_shared($1, $2)', [lockClass, placeOf(workerId)]);
}

/** Nobody holds its place: for the length of this statement it can be had alone. */
async function isDead(client: Client, workerId: string): Promise<boolean> {
  const { rows } = await client.query<{ free: boolean }>('SELECT pg_try_advisory_xact_lock($1, $2) AS free', [
    lockClass,
    placeOf(workerId),
  ]);
  return rows[0]?.free ?? false;
}

function placeOf(workerId: string): number {
  return createHash('sha256').update(workerId).digest().readInt32BE();
}
