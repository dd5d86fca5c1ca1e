import { Client } from 'pg';
import { type Server, urlOf } from './server.js';

/** One process's claim on the running server. The server stops with its last holder. */
export interface Hold {
  /** Gives the claim back. Answers true to the last holder: nobody can join any more, and it is the one who stops the server. */
  release(): Promise<boolean>;
  /** Ends the connection that the answer of `release` hangs on. */
  close(): Promise<void>;
}

/** Any number that no other advisory lock in the `postgres` database uses. */
const holdKey = 7_286_041_115;

/**
 * Joins the server. The claim is a shared advisory lock on a connection of its own, so it ends with the process, however
 * that ends. Answers undefined when the last holder is just stopping the server.
 */
export async function holdServer(
  server: Server,
  password: string,
  onLost: (error: Error) => void,
): Promise<Hold | undefined> {
  const client = new Client({
    connectionString: urlOf(server, password, 'postgres'),
    application_name: 'runam holder',
    keepAlive: true,
  });
  let isReleased = false;
  client.on('error', (error) => {
    if (!isReleased) onLost(error);
  });
  await client.connect();
  const ask = async (call: string) =>
    (await client.query<{ done: boolean }>(`SELECT ${call} AS done`, [holdKey])).rows[0]?.done === true;
  if (!(await ask('pg_try_advisory_lock_shared($1)'))) {
    await client.end();
    return undefined;
  }
  return {
    async release() {
      isReleased = true;
      await ask('pg_advisory_unlock_shared($1)');
      return ask('pg_try_advisory_lock($1)');
    },
    close: () => client.end(),
  };
}
